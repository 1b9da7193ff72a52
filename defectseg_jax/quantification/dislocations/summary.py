"""Dislocation density of a mask, by crossings and by length.

What a mask of lines misses, and what is done about it:

  overlap      where lines of a label's width overlap, crossings merge and
               length is drawn once. Lines that lie independently of each other
               leave a fraction 1 - A_A of the image free; crossings are then
               1 - A_A of those there are, and length -A_A / log(1 - A_A) of
               it (the Boolean model, see `overlap`, for lines)
  projection   a line that is inclined looks shorter: `projection_factor`
  invisible    lines with g.b = 0: `unseen_fraction` of the length

The numbers without corrections are the paper's and the textbooks'; those named
`corrected` have all three.
"""

import dataclasses
import math

import numpy as np

from defectseg_jax.quantification import checks, intervals
from defectseg_jax.quantification.densities import (
  NM,
  RANDOM_DIRECTIONS,
  line_density_of_crossings,
  line_density_of_length,
)
from defectseg_jax.quantification.dislocations import line_intercepts, skeletons
from defectseg_jax.quantification.dislocations.detection import (
  LineDetection,
  detection_factor,
)

CONVENTIONS = {
  'density_grid_per_m2': '2 N / (L t), horizontal and vertical test lines',
  'density_random_lines_per_m2': '2 N / (L t), test lines at random',
  'density_length_per_m2': '(4 / pi) l / (A t)',
  'density_projected_length_per_m2': 'l / (A t)',
  'density_grid_corrected_per_m2': (
    'projection_factor (pi / 2) N / (L t) / (1 - A_A) / (1 - unseen_fraction)'
  ),
  'density_length_corrected_per_m2': (
    'projection_factor l / (A t) (-log(1 - A_A) / A_A) / (1 - unseen_fraction)'
  ),
  'density_grid_detected_per_m2': (
    '2 N / (L t) precision / recall, of the lines of a development set'
  ),
  'density_length_detected_per_m2': (
    '(4 / pi) l / (A t) precision / recall, likewise'
  ),
}


@dataclasses.dataclass(frozen=True)
class LineCorrections:
  """What is known of the lines besides the mask.

  Attributes:
    projection_factor: mean of a line's length over its projection.
    projection_uncertainty: of it; relative, standard.
    unseen_fraction: of the length, out of contrast in this image.
    unseen_uncertainty: of it; standard.
  """

  projection_factor: float = RANDOM_DIRECTIONS
  projection_uncertainty: float = 0.0
  unseen_fraction: float = 0.0
  unseen_uncertainty: float = 0.0

  def __post_init__(self):
    """Raises InputError where a number is out of its range."""
    checks.require_positive(self.projection_factor, 'projection_factor')
    checks.require_fraction(self.unseen_fraction, 'unseen_fraction')
    for name in ('projection_uncertainty', 'unseen_uncertainty'):
      checks.require_not_negative(getattr(self, name), name)

  @property
  def factor(self) -> float:
    """Length there is over projected length that is seen."""
    return self.projection_factor / (1 - self.unseen_fraction)

  @property
  def uncertainty(self) -> float:
    """Of the factor; relative, standard."""
    unseen = self.unseen_uncertainty / (1 - self.unseen_fraction)
    return intervals.of_powers((1, self.projection_uncertainty), (1, unseen))


def dislocation_summary(
  mask: np.ndarray,
  *,
  pixel_size_nm: float,
  thickness_nm: float,
  spacing_px: int = 32,
  random_lines: int = 64,
  spur_px: float = 5.0,
  corrections: LineCorrections = LineCorrections(),
  thickness_uncertainty: float = 0.0,
  pixel_size_uncertainty: float = 0.0,
  detection: LineDetection | None = None,
  skeleton: skeletons.Skeleton | None = None,
  seed: int = 0,
) -> dict[str, float]:
  """A row of numbers of one image; `CONVENTIONS` says how each is defined.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    pixel_size_nm: side of a pixel.
    thickness_nm: of the foil.
    spacing_px: of the grid's test lines.
    random_lines: test lines at random.
    spur_px: spurs of the skeleton shorter than this are pruned.
    corrections: of the numbers named so.
    thickness_uncertainty, pixel_size_uncertainty: relative standard
      uncertainties; widen the intervals.
    detection: what the network that made the mask found, missed and invented
      in a development set; without it, nothing is said of the numbers named
      `detected`.
    skeleton: of the mask with these spurs pruned, if it is there already.
    seed: of the random lines and the bootstraps.

  Returns:
    Numbers by name, units in the names; those of densities have a `_low` and a
    `_high` of the 95% interval: test lines, or 8 x 8 parts of the image for
    length, drawn again. NaN: corrected numbers where the mask covers all,
    intervals of a length where there is no line or only one part, and the
    labels' width where there is no line.

  Raises:
    InputError: the mask is none, or a number is out of its range.
  """
  mask = checks.boolean_mask(mask)
  checks.require_positive(pixel_size_nm, 'pixel_size_nm')
  checks.require_positive(thickness_nm, 'thickness_nm')
  foil = (pixel_size_nm, thickness_nm)
  uncertainty = intervals.of_powers(
    (-1, thickness_uncertainty), (-1, pixel_size_uncertainty)
  )
  grid = line_intercepts.grid_crossings(mask, spacing_px=spacing_px)
  random = line_intercepts.random_crossings(mask, lines=random_lines, seed=seed)
  if skeleton is None:
    skeleton = skeletons.line_skeleton(mask, spur_px=spur_px)
  parts_px = skeletons.tile_lengths_px(skeleton, mask.shape)
  length_px, marked_px = float(parts_px.sum()), int(np.count_nonzero(mask))
  width_px = marked_px / length_px if length_px else math.nan
  projected = {
    'density_grid': _of_crossings(grid, *foil, seed),
    'density_random_lines': _of_crossings(random, *foil, seed),
    'density_length': _of_length(parts_px, mask.size, *foil, seed),
  }
  return {
    'area_fraction': marked_px / mask.size,
    'grid_crossings': int(grid.count.sum()),
    'grid_length_nm': float(grid.length_px.sum()) * pixel_size_nm,
    'line_length_nm': length_px * pixel_size_nm,
    'line_width_nm': width_px * pixel_size_nm,
    'projection_factor': float(corrections.projection_factor),
    'unseen_fraction': float(corrections.unseen_fraction),
    **_densities(projected, marked_px / mask.size, corrections, uncertainty),
    **_detected(projected, detection, uncertainty, seed),
  }


