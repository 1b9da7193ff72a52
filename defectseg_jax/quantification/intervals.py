"""Intervals: how far a number may be from the one that was counted.

All have a level, 0.95 unless told; NaN, NaN where there is nothing to judge by.
Uncertainties of thickness and pixel size are relative standard uncertainties
(the k = 1 of a certificate).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats

from defectseg_jax.quantification import checks

LEVEL = 0.95
RESAMPLES = 2000
_DRAWS_AT_ONCE = 1 << 20


class Interval(NamedTuple):
  """From low to high."""

  low: float
  high: float

  def scaled(self, factor: float) -> 'Interval':
    """Both ends times a factor of 0 or more."""
    return Interval(self.low * factor, self.high * factor)


UNKNOWN = Interval(math.nan, math.nan)


def poisson_interval(count: float, *, level: float = LEVEL) -> Interval:
  """The exact interval of a Poisson mean (Garwood, Biometrika 28, 1936).

  Args:
    count: what was counted, 0 or more. Numbers between whole ones, such as
      the effective count of an overdispersed estimate, interpolate the formula.
    level: of confidence.

  Returns:
    chi2(a / 2; 2 N) / 2 and chi2(1 - a / 2; 2 N + 2) / 2; from 0 for N = 0.

  Raises:
    InputError: the count is negative, or the level not between 0 and 1.
  """
  checks.require_not_negative(count, 'count')
  _require_level(level)
  tail = (1 - level) / 2
  low = stats.chi2.ppf(tail, 2 * count) / 2 if count > 0 else 0.0
  high = stats.chi2.isf(tail, 2 * count + 2) / 2
  return Interval(float(low), float(high))


def clumped_interval(
  value: float, clump: float, *, level: float = LEVEL
) -> Interval:
  """The interval of a sum of a Poisson number of clumps.

  What varies more than a count, such as a volume or a count that is estimated,
  has the mean and the variance of so many clumps of `variance / mean` each.

  Args:
    value: the sum, 0 or more.
    clump: variance of the value over the value, in the value's unit.
    level: of confidence.

  Returns:
    The interval, in the value's unit; unknown where the value is NaN.
  """
  if math.isnan(value):
    return UNKNOWN
  return poisson_interval(value / clump, level=level).scaled(clump)


def bootstrap_interval(
  values: np.ndarray,
  statistic: Callable[[np.ndarray], np.ndarray] | None = None,
  *,
  level: float = LEVEL,
  resamples: int = RESAMPLES,
  seed: int = 0,
) -> Interval:
  """The percentile bootstrap of what is computed from sums (Efron 1979).

  Args:
    values: [n] or [n, k], one row for each particle, test line or tile: what
      is drawn again, with replacement.
    statistic: of the means over n, [resamples] or [resamples, k], to numbers
      [resamples]; the means themselves if None. NaN among them are left out.
    level: of confidence.
    resamples: how many times n rows are drawn.
    seed: of the draws.

  Returns:
    The interval; unknown for fewer than two rows.

  Raises:
    InputError: the level is not between 0 and 1.
  """
  _require_level(level)
  if len(values) < 2:
    return UNKNOWN
  means = resampled_means(values, resamples=resamples, seed=seed)
  found = means if statistic is None else statistic(means)
  return percentiles(found, level=level)


def resampled_means(
  values: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> np.ndarray:
  """Means of n rows drawn again from n: [resamples] or [resamples, k]."""
  n, rng = len(values), np.random.default_rng(seed)
  values = np.asarray(values, float)
  # In parts, since the draws of 50,000 particles would fill a memory.
  size = max(1, _DRAWS_AT_ONCE // n)
  parts = []
  for low in range(0, resamples, size):
    lines = min(size, resamples - low)
    drawn = rng.integers(n, size=(lines, n))
    # How often each row was drawn; one product then gives all means.
    drawn += n * np.arange(lines)[:, None]
    times = np.bincount(drawn.ravel(), minlength=lines * n)
    parts.append(times.reshape(lines, n) @ values)
  return np.concatenate(parts) / n


def percentiles(found: np.ndarray, *, level: float = LEVEL) -> Interval:
  """The middle part of some numbers; NaN among them are left out."""
  found = found[~np.isnan(found)]
  if not len(found):
    return UNKNOWN
  tail = 100 * (1 - level) / 2
  low, high = np.percentile(found, [tail, 100 - tail])
  return Interval(float(low), float(high))


def propagate(
  value: float,
  interval: Interval,
  relative_uncertainty: float,
  *,
  level: float = LEVEL,
) -> Interval:
  """Widens an interval by the uncertainty of factors of the value.

  Half-widths of the logarithms are added in quadrature (JCGM 100:2008, 5.1.2,
  for a product of powers), each side for itself.

  Args:
    value: that the interval is of; 0 or more.
    interval: from counting.
    relative_uncertainty: of the product of the factors, from `of_powers`.
    level: of confidence.

  Returns:
    The wider interval. An end at 0 stays there.

  Raises:
    InputError: the uncertainty is negative.
  """
  checks.require_not_negative(relative_uncertainty, 'relative_uncertainty')
  _require_level(level)
  if relative_uncertainty == 0 or math.isnan(interval.high):
    return interval
  of_factors = stats.norm.isf((1 - level) / 2) * relative_uncertainty
  if value <= 0:
    return Interval(interval.low, interval.high * math.exp(of_factors))
  up = math.hypot(math.log(max(interval.high / value, 1.0)), of_factors)
  low = 0.0
  if interval.low > 0:
    down = math.hypot(math.log(max(value / interval.low, 1.0)), of_factors)
    low = value * math.exp(-down)
  return Interval(low, value * math.exp(up))


def of_product(
  value: float, interval: Interval, factor: float, of_factor: Interval
) -> Interval:
  """The interval of a product of two numbers that know nothing of each other.

  As `propagate`: half-widths of the logarithms in quadrature, each side for
  itself.

  Args:
    value: 0 or more.
    interval: of it.
    factor: above 0.
    of_factor: its interval, of the same level.

  Returns:
    Of value * factor; unknown where one of the two is.
  """
  if any(math.isnan(end) for end in (*interval, *of_factor)):
    return UNKNOWN
  if value <= 0:
    return Interval(0.0, interval.high * of_factor.high)
  high = math.hypot(
    math.log(max(interval.high / value, 1.0)),
    math.log(max(of_factor.high / factor, 1.0)),
  )
  low = 0.0
  if interval.low > 0 and of_factor.low > 0:
    down = math.hypot(
      math.log(max(value / interval.low, 1.0)),
      math.log(max(factor / of_factor.low, 1.0)),
    )
    low = value * factor * math.exp(-down)
  return Interval(low, value * factor * math.exp(high))


def of_powers(*factors: tuple[float, float]) -> float:
  """The relative uncertainty of a product of powers.

  Args:
    *factors: (power, relative standard uncertainty) of each.

  Returns:
    sqrt(sum of (power * uncertainty)^2).

  Raises:
    InputError: an uncertainty is negative.
  """
  for _, uncertainty in factors:
    checks.require_not_negative(uncertainty, 'relative uncertainty')
  return math.hypot(*(power * uncertainty for power, uncertainty in factors))


def with_interval(
  name: str, value: float, interval: Interval
) -> dict[str, float]:
  """Three columns of a table: `name`, `name_low` and `name_high`."""
  return {
    name: float(value),
    f'{name}_low': float(interval.low),
    f'{name}_high': float(interval.high),
  }


def _require_level(level):
  if not 0 < level < 1:
    checks.require_choice(level, (0.68, 0.95, 0.99), 'level')
