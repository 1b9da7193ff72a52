"""Confidence intervals of what is counted and measured.

All have a level, which is 0.95 by default. Both ends are NaN where the data do
not suffice. Uncertainties of thickness and pixel size are relative standard
uncertainties (k = 1 in a certificate).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks
from defectseg_jax.quantification.bootstrap import RESAMPLES, bootstrap_means

LEVEL = 0.95


class Interval(NamedTuple):
  """A confidence interval, from low to high."""

  low: float
  high: float

  def scale_by(self, factor: float) -> 'Interval':
    """The interval with both ends times a factor of 0 or more."""
    return Interval(self.low * factor, self.high * factor)


UNKNOWN = Interval(math.nan, math.nan)


def poisson_interval(count: float, *, level: float = LEVEL) -> Interval:
  """The exact interval of a Poisson mean (Garwood, Biometrika 28, 1936).

  Args:
    count: N, what was counted, 0 or more. It need not be a whole number: the
      effective count of an overdispersed estimate is not.
    level: of confidence.

  Returns:
    chi2(a / 2; 2 N) / 2 and chi2(1 - a / 2; 2 N + 2) / 2, with a = 1 - level;
    from 0 for N = 0.

  Raises:
    InputError: the count is negative, or the level not between 0 and 1.

  Examples:
    With nothing counted, exp(-high) = 0.025. The second is in any table.

    >>> print('{:.3f} to {:.3f}'.format(*poisson_interval(0)))
    0.000 to 3.689
    >>> print('{:.2f} to {:.2f}'.format(*poisson_interval(10)))
    4.80 to 18.39
  """
  checks.require_not_negative(count, 'count')
  _require_level(level)
  tail = (1 - level) / 2
  # Quantiles of chi2, without scipy.stats: it takes half a second to import.
  low = special.gammaincinv(count, tail) if count > 0 else 0.0
  high = special.chdtri(2 * count + 2, tail) / 2
  return Interval(float(low), float(high))


def clumped_interval(
  value: float, clump: float, *, level: float = LEVEL
) -> Interval:
  """The interval of a sum of a Poisson number of equal clumps.

  A volume, or a count that is estimated, varies more than a Poisson count. It
  has the mean and the variance of a Poisson number of clumps, if each clump is
  variance / mean.

  Args:
    value: the sum, 0 or more.
    clump: variance of the value over the value, in the value's unit.
    level: of confidence.

  Returns:
    The interval, in the value's unit; both ends NaN if the value is NaN.

  Examples:
    30 nm3 in voids of 3 nm3 each are 10 voids, with 3 times their interval.

    >>> print('{:.1f} to {:.1f}'.format(*clumped_interval(30.0, 3.0)))
    14.4 to 55.2
  """
  if math.isnan(value):
    return UNKNOWN
  return poisson_interval(value / clump, level=level).scale_by(clump)


def bootstrap_interval(
  values: np.ndarray,
  statistic: Callable[[np.ndarray], np.ndarray] | None = None,
  *,
  level: float = LEVEL,
  resamples: int = RESAMPLES,
  seed: int = 0,
) -> Interval:
  """The percentile bootstrap interval of a function of means (Efron 1979).

  Args:
    values: [n] or [n, k], one row for each particle, test line or tile. n rows
      are drawn from them with replacement, many times.
    statistic: takes the means of the drawn rows, [resamples] or [resamples, k],
      and returns numbers [resamples]; None takes the means themselves. NaN
      among the numbers are left out.
    level: of confidence.
    resamples: how many times n rows are drawn.
    seed: of the draws.

  Returns:
    The interval; both ends NaN for fewer than two rows.

  Raises:
    InputError: the level is not between 0 and 1.

  Examples:
    The mean of two equal values is that value, however they are drawn; of a
    single one nothing is known.

    >>> bootstrap_interval(np.array([3.0, 3.0]))
    Interval(low=3.0, high=3.0)
    >>> bootstrap_interval(np.array([3.0]))
    Interval(low=nan, high=nan)
  """
  _require_level(level)
  if len(values) < 2:
    return UNKNOWN
  means = bootstrap_means(values, resamples=resamples, seed=seed)
  found = means if statistic is None else statistic(means)
  return percentile_interval(found, level=level)


def percentile_interval(found: np.ndarray, *, level: float = LEVEL) -> Interval:
  """The interval that holds the middle part of some numbers; NaN left out.

  Examples:
    >>> percentile_interval(np.arange(101.0), level=0.5)
    Interval(low=25.0, high=75.0)
  """
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

  Half-widths of the logarithms are added in quadrature (JCGM 100:2008, 5.1.6,
  for a product of powers), below and above the value separately.

  Args:
    value: 0 or more.
    interval: of the value, from counting.
    relative_uncertainty: of the product of the factors, from
      `product_uncertainty`.
    level: of confidence.

  Returns:
    The wider interval. A low end of 0 stays 0.

  Raises:
    InputError: the uncertainty is negative.

  Examples:
    A count that is known exactly, times a factor that is known to 5%: the
    interval goes from 100 / exp(1.96 * 0.05) to 100 exp(1.96 * 0.05).

    >>> exact = Interval(100.0, 100.0)
    >>> print('{:.1f} to {:.1f}'.format(*propagate(100.0, exact, 0.05)))
    90.7 to 110.3
  """
  checks.require_not_negative(relative_uncertainty, 'relative_uncertainty')
  _require_level(level)
  if relative_uncertainty == 0 or math.isnan(interval.high):
    return interval
  of_factors = -special.ndtri((1 - level) / 2) * relative_uncertainty
  if value <= 0:
    return Interval(interval.low, interval.high * math.exp(of_factors))
  up = math.hypot(math.log(max(interval.high / value, 1.0)), of_factors)
  low = 0.0
  if interval.low > 0:
    down = math.hypot(math.log(max(value / interval.low, 1.0)), of_factors)
    low = value * math.exp(-down)
  return Interval(low, value * math.exp(up))


def product_interval(
  value: float, interval: Interval, factor: float, of_factor: Interval
) -> Interval:
  """The interval of a product of two independent numbers.

  Half-widths of the logarithms are added in quadrature, below and above the
  value separately, as in `propagate`.

  Args:
    value: 0 or more.
    interval: of the value.
    factor: above 0.
    of_factor: the interval of the factor, of the same level.

  Returns:
    The interval of value * factor; both ends NaN if an end of the two is NaN.
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


def product_uncertainty(*factors: tuple[float, float]) -> float:
  """The relative uncertainty of a product of powers (JCGM 100:2008, 5.1.6).

  Args:
    *factors: (power, relative standard uncertainty) of each.

  Returns:
    sqrt(sum of (power * uncertainty)^2).

  Raises:
    InputError: an uncertainty is negative.

  Examples:
    A density per area and thickness, of a pixel size known to 1.5% and a
    thickness known to 4%: sqrt(0.03^2 + 0.04^2).

    >>> print(f'{product_uncertainty((-2, 0.015), (-1, 0.04)):.3f}')
    0.050
  """
  for _, uncertainty in factors:
    checks.require_not_negative(uncertainty, 'relative uncertainty')
  return math.hypot(*(power * uncertainty for power, uncertainty in factors))


def interval_columns(
  name: str, value: float, interval: Interval
) -> dict[str, float]:
  """Three columns of a table: `name`, `name_low` and `name_high`."""
  return {
    name: float(value),
    f'{name}_low': float(interval.low),
    f'{name}_high': float(interval.high),
  }


def _require_level(level: float) -> None:
  if not 0 < level < 1:
    raise InputError(f'level={level}: must be between 0 and 1, such as 0.95')