def crossings_overlap_factor(covered: float) -> float:
  """1 / (1 - A_A): crossings there are, over runs on a test line."""
  return 1 / (1 - covered) if covered < 1 else math.nan


def length_overlap_factor(covered: float) -> float:
  """-log(1 - A_A) / A_A: length there is, over length of the union."""
  if covered == 0:
    return 1.0
  return -math.log1p(-covered) / covered if covered < 1 else math.nan


def _densities(projected, covered, corrections, uncertainty):
  """Every definition, of projected densities with their intervals."""
  grid, random, length = projected.values()
  whole = math.hypot(uncertainty, corrections.uncertainty)
  of_grid = corrections.factor * crossings_overlap_factor(covered)
  of_length = corrections.factor * length_overlap_factor(covered)
  return {
    **_row('density_grid', grid, RANDOM_DIRECTIONS, uncertainty),
    **_row('density_random_lines', random, RANDOM_DIRECTIONS, uncertainty),
    **_row('density_length', length, RANDOM_DIRECTIONS, uncertainty),
    **_row('density_projected_length', length, 1.0, uncertainty),
    **_row('density_grid_corrected', grid, of_grid, whole),
    **_row('density_length_corrected', length, of_length, whole),
  }


def _detected(projected, detection, uncertainty, seed):
  if detection is None:
    return {}
  factor, of_factor = detection_factor(detection, seed=seed)
  rows = {}
  for name in ('density_grid', 'density_length'):
    value, interval = projected[name]
    found = (
      value * factor,
      intervals.of_product(value, interval, factor, of_factor),
    )
    rows |= _row(f'{name}_detected', found, RANDOM_DIRECTIONS, uncertainty)
  return rows


def _row(name, found, factor, uncertainty):
  value, interval = found
  value, interval = value * factor, interval.scaled(factor)
  return intervals.with_interval(
    f'{name}_per_m2', value, intervals.propagate(value, interval, uncertainty)
  )


def _of_crossings(found, pixel_size_nm, thickness_nm, seed):
  """The density that the projected length has, and its interval."""
  per_px = line_density_of_crossings(
    1.0,
    test_length_m=pixel_size_nm * NM,
    thickness_m=thickness_nm * NM,
    projection_factor=1.0,
  )
  count, length_px = int(found.count.sum()), float(found.length_px.sum())
  if count == 0:
    # Nothing crossed tells of an upper limit, which no bootstrap sees.
    interval = intervals.poisson_interval(0).scaled(1 / length_px)
  else:
    interval = intervals.bootstrap_interval(
      np.stack([found.count, found.length_px], axis=1),
      lambda means: means[:, 0] / means[:, 1],
      seed=seed,
    )
  return per_px * count / length_px, interval.scaled(per_px)


def _of_length(parts_px, pixels, pixel_size_nm, thickness_nm, seed):
  """The same, from the length in each part of the image."""
  pixel_m = pixel_size_nm * NM
  per_px = line_density_of_length(
    pixel_m,
    area_m2=pixels * pixel_m**2,
    thickness_m=thickness_nm * NM,
    projection_factor=1.0,
  )
  length_px = float(parts_px.sum())
  if length_px == 0:
    return 0.0, intervals.UNKNOWN
  interval = intervals.bootstrap_interval(parts_px, seed=seed)
  return per_px * length_px, interval.scaled(per_px * len(parts_px))
