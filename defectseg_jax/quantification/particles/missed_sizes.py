"""What a network misses of the sizes of one image, beside what it found."""

import dataclasses
import math

import numpy as np

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
  FoundFrom,
)
from defectseg_jax.quantification.plausibility import QualityWarning

CONVENTIONS = {
  'diameter_50_detected_nm': (
    'smallest diameter of which the network finds half of the particles, by '
    'its development set'
  ),
  'diameter_90_detected_nm': 'of which it finds 90%, likewise',
}
# Percent of the objects that are found, from a diameter on.
_HALF, _MOST = 50, 90
# By eye: so much of a distribution below the size of which half is found is
# not its edge, but its body.
_MUCH = 0.25


def with_missed_sizes(
  found: Measurement,
  by_size: DetectionBySize | None,
  *,
  pixel_size_nm: float | None,
  pixel_size_uncertainty: float = 0.0,
) -> Measurement:
  """A measurement with what the network misses of its sizes.

  No number is corrected: what is missing stands beside it.

  Args:
    found: measured in the mask of a network.
    by_size: of the network, at the scales at which it saw the image; None where
      it is not known.
    pixel_size_nm: side of a pixel; None where it is not known.
    pixel_size_uncertainty: relative standard uncertainty; widens intervals.

  Returns:
    With `stands_for`; with `diameter_50_detected_nm` and
    `diameter_90_detected_nm`, the smallest diameters of which the network finds
    half and 90%, and their intervals, and the same in pixels; NaN where no size
    is found so well, or nothing is known. A warning says where much of what was
    measured is smaller than the former.
  """
  columns: dict[str, float] = {}
  for percent in (_HALF, _MOST):
    limit = FoundFrom(*[math.nan] * 3)
    if by_size is not None:
      limit = by_size.found_from(percent / 100)
    columns |= _columns(
      percent, limit, pixel_size_nm or math.nan, pixel_size_uncertainty
    )
  summary = {**found.summary, **columns}
  if by_size is None:
    return dataclasses.replace(found, summary=summary)
  return dataclasses.replace(
    found,
    summary=summary,
    stands_for=by_size.stands_for(found.sizes_px),
    warnings=[*found.warnings, *_warnings(found.sizes_px, columns)],
  )


def _columns(
  percent: int,
  limit: FoundFrom,
  pixel_size_nm: float,
  pixel_size_uncertainty: float,
) -> dict[str, float]:
  name = f'diameter_{percent}_detected'
  value, *ends = (one * pixel_size_nm for one in limit)
  interval = intervals.propagate(
    value, intervals.Interval(*ends), pixel_size_uncertainty
  )
  return {
    f'{name}_px': limit.value,
    **intervals.interval_columns(f'{name}_nm', value, interval),
  }


def _warnings(
  sizes_px: np.ndarray, columns: dict[str, float]
) -> list[QualityWarning]:
  half_px, half_nm = (
    columns[f'diameter_{_HALF}_detected_{unit}'] for unit in ('px', 'nm')
  )
  if math.isnan(half_px):
    share = float(len(sizes_px) > 0)
    what = 'the network finds less than half of the particles of any size'
  else:
    share = float(np.mean(sizes_px < half_px)) if len(sizes_px) else 0.0
    size = f'{half_px:.3g} px' if math.isnan(half_nm) else f'{half_nm:.3g} nm'
    what = (
      f'{100 * share:.0f}% of the diameters are below {size}, where the '
      'network finds less than half of the particles'
    )
  if share < _MUCH:
    return []
  return [
    QualityWarning(
      'small_particles_missed',
      f'{what}: there may be more small ones than were counted, and the mean '
      'diameter may be too large; the histogram shows how many are missed',
    )
  ]
