"""Intervals carried through a formula."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from scipy import special

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.intervals import LEVEL, Interval


class Measured(NamedTuple):
  """A number with its interval."""

  value: float
  interval: Interval


def carry(
  formula: Callable[..., float],
  inputs: Mapping[str, Measured],
  *,
  factor_uncertainty: float = 0.0,
  level: float = LEVEL,
) -> Measured:
  """A formula of measured numbers, with an interval.

  Each number goes to the ends of its interval while the others stay. How far
  the result moves, as a logarithm, is added in quadrature above and below
  separately (JCGM 100:2008, 5.1.2, for independent inputs, with the ends of
  intervals in the place of derivatives). Numbers of one image share its scale
  and its thickness; that a density and a diameter move apart when the scale is
  wrong is left out, so that the interval is a little too wide then.

  Args:
    formula: of the inputs by name; its result is 0 or more.
    inputs: by name.
    factor_uncertainty: relative standard uncertainty of a factor of the result,
      as that of a strength.
    level: of confidence.

  Examples:
    A square root of a number that is known to a factor of 4:

    >>> found = carry(
    ...   lambda n: n**0.5, {'n': Measured(16.0, Interval(4.0, 64.0))}
    ... )
    >>> print('{:.0f}: {:.0f} to {:.0f}'.format(found.value, *found.interval))
    4: 2 to 8
  """
  values = {name: one.value for name, one in inputs.items()}
  if any(math.isnan(one) for one in values.values()):
    return Measured(math.nan, intervals.UNKNOWN)
  value = formula(**values)
  if any(math.isnan(end) for one in inputs.values() for end in one.interval):
    return Measured(value, intervals.UNKNOWN)
  moved = [
    [formula(**{**values, name: end}) for end in one.interval]
    for name, one in inputs.items()
  ]
  if not 0 < value < math.inf:
    # Without an object there is no logarithm: the widest of the ends.
    every = [value, *(end for ends in moved for end in ends)]
    return Measured(value, Interval(min(every), max(every)))
  up = down = float(special.ndtri((1 + level) / 2)) * factor_uncertainty
  for ends in moved:
    up = math.hypot(up, math.log(max(*ends, value) / value))
    lowest = min(*ends, value)
    down = math.hypot(down, math.log(value / lowest) if lowest else math.inf)
  return Measured(
    value, Interval(value * math.exp(-down), value * math.exp(up))
  )
