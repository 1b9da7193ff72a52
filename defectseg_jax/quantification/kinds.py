"""What kind of objects a defect's are: particles or lines.

Whatever differs between the two stands here, so that no other module compares
names of defects.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from defectseg_jax.quantification import surfaces
from defectseg_jax.quantification.development import (
  DevelopmentDetection,
  line_f1,
  match_line_masks,
  match_particle_masks,
  particle_f1,
)
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.dislocations.measure_mask import (
  measure_line_mask,
)
from defectseg_jax.quantification.dislocations.summary import (
  CONVENTIONS as LINE_CONVENTIONS,
)
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.particles.measure_mask import (
  measure_particle_mask,
)
from defectseg_jax.quantification.particles.missed_sizes import (
  CONVENTIONS as MISSED_CONVENTIONS,
)
from defectseg_jax.quantification.particles.summary import (
  CONVENTIONS as PARTICLE_CONVENTIONS,
)
from defectseg_jax.quantification.settings import QuantificationSettings

_LINES_IN_PIXELS = (
  'area_fraction',
  'line_length_px',
  'line_length_per_area_per_m',
)
_PARTICLES_IN_PIXELS = (
  'count',
  'area_fraction',
  'diameter_mean_px',
  'number_per_area_per_m2',
)


@dataclasses.dataclass(frozen=True)
class Kind:
  """How the objects of a defect are measured, counted and shown.

  Attributes:
    defect: as the user named it.
    headlines: the numbers of a summary that go into a paper.
    pixel_headlines: what can be said of an image whose scale, or whose foil's
      thickness, is not known.
    conventions: how the numbers of a summary are defined, by name.
    sizes_noun: what the title of the histogram of sizes says.
    sizes_label: of the axis of that histogram, with the unit.
    has_test_lines: whether test lines are laid over the image.
    area_exponent: of an object's area in the review: by volume, 1.5, or by
      length, 1.
    object_settings: the settings that change which objects there are.
    detection_class: of what a development set says.
    measure_mask: measures one mask; arguments as of `measure`.
    match_masks: matches predictions with truths under some settings.
    f1: of a prediction against a truth, under some settings.
  """

  defect: str
  headlines: tuple[str, ...]
  pixel_headlines: tuple[str, ...]
  conventions: Mapping[str, str]
  sizes_noun: str
  sizes_label: str
  has_test_lines: bool
  area_exponent: float
  object_settings: tuple[str, ...]
  detection_class: type[Detection] | type[LineDetection]
  measure_mask: Callable[..., Measurement]
  match_masks: Callable[..., DevelopmentDetection[Any]]
  f1: Callable[[np.ndarray, np.ndarray, QuantificationSettings], float]

  @property
  def sizes_label_px(self) -> str:
    """Of that axis where the scale is not known."""
    return self.sizes_label.replace('(nm)', '(px)')


def kind_of(defect: str, *, surface: bool = False) -> Kind:
  """How a defect is measured: 'dislocations' as lines, all else as particles.

  Args:
    defect: what the masks show.
    surface: whether it is seen on a surface, and not in a foil.

  Examples:
    >>> kind_of('voids').has_test_lines
    False
    >>> kind_of('dislocations').sizes_noun
    'crossings'
  """
  return (
    _on_surface(_kind_in_foil(defect)) if surface else _kind_in_foil(defect)
  )


def _kind_in_foil(defect: str) -> Kind:
  if defect == 'dislocations':
    return Kind(
      defect=defect,
      headlines=(
        'density_grid_per_m2',
        'density_length_per_m2',
        'density_grid_corrected_per_m2',
        'density_length_corrected_per_m2',
      ),
      pixel_headlines=_LINES_IN_PIXELS,
      conventions=LINE_CONVENTIONS,
      sizes_noun='crossings',
      sizes_label='distance between crossings along test lines (nm)',
      has_test_lines=True,
      area_exponent=1.0,
      object_settings=('spur_px',),
      detection_class=LineDetection,
      measure_mask=measure_line_mask,
      match_masks=match_line_masks,
      f1=line_f1,
    )
  return Kind(
    defect=defect,
    headlines=(
      'number_density_per_m3',
      'number_density_corrected_per_m3',
      'diameter_mean_nm',
      'diameter_std_nm',
      'volume_fraction',
      # Precipitates take the place of metal, and do not swell it.
      *(('swelling',) if defect != 'precipitates' else ()),
    ),
    pixel_headlines=_PARTICLES_IN_PIXELS,
    conventions={**PARTICLE_CONVENTIONS, **MISSED_CONVENTIONS},
    sizes_noun=defect,
    sizes_label='diameter of the circle of the same area (nm)',
    has_test_lines=False,
    area_exponent=1.5,
    object_settings=(
      'connectivity',
      'minimum_area_px',
      'fill_holes',
      'separate',
    ),
    detection_class=Detection,
    measure_mask=measure_particle_mask,
    match_masks=match_particle_masks,
    f1=particle_f1,
  )


def _on_surface(kind: Kind) -> Kind:
  lines = kind.has_test_lines
  headlines = surfaces.LINE_HEADLINES if lines else surfaces.PARTICLE_HEADLINES
  return dataclasses.replace(
    kind,
    headlines=headlines,
    measure_mask=functools.partial(
      surfaces.measure_on_surface, kind.measure_mask
    ),
    pixel_headlines=tuple(
      name for name in kind.pixel_headlines if name not in headlines
    ),
    conventions=surfaces.LINE_CONVENTIONS
    if lines
    else surfaces.PARTICLE_CONVENTIONS,
  )
