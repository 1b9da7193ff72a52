"""One number of a sample from its images: a random-effects estimate.

An image differs from the sample by what was counted in it, which its own
interval tells, and by how the sample differs from place to place, which only
several images tell: variance = counting + between images.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import special

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.intervals import LEVEL, Interval

ESTIMATOR = (
  'random effects: between-image variance of Paule and Mandel (1982), interval '
  'of Hartung and Knapp (2001) and of Sidik and Jonkman (2002) with n - 1 '
  'degrees of freedom, or that of counting alone where it is wider (Wiksten, '
  'Ruecker and Schwarzer 2016)'
)
# Halvings of an interval that begins at the sample's variance: to the last bit.
_HALVINGS = 60
# The upper end of the exact interval of nothing counted.
_NOTHING_COUNTED = intervals.poisson_interval(0).high


class SampleEstimate(NamedTuple):
  """A number of a sample, without what is wrong with all images alike.

  Attributes:
    images: that have the number.
    value: the estimate.
    interval: of it; NaN where nothing tells of it.
    error: standard error.
    degrees: of freedom of that error; infinite where it is of counting alone.
    between: standard deviation between images beyond counting; NaN of fewer
      than two images.
    counting: standard deviation of an image of mean weight by counting; 0
      where that is not known.
  """

  images: int
  value: float
  interval: Interval
  error: float
  degrees: float
  between: float
  counting: float


UNKNOWN = SampleEstimate(
  0, math.nan, intervals.UNKNOWN, math.nan, math.inf, math.nan, 0.0
)


def pool_images(
  values: np.ndarray,
  highs: np.ndarray,
  weights: np.ndarray,
  *,
  shared: float = 0.0,
  level: float = LEVEL,
) -> SampleEstimate:
  """The number of a sample, from those of its images.

  An image's variance by counting is k / weight, with one k for all images of
  the sample: so it is for counts in volumes, and for means of objects. It is
  not taken from each image alone, since an image in which few objects happen to
  lie would seem the surest.

  Args:
    values: [images], 0 or more; NaN where an image has no number.
    highs: [images], upper ends of their intervals; NaN where not known.
    weights: [images] above 0, as of `image_weights`: volume, area or objects.
    shared: relative standard uncertainty in those intervals that all images
      share; it is taken out of them, and is not in the result.
    level: of confidence, of those intervals and of the result.

  Returns:
    The estimate. The between-image variance is that of Paule and Mandel
    (Journal of Research of the NBS 87, 377, 1982). The interval is Student's,
    with the variance of Hartung and Knapp (Statistics in Medicine 20, 3875,
    2001) and Sidik and Jonkman (ibid. 21, 3153, 2002); by chance it may be
    narrower than counting allows, and then it is that of counting (Wiksten,
    Ruecker and Schwarzer, ibid. 35, 2503, 2016). One image has that of counting
    alone.

  Examples:
    Three foils of one volume differ by less than the root of ten: 30 counted.

    >>> counts = np.array([9.0, 10.0, 11.0])
    >>> highs = np.array([intervals.poisson_interval(n).high for n in counts])
    >>> found = pool_images(counts, highs, np.ones(3))
    >>> print(f'{found.value:.1f}, {found.between:.1f}')
    10.0, 0.0
    >>> print('{:.2f} to {:.2f}'.format(*found.interval))
    6.75 to 14.28
  """
  values, highs, weights = (
    np.asarray(one, float) for one in (values, highs, weights)
  )
  known = ~np.isnan(values) & (weights > 0)
  values, highs, weights = values[known], highs[known], weights[known]
  if not len(values):
    return UNKNOWN
  if not values.any():
    return _of_nothing(highs, shared, level)
  shares = counting_variances(values, highs, shared=shared, level=level)
  told = ~np.isnan(shares)
  each = 0.0
  if told.any():
    each = float(np.average((weights * shares)[told], weights=weights[told]))
  # Where nothing tells of counting, images differ by what is between them.
  counting = each / weights if each else np.zeros(len(values))
  return _estimate(values, counting, level)


def counting_variances(
  values: np.ndarray,
  highs: np.ndarray,
  *,
  shared: float = 0.0,
  level: float = LEVEL,
) -> np.ndarray:
  """Variances by counting, from the upper ends of intervals.

  An interval is read as `clumped_interval` makes it: a value is that of a
  Poisson number of clumps, and n clumps have the variance value^2 / n.

  Args:
    values: [n], 0 or more.
    highs: [n], NaN where not known.
    shared: relative standard uncertainty that `propagate` put into them.
    level: of confidence.

  Returns:
    [n]; 0 of values of 0, NaN where it is not known.

  Examples:
    >>> high = intervals.poisson_interval(7).high
    >>> round(float(counting_variances([7.0], [high])[0]), 6)
    7.0
  """
  values, highs = np.asarray(values, float), np.asarray(highs, float)
  variances = np.where(values == 0, 0.0, math.nan)
  told = (values > 0) & (highs > 0)
  quantile = float(special.ndtri((1 + level) / 2))
  logs = np.log(np.maximum(highs[told] / values[told], 1.0)) ** 2
  ratios = np.exp(np.sqrt(np.maximum(logs - (quantile * shared) ** 2, 0)))
  clumps = np.array([_clumps(one, level) for one in ratios])
  variances[told] = values[told] ** 2 / clumps
  return variances


def _clumps(ratio: float, level: float) -> float:
  """How many are counted, if this is the upper end over the count."""
  low, high = -12.0, 30.0
  for _ in range(_HALVINGS):
    middle = (low + high) / 2
    count = math.exp(middle)
    above = special.chdtri(2 * count + 2, (1 - level) / 2) / 2 > ratio * count
    low, high = (middle, high) if above else (low, middle)
  return math.exp(high)


def _of_nothing(
  highs: np.ndarray, shared: float, level: float
) -> SampleEstimate:
  """Of images without an object: nothing was counted in all of them."""
  quantile = float(special.ndtri((1 + level) / 2))
  ends = highs[highs > 0] * math.exp(-quantile * shared)
  if not len(ends):
    return UNKNOWN._replace(images=len(highs), value=0.0)
  # Volumes add up, and each end is 3.7 over a volume.
  high = 1 / float((1 / ends).sum())
  one = high / _NOTHING_COUNTED
  between = 0.0 if len(highs) > 1 else math.nan
  return SampleEstimate(
    len(highs), 0.0, Interval(0.0, high), one, math.inf, between, 0.0
  )


def _estimate(
  values: np.ndarray, counting: np.ndarray, level: float
) -> SampleEstimate:
  """From variances by counting; all of them 0 where they are not known."""
  count = len(values)
  tau2 = _between_variance(values, counting) if count > 1 else 0.0
  variances = counting + tau2
  weights = 1 / variances if (variances > 0).all() else np.ones(count)
  value = float(np.average(values, weights=weights))
  by_counting = float((weights**2 * counting).sum()) / float(weights.sum()) ** 2
  found = SampleEstimate(
    images=count,
    value=value,
    interval=intervals.UNKNOWN,
    error=math.sqrt(by_counting),
    degrees=math.inf,
    between=math.sqrt(tau2) if count > 1 else math.nan,
    counting=_of_mean_weight(counting),
  )
  if by_counting:
    clumped = intervals.clumped_interval(
      value, by_counting / value, level=level
    )
    found = found._replace(interval=clumped)
  residual = float((weights * (values - value) ** 2).sum())
  if count < 2 or not residual:
    return found if by_counting else found._replace(error=math.nan)
  error = math.sqrt(residual / (count - 1) / float(weights.sum()))
  half = -float(special.stdtrit(count - 1, (1 - level) / 2)) * error
  if by_counting and 2 * half < found.interval.high - found.interval.low:
    return found
  ends = Interval(max(value - half, 0.0), value + half)
  return found._replace(interval=ends, error=error, degrees=count - 1.0)


def _of_mean_weight(counting: np.ndarray) -> float:
  """Standard deviation; variances are inverse to weights."""
  if not (counting > 0).all():
    return 0.0
  return 1 / math.sqrt(float((1 / counting).mean()))


def _between_variance(values: np.ndarray, counting: np.ndarray) -> float:
  """Paule and Mandel's: with it the weighted squares add up to n - 1."""
  count = len(values)
  largest = float(values.var(ddof=1))
  if not largest or not (counting > 0).all():
    return largest

  def squares(variance: float) -> float:
    weights = 1 / (counting + variance)
    mean = np.average(values, weights=weights)
    return float((weights * (values - mean) ** 2).sum())

  if squares(0.0) <= count - 1:
    return 0.0
  low, high = 0.0, largest
  for _ in range(_HALVINGS):
    middle = (low + high) / 2
    low, high = (middle, high) if squares(middle) > count - 1 else (low, middle)
  return high
