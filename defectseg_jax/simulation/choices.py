"""Draws of one of several names, again and again."""

from collections.abc import Callable, Mapping

import numpy as np


def make_choice(
  weights: Mapping[str, float],
) -> Callable[[np.random.Generator], str]:
  """What `rng.choice` draws, without a look at all weights for each draw.

  Args:
    weights: of each name; not below 0.

  Returns:
    Function from random numbers to a name.

  Examples:
    >>> choose = make_choice({'line': 0.7, 'loop': 0.3})
    >>> rng, same = np.random.default_rng(0), np.random.default_rng(0)
    >>> choose(rng) == same.choice(['line', 'loop'], p=[0.7, 0.3])
    True
  """
  names = list(weights)
  upto = np.cumsum(list(weights.values()))
  upto /= upto[-1]
  return lambda rng: names[int(upto.searchsorted(rng.random(), side='right'))]
