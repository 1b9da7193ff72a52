"""Numbers of an image of dislocations: density by crossings and by length.

Numbers without corrections are those of the paper and the textbooks. Numbers
named `corrected` have all `corrections`.
"""

import dataclasses
import math
from typing import Any, Self

import numpy as np

from defectseg_jax.quantification import checks, intervals
from defectseg_jax.quantification.densities import (
  NM,
  RANDOM_DIRECTIONS,
  line_density_of_crossings,
  line_density_of_length,
)
from defectseg_jax.quantification.dislocations import line_intercepts, skeletons
from defectseg_jax.quantification.dislocations.corrections import (
  LineCorrections,
  crossings_overlap_factor,
  length_overlap_factor,
)
from defectseg_jax.quantification.dislocations.detection import (
  LineDetection,
  detection_factor,
)
from defectseg_jax.quantification.dislocations.random_lines import (
  random_crossings,
)

CONVENTIONS = {
  'area_fraction': 'part of the image that lines cover as they are drawn',
  'line_length_px': 'length of the skeletons of all lines, in pixels',
  'line_length_per_area_per_m': (
    'l / A: l length of the lines in an image of area A'
  ),
  'density_grid_per_m2': (
    '2 N / (L t): N crossings with horizontal and vertical test lines of total '
    'length L, in a foil of thickness t'
  ),
  'density_random_lines_per_m2': (
    '2 N / (L t): N crossings with straight test lines at random places and in '
    'random directions'
  ),
  'density_length_per_m2': (
    '(4 / pi) l / (A t): l length of the lines in an image of area A, in a '
    'foil of thickness t'
  ),
  'density_projected_length_per_m2': (
    'l / (A t): l length of the lines in the image'
  ),
  'density_grid_corrected_per_m2': (
    'projection_factor * (pi / 2) N / (L t) / (1 - A_A) / (1 - '
    'unseen_fraction): A_A part of the image that lines cover'
  ),
  'density_length_corrected_per_m2': (
    'projection_factor * l / (A t) * (-log(1 - A_A) / A_A) / (1 - '
    'unseen_fraction): A_A part of the image that lines cover'
  ),
  'density_grid_detected_per_m2': (
    '2 N / (L t) * precision / recall: precision and recall of lengths on the '
    'development set'
  ),
  'density_length_detected_per_m2': (
    '(4 / pi) l / (A t) * precision / recall: precision and recall of lengths '
    'on the development set'
  ),
}

# A density of the projected length, and its interval.
_Density = tuple[float, intervals.Interval]


@dataclasses.dataclass(frozen=True)
class _Foil:
  """Lengths are NaN where they are not known."""

  pixel_size_nm: float
  thickness_nm: float

  @classmethod
  def of(cls, pixel_size_nm: float | None, thickness_nm: float | None) -> Self:
    """None is what is not known."""
    return cls(
      checks.length_or_nan(pixel_size_nm, 'pixel_size_nm'),
      checks.length_or_nan(thickness_nm, 'thickness_nm'),
    )

  @property
  def is_known(self) -> bool:
    """Whether densities can be given."""
    return not math.isnan(self.pixel_size_nm * self.thickness_nm)


def dislocation_summary(
  mask: np.ndarray,
  *,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  spacing_px: int = 32,
  random_lines: int = 64,
  spur_px: float = 5.0,
  corrections: LineCorrections = LineCorrections(),
  thickness_uncertainty: float = 0.0,
  pixel_size_uncertainty: float = 0.0,
  detection: LineDetection | None = None,
  skeleton: skeletons.Skeleton | None = None,
  random: line_intercepts.Crossings | None = None,
  seed: int = 0,
  valid: np.ndarray | None = None,
) -> dict[str, float]:
  """Numbers of one image; `CONVENTIONS` says how each is defined.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    pixel_size_nm, thickness_nm: None where they are not known.
    spacing_px, random_lines, spur_px: as of `QuantificationSettings`.
    corrections: for the numbers named `corrected`.
    thickness_uncertainty, pixel_size_uncertainty: relative; widen intervals.
    detection: of the network, on its development set; adds numbers `detected`.
    skeleton, random: of the mask, pruned; crossings with random lines; or None.
    seed: of the random lines and the bootstraps.
    valid: bool [H, W], True on specimen; nothing else is marked. None: all.

  Returns:
    Numbers by name; `_low` and `_high` are the ends of a 95% interval. NaN:
    corrected numbers if the mask covers everything; without a line, the labels'
    width and the intervals of lengths; and what `why_missing` names.

  Raises:
    InputError: the mask is not a mask, or a number is out of its range.
  """
  mask = checks.boolean_mask(mask)
  foil = _Foil.of(pixel_size_nm, thickness_nm)
  skeleton = skeleton or skeletons.line_skeleton(mask, spur_px=spur_px)
  where: dict[str, Any] = {'mask': mask, 'valid': valid}
  grid = line_intercepts.grid_crossings(**where, spacing_px=spacing_px)
  random = random or random_crossings(**where, lines=random_lines, seed=seed)
  parts_px = skeletons.tile_lengths_px(skeleton, mask.shape)
  projected = _projected(grid, random, parts_px, foil, seed, **where)
  covered = int(np.count_nonzero(mask)) / _area_px(**where)
  uncertainty = intervals.product_uncertainty(
    (-1, thickness_uncertainty), (-1, pixel_size_uncertainty)
  )
  return {
    **_lengths(mask, grid, parts_px, foil.pixel_size_nm, _area_px(**where)),
    'projection_factor': float(corrections.projection_factor),
    'unseen_fraction': float(corrections.unseen_fraction),
    **_densities(projected, covered, corrections, uncertainty),
    **_detected_densities(projected, detection, uncertainty, seed),
  }


