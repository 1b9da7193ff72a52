"""Several images of one specimen to one number, and how far they differ."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import special

from defectseg_jax.quantification import intervals

# Ratios of areas, which cannot be above 1.
_RATIOS = ('expected_f1', 'iu', 'precision', 'recall')
# Values that differ by less, relatively, are equal but for the last digit.
_ROUNDING = 1e-12


def statistics_over_images(
  rows: Sequence[Mapping[str, float]],
  names: Iterable[str],
  *,
  shared: Mapping[str, float] | None = None,
  weights: Mapping[str, Sequence[float] | np.ndarray] | None = None,
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
    weights: of the images by name, from `image_weights`; else all are equal.
    level: of confidence.

  Returns:
    By name: `images` that have a number, their weighted `mean`, their `std` (n
    - 1, without weights: how they differ) and the interval of the mean from
    `low` to `high`; NaN where there are too few, or all equal.

  Examples:
    Two images, mean 2 and standard deviation sqrt(2): the interval is 2 -+
    12.7 sqrt(2) / sqrt(2), with 12.7 from Student's t of one degree of freedom.

    >>> rows = [{'swelling': 1.0}, {'swelling': 3.0}]
    >>> found = statistics_over_images(rows, ['swelling'])['swelling']
    >>> print(f'{found["mean"]:g}, {found["low"]:g} to {found["high"]:.1f}')
    2, 0 to 14.7

    The second of three times the volume:

    >>> by = {'swelling': [1.0, 3.0]}
    >>> statistics_over_images(rows, by, weights=by)['swelling']['mean']
    2.5
  """
  found = {}
  for name in names:
    values = np.array([row[name] for row in rows], float)
    weighs = np.asarray((weights or {}).get(name, np.ones(len(rows))), float)
    factor = (shared or {}).get(name, 0.0)
    found[name] = _statistics(values, weighs, factor, level)
    if name in _RATIOS and found[name]['high'] > 1:
      found[name]['high'] = 1.0
  return found


def _statistics(
  values: np.ndarray, weights: np.ndarray, shared: float, level: float
) -> dict[str, float]:
  """Of the images that have a number."""
  known = ~np.isnan(values)
  values, weights, count = values[known], weights[known], int(known.sum())
  if count and np.ptp(values) <= _ROUNDING * np.abs(values).max():
    values = np.full(count, values[0])
  mean = float(np.average(values, weights=weights)) if count else math.nan
  low, high = _interval_of_mean(values, weights, mean, shared, level)
  return {
    'images': count,
    'mean': mean,
    # From the first one on: of equal values it is 0, whatever is rounded.
    'std': float((values - values[0]).std(ddof=1)) if count > 1 else math.nan,
    'low': low,
    'high': high,
  }


def _interval_of_mean(
  values: np.ndarray,
  weights: np.ndarray,
  mean: float,
  shared: float,
  level: float,
) -> intervals.Interval:
  """Student's, widened by a relative uncertainty; unknown of equal values.

  The standard error is that of the jackknife: how the mean moves when each
  image is left out (Cochran, Sampling Techniques, 1977, 6.17). It has the
  degrees of freedom of as many equal images as tell as much (Kish, Survey
  Sampling, 1965), two at the least. Of equal weights it is the standard
  deviation over the root of the number of images, as ever.
  """
  count = len(values)
  if count < 2 or values.min() == values.max():
    return intervals.UNKNOWN
  # By how much the mean moves without each image.
  moves = weights * (values - mean) / (weights.sum() - weights)
  error = math.sqrt((count - 1) / count * float((moves**2).sum()))
  alike = weights.sum() ** 2 / float((weights**2).sum())
  half = -special.stdtrit(max(alike - 1, 1), (1 - level) / 2) * error
  found = intervals.Interval(max(mean - half, 0.0), mean + half)
  return intervals.propagate(mean, found, shared, level=level)
