"""A trained run, as those who use its network need it."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from defectseg_jax.applicability.references import Reference
from defectseg_jax.applicability.verdict import Judge
from defectseg_jax.micrographs.filling import box_around, fill_beside
from defectseg_jax.micrographs.inspection import inspect_micrograph
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.prediction.merging import Merged
from defectseg_jax.prediction.outlines import take_outlines
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.prediction.sure_regions import Hysteresis
from defectseg_jax.prediction.view import View, create_view
from defectseg_jax.prediction.whole_image import find_objects
from defectseg_jax.quantification import (
  Detection,
  LineDetection,
  MeasurementSettings,
)
from defectseg_jax.quantification.checks import require_positive
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.prediction import Prediction
from defectseg_jax.runs.second_look import signs_of
from defectseg_jax.runs.settings import RunSettings
from defectseg_jax.training.checksums import unverified_text
from defectseg_jax.training.progress import Progress


@dataclasses.dataclass(frozen=True, repr=False)
class Run:
  """The network of a run's best epoch, and how it is used.

  Attributes:
    path: folder of the run, or file of the network.
    origin: where the network comes from, in words.
    settings: of the run; those of `quantification` have the smallest particle
      that the development set asks for.
    progress: of the run: its best epoch and its threshold.
    detection: true positives, false negatives and false positives of the
      development set.
    by_size: the same for each size of particles; None where it is not known,
      and of lines.
    least_peak: probability that a region must reach somewhere; 0 where it need
      not.
    provenance: how the run was made; None of a run of version 0.1.0.
    orientations: 1, or 8 for test-time augmentation.
    engine: name and version of what computes it.
    identity: changes with the weights and with how they are applied.
    probabilities: `probabilities(pixels, valid=None, **more)`, from a
      micrograph that is not preprocessed, [H, W], and where it shows specimen,
      to probabilities, float32 [H, W]; `more` goes to
      `prediction.tiles.probability_map`.
    release: gives back the memory that `probabilities` needs, until it is
      called again.
    seen: sizes that the network knows; they tell at which scales it looks.
    references: how it does where the truth is known; none where nobody made
      any, and then nothing is known of whether it applies to an image.
    reference_identity: of the network that references are of: identity without
      test-time augmentation.
  """

  path: pathlib.Path
  origin: str
  settings: RunSettings
  progress: Progress
  detection: Detection | LineDetection
  by_size: DetectionBySize | None
  least_peak: float
  provenance: Provenance | None
  orientations: int
  engine: str
  identity: str
  probabilities: Callable[..., np.ndarray]
  release: Callable[[], None]
  seen: SeenSizes
  references: tuple[Reference, ...] = ()
  reference_identity: str = ''

  def __repr__(self) -> str:
    best = self.progress.best()
    return (
      f'Run({str(self.path)!r}: {self.settings.defect}, '
      f'{self.settings.model.name}, epoch {best.epoch}, development IU '
      f'{best.iu:.3f} at threshold {best.threshold:.3f})'
    )

  @property
  def threshold(self) -> float:
    """Probability from which a pixel is taken for defect."""
    return self.progress.best().threshold

  @property
  def caution(self) -> str:
    """What cannot be told of its weights, in one line; '' for nothing."""
    return unverified_text(self.path)

  @property
  def limits(self) -> Hysteresis:
    """What makes a mask of probabilities."""
    return Hysteresis(self.threshold, self.least_peak)

  @property
  def measurement_settings(self) -> MeasurementSettings:
    """How the run measures masks, its own or corrected ones."""
    return MeasurementSettings(
      self.settings.defect,
      self.settings.quantification,
      self.detection,
      self.by_size,
      seed=self.settings.seed,
      properties=self.settings.properties,
    )

  @functools.cached_property
  def judge(self) -> Judge | None:
    """Tells whether it applies to an image; None without references."""
    return Judge(self.references) if self.references else None

  def signs(
    self,
    view: View,
    found: Merged,
  ) -> dict[str, float]:
    """What can be seen of how well it does on an image.

    Args:
      view: of the image.
      found: in the view, with the mask that is measured.
    """
    pixels, valid = view.pixels, view.valid
    if valid is not None:
      box = box_around(valid)
      pixels = fill_beside(pixels[box], valid[box])
      found = found._replace(
        mask=found.mask[box], probabilities=found.probabilities[box]
      )
    return signs_of(
      self.look, pixels, found, view.zooms, threshold=self.threshold
    )

  def look(
    self,
    pixels: np.ndarray,
    zooms: Sequence[float],
    *,
    valid: np.ndarray | None = None,
    on_tiles: Callable[[int, int], None] = lambda done, count: None,
  ) -> Merged:
    """Takes an image through the network at one or several scales.

    Args:
      pixels: [H, W], of an `Inspection`.
      zooms: from `choose_zooms`.
      valid: bool [H, W], True on specimen; None where all is.
      on_tiles: called with what is done, and how much there is.

    Returns:
      The mask, the probabilities, and the scales that they are taken from.
      Regions of which the network is nowhere sure are not in the mask, and
      beside the specimen there are neither mask nor probabilities.
    """
    return find_objects(
      pixels,
      self.probabilities,
      zooms,
      self.limits,
      diameter_px=self.seen.diameter_px,
      minimum_area_px=self.settings.quantification.minimum_area_px,
      valid=valid,
      on_tiles=on_tiles,
    )

  def look_and_trust(
    self,
    view: View,
    *,
    on_tiles: Callable[[int, int], None] = lambda done, count: None,
  ) -> Merged:
    """As `look`, with what is measured alone in the mask: no specks."""
    found = self.look(
      view.pixels, view.zooms, valid=view.valid, on_tiles=on_tiles
    )
    return self._without_specks(found, view.valid)

  def at_image(
    self, view: View, found: Merged, valid: np.ndarray | None
  ) -> Merged:
    """What `look_and_trust` found in a view, at the pixels of the image.

    Where an image was interpolated, which objects there are is told by the
    pixels that it was made from, and their outlines by a second look at means
    of the image, that are smoother.

    Args:
      view: of the image.
      found: in the view.
      valid: bool [H, W], True on specimen of the image; None where all is.
    """
    if view.enlargement is None:
      return found
    if view.means is not None:
      smooth = self.look(view.means, view.zooms, valid=view.valid)
      smooth = self._without_specks(smooth, view.valid)
      found = take_outlines(found, smooth)
    found = view.at_image(found, self.threshold)
    if valid is not None:
      probabilities = np.where(valid, found.probabilities, 0)
      found = found._replace(probabilities=probabilities)
    return self._without_specks(found, valid)

  def _without_specks(self, found: Merged, valid: np.ndarray | None) -> Merged:
    settings = self.measurement_settings.at_zooms(found.zooms)
    return found._replace(mask=settings.trusted(found.mask, valid=valid))

  def predict(
    self,
    micrograph: Micrograph,
    *,
    thickness_nm: float | None = None,
    pixel_size_nm: float | None = None,
    object_diameter_nm: float | None = None,
    valid: np.ndarray | None = None,
    find_specimen: bool = True,
    replace_outliers: bool = True,
  ) -> Prediction:
    """Looks for defects in one micrograph.

    Args:
      micrograph: of any size, as `read_micrograph` gives it; preprocessing is
        the run's own.
      thickness_nm: of the foil; None if the micrograph knows it, or if nothing
        is to be measured.
      pixel_size_nm: side of a pixel; None for the micrograph's own.
      object_diameter_nm: about how large the objects are, where the network has
        seen all kinds of scales; None to try several.
      valid: bool [H, W], True on specimen; None to find it.
      find_specimen, replace_outliers: as of `inspect_micrograph`.

    Returns:
      Probabilities and mask; `measure()` turns them into numbers.

    Raises:
      InputError: a length, `valid`, or `object_diameter_nm` for this network.
    """
    if object_diameter_nm is not None:
      require_positive(object_diameter_nm, 'object_diameter_nm')
    lengths = {'thickness_nm': thickness_nm, 'pixel_size_nm': pixel_size_nm}
    micrograph = dataclasses.replace(
      micrograph, **{k: v for k, v in lengths.items() if v is not None}
    )
    inspection = inspect_micrograph(
      micrograph, valid=valid, find=find_specimen, replace=replace_outliers
    )
    view = create_view(
      inspection.pixels,
      inspection.valid,
      self.seen,
      pixel_size_nm=micrograph.pixel_size_nm,
      object_diameter_nm=object_diameter_nm,
    )
    inspection = inspection.with_remarks(view.remarks)
    found = self.look_and_trust(view)
    verdict = self.judge and self.judge.judge(self.signs(view, found))
    found = self.at_image(view, found, inspection.valid)
    return Prediction(
      micrograph,
      found.mask,
      found.probabilities,
      self.threshold,
      self.measurement_settings.at_zooms(found.zooms),
      found.zooms,
      verdict,
      inspection,
    )