def _projected(
  grid: line_intercepts.Crossings,
  random: line_intercepts.Crossings,
  parts_px: np.ndarray,
  foil: _Foil,
  seed: int,
  **where: Any,
) -> dict[str, _Density]:
  """Densities of the projected length, by the three ways to measure it."""
  return {
    'density_grid': _density_of_crossings(grid, foil, seed),
    'density_random_lines': _density_of_crossings(random, foil, seed),
    'density_length': _density_of_length(parts_px, foil, seed, **where),
  }


def _area_px(mask: np.ndarray, valid: np.ndarray | None) -> int:
  return mask.size if valid is None else int(np.count_nonzero(valid))


def _lengths(
  mask: np.ndarray,
  grid: line_intercepts.Crossings,
  parts_px: np.ndarray,
  pixel_size_nm: float,
  area_px: int,
) -> dict[str, float]:
  """What is counted and measured in the image, without the foil."""
  length_px, marked_px = float(parts_px.sum()), int(np.count_nonzero(mask))
  width_px = marked_px / length_px if length_px else math.nan
  return {
    'area_fraction': marked_px / area_px,
    'grid_crossings': int(grid.count.sum()),
    'grid_length_nm': float(grid.length_px.sum()) * pixel_size_nm,
    'line_length_px': length_px,
    'line_length_nm': length_px * pixel_size_nm,
    'line_length_per_area_per_m': length_px / area_px / (pixel_size_nm * NM),
    'line_width_nm': width_px * pixel_size_nm,
  }


def _densities(
  projected: dict[str, _Density],
  covered: float,
  corrections: LineCorrections,
  uncertainty: float,
) -> dict[str, float]:
  """The densities of every definition, from those of the projected length."""
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


def _detected_densities(
  projected: dict[str, _Density],
  detection: LineDetection | None,
  uncertainty: float,
  seed: int,
) -> dict[str, float]:
  """The densities corrected for the network; nothing without a detection."""
  if detection is None:
    return {}
  factor, of_factor = detection_factor(detection, seed=seed)
  rows = {}
  for name in ('density_grid', 'density_length'):
    value, interval = projected[name]
    density = (
      value * factor,
      intervals.product_interval(value, interval, factor, of_factor),
    )
    rows |= _row(f'{name}_detected', density, RANDOM_DIRECTIONS, uncertainty)
  return rows


def _row(
  name: str, density: _Density, factor: float, uncertainty: float
) -> dict[str, float]:
  """A density times a factor, with its interval."""
  value, interval = density
  value, interval = value * factor, interval.scale_by(factor)
  return intervals.interval_columns(
    f'{name}_per_m2', value, intervals.propagate(value, interval, uncertainty)
  )


def _density_of_crossings(
  found: line_intercepts.Crossings, foil: _Foil, seed: int
) -> _Density:
  """The density of the projected length, from crossings."""
  per_px = math.nan
  if foil.is_known:
    per_px = line_density_of_crossings(
      1.0,
      test_length_m=foil.pixel_size_nm * NM,
      thickness_m=foil.thickness_nm * NM,
      projection_factor=1.0,
    )
  count, length_px = int(found.count.sum()), float(found.length_px.sum())
  if count == 0:
    # No crossing gives an upper limit, which a bootstrap cannot give.
    interval = intervals.poisson_interval(0).scale_by(1 / length_px)
  else:
    of_lines = np.stack([found.count, found.length_px], axis=1)
    interval = intervals.bootstrap_interval(
      # A line that meets no specimen says nothing.
      of_lines[found.length_px > 0],
      lambda means: means[:, 0] / means[:, 1],
      seed=seed,
    )
  return per_px * count / length_px, interval.scale_by(per_px)


def _density_of_length(
  parts_px: np.ndarray,
  foil: _Foil,
  seed: int,
  *,
  mask: np.ndarray,
  valid: np.ndarray | None,
) -> _Density:
  """The density of the projected length, from that in parts of the image."""
  pixels = _area_px(mask, valid)
  pixel_m, per_px = foil.pixel_size_nm * NM, math.nan
  if foil.is_known:
    per_px = line_density_of_length(
      pixel_m,
      area_m2=pixels * pixel_m**2,
      thickness_m=foil.thickness_nm * NM,
      projection_factor=1.0,
    )
  length_px = float(parts_px.sum())
  if length_px == 0:
    return per_px * 0.0, intervals.UNKNOWN
  mean, times = skeletons.tile_interval(parts_px, valid, seed=seed)
  return per_px * length_px, mean.scale_by(per_px * times)
