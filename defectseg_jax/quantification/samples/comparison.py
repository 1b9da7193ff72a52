"""Two samples beside each other: their difference, ratio, and a test."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.intervals import LEVEL, Interval
from defectseg_jax.quantification.samples.random_effects import SampleEstimate

TEST = (
  "Welch's t test of the logarithms of two estimates (of their difference, "
  "where one is 0), with Satterthwaite's degrees of freedom, and Holm (1979) "
  'over all pairs of one number. It assumes that '
  'images are independent places of their sample, that estimates scatter about '
  'as Gauss says, and that thickness, scale and network err alike in both '
  'samples, by one factor: such an error changes no ratio.'
)


class Difference(NamedTuple):
  """How one number of a sample differs from another sample's.

  Attributes:
    first, second: names of the samples.
    difference: second less first, with its interval.
    ratio: second over first, with its interval; NaN where one of them is 0.
    p: of the test that both are equal, the one that goes with the interval of
      the ratio, or where there is none of the difference; NaN where nothing
      tells.
    p_holm: the same, over all pairs (Holm, Scandinavian Journal of Statistics
      6, 65, 1979).
  """

  first: str
  second: str
  difference: float
  difference_interval: Interval
  ratio: float
  ratio_interval: Interval
  p: float
  p_holm: float = math.nan


def differences(
  estimates: Mapping[str, SampleEstimate],
  *,
  shared: float = 0.0,
  level: float = LEVEL,
) -> list[Difference]:
  """All pairs of samples, in their order.

  Args:
    estimates: of one number, by sample.
    shared: relative standard uncertainty of a factor that all samples have in
      common. It widens the differences, and neither ratios nor tests.
    level: of confidence.

  Examples:
    Means of 10 and 20 with standard errors of 1, by counting alone:

    >>> each = SampleEstimate(1, 10.0, Interval(8, 12), 1.0, math.inf, 0.0, 1.0)
    >>> [one] = differences({'a': each, 'b': each._replace(value=20.0)})
    >>> print('{:.0f}, {:.2f} to {:.2f}'.format(
    ...   one.difference, *one.difference_interval))
    10, 7.23 to 12.77
  """
  found = [
    _difference(*pair, shared, level)
    for pair in itertools.combinations(estimates.items(), 2)
  ]
  adjusted = holm([one.p for one in found])
  return [one._replace(p_holm=p) for one, p in zip(found, adjusted)]


def holm(ps: Sequence[float]) -> list[float]:
  """Holm's adjusted p-values, in the order of the given ones; NaN stays.

  Examples:
    >>> holm([0.04, 0.01, 0.03])
    [0.06, 0.03, 0.06]
  """
  values = np.asarray(ps, float)
  known = np.flatnonzero(~np.isnan(values))
  order = known[np.argsort(values[known], kind='stable')]
  times = np.arange(len(order), 0, -1)
  values[order] = np.minimum(np.maximum.accumulate(times * values[order]), 1)
  return [float(one) for one in values]


def _difference(
  first: tuple[str, SampleEstimate],
  second: tuple[str, SampleEstimate],
  shared: float,
  level: float,
) -> Difference:
  (name_a, a), (name_b, b) = first, second
  difference = b.value - a.value
  error = math.hypot(a.error, b.error)
  degrees = _degrees(a, b, (a.error, b.error))
  half = _quantile(degrees, level) * error
  scale = float(special.ndtri((1 + level) / 2)) * shared * abs(difference)
  whole = math.hypot(half, scale)
  ratio, ends, p = _ratio(a, b, level)
  if math.isnan(p) and error > 0:
    p = 2 * _tail(degrees, abs(difference) / error)
  return Difference(
    name_a,
    name_b,
    difference,
    Interval(difference - whole, difference + whole),
    ratio,
    ends,
    p,
  )


def _ratio(
  a: SampleEstimate, b: SampleEstimate, level: float
) -> tuple[float, Interval, float]:
  """With its interval and p, by the logarithm, which has relative errors."""
  if not (a.value > 0 and b.value > 0):
    return math.nan, intervals.UNKNOWN, math.nan
  errors = a.error / a.value, b.error / b.value
  degrees, error = _degrees(a, b, errors), math.hypot(*errors)
  ratio = b.value / a.value
  if not error > 0:
    return ratio, intervals.UNKNOWN, math.nan
  # Of two images in each, nearly anything is possible.
  factor = math.exp(min(_quantile(degrees, level) * error, 700.0))
  p = 2 * _tail(degrees, abs(math.log(ratio)) / error)
  return ratio, Interval(ratio / factor, ratio * factor), p


def _degrees(
  a: SampleEstimate, b: SampleEstimate, errors: tuple[float, float]
) -> float:
  """Satterthwaite's (Biometrics Bulletin 2, 110, 1946)."""
  squares = [error**2 for error in errors]
  parts = sum(
    square**2 / one.degrees for square, one in zip(squares, (a, b), strict=True)
  )
  return sum(squares) ** 2 / parts if parts > 0 else math.inf


def _quantile(degrees: float, level: float) -> float:
  tail = (1 - level) / 2
  if math.isinf(degrees):
    return -float(special.ndtri(tail))
  return -float(special.stdtrit(degrees, tail))


def _tail(degrees: float, t: float) -> float:
  if math.isinf(degrees):
    return float(special.ndtr(-t))
  return float(special.stdtr(degrees, -t))
