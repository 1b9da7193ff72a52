"""The front door: one mask to the numbers of its foil."""

import dataclasses
import difflib
import math
from collections.abc import Sequence

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.kinds import Kind, kind_of
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.particles.components import (
  areas_px,
  label_holes,
  label_regions,
)
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.quantification.particles.missed_sizes import (
  with_missed_sizes,
)
from defectseg_jax.quantification.properties.of_numbers import property_names
from defectseg_jax.quantification.properties.settings import (
  NO_PROPERTIES,
  PropertySettings,
)
from defectseg_jax.quantification.settings import QuantificationSettings

_LINES = 'dislocations'


def measure(
  mask: np.ndarray,
  defect: str,
  *,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  image: np.ndarray | None = None,
  settings: QuantificationSettings = QuantificationSettings(),
  detection: Detection | LineDetection | None = None,
  seed: int = 0,
  ids: np.ndarray | None = None,
  valid: np.ndarray | None = None,
  surface: bool = False,
) -> Measurement:
  """Measures the defects of one mask.

  Args:
    mask: [H, W]; bool, or numbers that are 0 in the background and one of 1,
      255, 65535 on defects.
    defect: what is drawn in it. 'dislocations' are measured as lines, anything
      else as particles.
    pixel_size_nm: side of a pixel; None makes what needs it NaN.
    thickness_nm: of the foil; likewise.
    image: [H, W], the micrograph, for the mean intensity of each particle.
    settings: how to measure.
    detection: how well the network that drew the mask detects objects, on its
      development set; adds the numbers `detected`, corrected for it.
    seed: of bootstraps and random test lines.
    ids: whole numbers [H, W], the particle at each pixel of the mask; None
      takes what is connected for one. Lines that touch are one all the same.
    valid: bool [H, W], True on specimen, which all numbers are of; None: all.
    surface: whether the image shows a surface (SEM), which has no thickness.

  Returns:
    Numbers of the image, a table of its objects, and warnings.

  Raises:
    InputError: an argument is of another kind, or out of its range.

  Examples:
    Two squares of 10 x 10 pixels of 1 nm, in an image of 100 x 100 pixels and
    a foil of 100 nm: 2 particles in 1e6 nm3, or 2e21 per m3.

    >>> mask = np.zeros((100, 100), bool)
    >>> mask[20:30, 20:30] = mask[60:70, 60:70] = True
    >>> found = measure(mask, 'voids', pixel_size_nm=1.0, thickness_nm=100.0)
    >>> print(f'{found.summary["number_density_per_m3"]:.3g}')
    2e+21
  """
  return _kind_for(defect, detection, surface).measure_mask(
    np.asarray(mask),
    image=None if image is None else np.asarray(image),
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
    settings=settings,
    detection=detection,
    seed=seed,
    ids=ids,
    valid=valid,
  )


