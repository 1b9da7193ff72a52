"""Several images of one specimen to one number, and how far they differ."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import special

from defectseg_jax.quantification import intervals

# Ratios of areas, which cannot be above 1.
_RATIOS = ('expected_f1', 'iu', 'precision', 'recall')


def statistics_over_images(
  rows: Sequence[Mapping[str, float]],
  names: Iterable[str],
  *,
  shared: Mapping[str, float] | None = None,
  level: float = intervals.LEVEL,
) -> dict[str, dict[str, float]]:
  """Mean, spread and interval of each quantity over images.

  The interval is Student's, of the mean over images. It contains how the
  specimen differs from place to place, which no count in one image can show.
  It is widened by what all images share, such as a scale that is not known
  well, as `intervals.propagate` does it for one image. It does not go below 0,
  since no quantity is negative, nor above 1 for the ratios `expected_f1`, `iu`,
  `precision` and `recall`. Equal numbers, such as those of images without
  objects, have no interval: a few of them do not show that the specimen is the
  same everywhere.

  Args:
    rows: numbers by name, one mapping for each image.
    names: of the quantities that are wanted.
    shared: relative standard uncertainties by name, from `shared_uncertainty`;
      0 where there is none.
    level: of confidence.

  Returns:
    By name: `images` that have a number, their `mean`, `std` (n - 1) and the
    interval from `low` to `high`; NaN where there are too few, or all equal.

  Examples:
    Two images, mean 2 and standard deviation sqrt(2): the interval is 2 -+
    12.7 sqrt(2) / sqrt(2), with 12.7 from Student's t of one degree of freedom.

    >>> rows = [{'swelling': 1.0}, {'swelling': 3.0}]
    >>> found = statistics_over_images(rows, ['swelling'])['swelling']
    >>> print(f'{found["mean"]:g}, {found["low"]:g} to {found["high"]:.1f}')
    2, 0 to 14.7
  """
  found = {}
  for name in names:
    values = np.array([row[name] for row in rows], float)
    values = values[~np.isnan(values)]
    count = len(values)
    mean = float(values.mean()) if count else math.nan
    spread = float(values.std(ddof=1)) if count > 1 else math.nan
    interval = _interval_of_mean(values, (shared or {}).get(name, 0.0), level)
    low, high = interval
    if name in _RATIOS and high > 1:
      high = 1.0
    found[name] = {
      'images': count,
      'mean': mean,
      'std': spread,
      'low': low,
      'high': high,
    }
  return found


def _interval_of_mean(
  values: np.ndarray, shared: float, level: float
) -> intervals.Interval:
  """Student's, widened by a relative uncertainty; unknown of equal values."""
  count = len(values)
  if count < 2 or values.min() == values.max():
    return intervals.UNKNOWN
  mean = float(values.mean())
  of_student = -special.stdtrit(count - 1, (1 - level) / 2)
  half = of_student * float(values.std(ddof=1)) / math.sqrt(count)
  found = intervals.Interval(max(mean - half, 0.0), mean + half)
  return intervals.propagate(mean, found, shared, level=level)
