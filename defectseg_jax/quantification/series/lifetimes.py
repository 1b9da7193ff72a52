"""How long objects last, of which some outlast the series: Kaplan-Meier."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from defectseg_jax.quantification.intervals import LEVEL


class Step(NamedTuple):
  """The part of objects that last longer than a time.

  Attributes:
    time: in the unit of the lifetimes.
    at_risk: objects that were followed at least so long.
    ended: of them, how many ended then.
    lasting: estimate of the part that lasts longer.
    low, high: its 95% interval, by Greenwood's formula for log(-log).
  """

  time: float
  at_risk: int
  ended: int
  lasting: float
  low: float
  high: float


def kaplan_meier(
  lifetimes: Sequence[float], ended: Sequence[bool]
) -> list[Step]:
  """The part of objects that lasts longer than each time.

  Kaplan and Meier, J. Am. Stat. Assoc. 53, 457 (1958). An object that is no
  longer followed at a time counts as lasting until then, and says nothing of
  what comes after.

  Args:
    lifetimes: how long each object was followed.
    ended: whether it ended then, or was only not followed further.

  Returns:
    A step for each time at which an object ended.

  Examples:
    Of three, one ends at 1, one is lost at 2, one ends at 3.

    >>> [one.lasting for one in kaplan_meier([1, 2, 3], [True, False, True])]
    [0.6666666666666667, 0.0]
  """
  times, ends = np.asarray(lifetimes, float), np.asarray(ended, bool)
  lasting, variance, steps = 1.0, 0.0, []
  for time in np.unique(times[ends]):
    at_risk = int((times >= time).sum())
    count = int(((times == time) & ends).sum())
    lasting *= 1 - count / at_risk
    if count < at_risk:
      variance += count / (at_risk * (at_risk - count))
    steps.append(
      Step(float(time), at_risk, count, lasting, *_ends(lasting, variance))
    )
  return steps


def median_lifetime(steps: Sequence[Step]) -> float:
  """The time that half of the objects outlast; NaN where more than half do."""
  return next((one.time for one in steps if one.lasting <= 0.5), math.nan)


def _ends(lasting: float, variance: float) -> tuple[float, float]:
  """NaN where nothing lasts: the formula says nothing there."""
  if not 0 < lasting < 1:
    return math.nan, math.nan
  width = special.ndtri((1 + LEVEL) / 2) * math.sqrt(variance)
  width /= abs(math.log(lasting))
  return lasting ** math.exp(width), lasting ** math.exp(-width)