@dataclasses.dataclass(frozen=True)
class MeasurementSettings:
  """How all masks of one network, or of one session, are measured.

  Attributes:
    defect: what the masks show.
    quantification: how to measure.
    detection: true positives, false negatives and false positives of the
      network on its development set; None where they are not known.
    by_size: the same for each size of particles; None likewise, and of lines.
    seed: of bootstraps and random test lines.
    surface: whether images show a surface, and no foil.
    properties: constants of the alloy.
  """

  defect: str
  quantification: QuantificationSettings = QuantificationSettings()
  detection: Detection | LineDetection | None = None
  by_size: DetectionBySize | None = None
  seed: int = 0
  surface: bool = False
  properties: PropertySettings = NO_PROPERTIES

  @property
  def kind(self) -> Kind:
    """How the objects are measured and shown."""
    return kind_of(self.defect, surface=self.surface)

  @property
  def property_names(self) -> tuple[str, ...]:
    """The properties that are asked for; none of a surface."""
    if self.surface:
      return ()
    return property_names(self.defect, self.properties)

  def measure(
    self,
    mask: np.ndarray,
    *,
    pixel_size_nm: float | None,
    thickness_nm: float | None,
    image: np.ndarray | None = None,
    ids: np.ndarray | None = None,
    valid: np.ndarray | None = None,
  ) -> Measurement:
    """Measures one of them; see `measure`.

    Where a network's detection is known, with what it misses of each size.
    """
    found = measure(
      mask,
      self.defect,
      pixel_size_nm=pixel_size_nm,
      thickness_nm=thickness_nm,
      image=image,
      settings=self.quantification,
      detection=self.detection,
      seed=self.seed,
      ids=ids,
      valid=valid,
      surface=self.surface,
    )
    if not isinstance(self.detection, Detection):
      return found
    return with_missed_sizes(
      found,
      self.by_size,
      pixel_size_nm=pixel_size_nm,
      pixel_size_uncertainty=self.quantification.pixel_size_uncertainty,
    )

  def at_zooms(self, zooms: Sequence[float]) -> 'MeasurementSettings':
    """The settings for an image that a network saw at other scales.

    Args:
      zooms: pixels of the network for each of the image; none where it found
        nothing. The smallest particle is of the network's pixels: at the
        finest scale it has the fewest pixels of the image.
    """
    finest = max(zooms, default=1.0)
    return dataclasses.replace(
      self,
      quantification=self.quantification.at_zoom(finest),
      by_size=self.by_size and self.by_size.at_zooms(zooms),
    )

  def with_own(
    self, *, pixel_size_uncertainty: float, thickness_uncertainty: float
  ) -> 'MeasurementSettings':
    """The settings for an image whose own scale or thickness is uncertain, too.

    Args:
      pixel_size_uncertainty, thickness_uncertainty: relative standard
        uncertainties of this image alone. They are independent of those that
        all images share, and are added to them in quadrature.

    Raises:
      InputError: together they are 1 or more.

    Examples:
      >>> shared = QuantificationSettings(thickness_uncertainty=0.04)
      >>> one = MeasurementSettings('voids', shared).with_own(
      ...   pixel_size_uncertainty=0.0, thickness_uncertainty=0.03
      ... )
      >>> print(f'{one.quantification.thickness_uncertainty:.2f}')
      0.05
    """
    shared = self.quantification
    both = dataclasses.replace(
      shared,
      pixel_size_uncertainty=math.hypot(
        shared.pixel_size_uncertainty, pixel_size_uncertainty
      ),
      thickness_uncertainty=math.hypot(
        shared.thickness_uncertainty, thickness_uncertainty
      ),
    )
    return dataclasses.replace(self, quantification=both)

  def by_hand(self) -> 'MeasurementSettings':
    """The settings for a mask that a person drew or corrected.

    What the network can be trusted with says nothing of it: it has no smallest
    particle, and no network's detection.
    """
    every = dataclasses.replace(self.quantification, minimum_area_px=0)
    return dataclasses.replace(
      self, quantification=every, detection=None, by_size=None
    )

  def trusted(
    self, mask: np.ndarray, *, valid: np.ndarray | None = None
  ) -> np.ndarray:
    """What is measured of a network's mask, so that it shows nothing else.

    Args:
      mask: bool [H, W].
      valid: bool [H, W], True on specimen; None where all is.

    Returns:
      bool [H, W]: without particles that are smaller than the smallest, and
      with holes filled that are as small, or all where that is asked for. Lines
      are as they were.

    Examples:
      >>> mask = np.array([[1, 1, 1, 0, 1]], bool)
      >>> smallest = QuantificationSettings(minimum_area_px=2)
      >>> MeasurementSettings('voids', smallest).trusted(mask).astype(int)
      array([[1, 1, 1, 0, 0]])
    """
    if valid is not None:
      # A gap may be taken for the hole of a particle, and filled.
      return self.trusted(mask & valid) & valid
    if kind_of(self.defect).has_test_lines:
      return mask
    # Its numbers are not kept: of a large image they are a GiB.
    trusted = (
      label_regions(
        mask,
        connectivity=self.quantification.connectivity,
        minimum_area_px=self.quantification.minimum_area_px,
        fill_holes=self.quantification.fill_holes,
        separate=self.quantification.separate,
      )[0]
      > 0
    )
    holes, count = label_holes(trusted)
    small = areas_px(holes, count) < self.quantification.minimum_area_px
    small[0] = False
    return trusted | small[holes]


def _kind_for(
  defect: str, detection: Detection | LineDetection | None, surface: bool
) -> Kind:
  """The defect's kind; raises InputError for arguments of another kind."""
  if not isinstance(defect, str):
    raise InputError(
      f'defect: is of type {type(defect).__name__}; give the mask first, then '
      "the defect's name, such as 'voids'"
    )
  # Of a slip of the pen, the lines would be counted as particles.
  near = difflib.get_close_matches(defect.casefold(), [_LINES], cutoff=0.9)
  if near and defect != _LINES:
    raise InputError(
      f'defect={defect}: is not the name of lines, and would be measured as '
      f'particles; did you mean {_LINES}?'
    )
  kind = kind_of(defect, surface=surface)
  if detection is not None and not isinstance(detection, kind.detection_class):
    raise InputError(
      f'detection: is a {type(detection).__name__}; give a '
      f'{kind.detection_class.__name__} for {defect}'
    )
  return kind
