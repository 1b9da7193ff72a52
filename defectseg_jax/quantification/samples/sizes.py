"""Sizes of the objects of a sample, of all its images together."""

import math
from typing import NamedTuple

import numpy as np


class SizeClass(NamedTuple):
  """Objects of one class of sizes.

  Attributes:
    low, high: its edges, in the unit of the sizes.
    found: objects.
    missed_too: with those that the network missed, if the sample is like the
      development set; NaN where nothing is known of that.
    missed_too_low, missed_too_high: the ends of that number's interval.
  """

  low: float
  high: float
  found: int
  missed_too: float
  missed_too_low: float
  missed_too_high: float


def size_classes(
  sizes: np.ndarray, edges: np.ndarray, stands_for: np.ndarray | None
) -> list[SizeClass]:
  """A sample's objects by class.

  Args:
    sizes: [n], of all its images.
    edges: [classes + 1].
    stands_for: [n, 3], for each size how many true objects stand behind it and
      the ends of that number's interval, as of `Measurement`; None where no
      network is.

  Examples:
    Two of a size of which the network finds half:

    >>> behind = np.array([[2.0, 1.5, 3.0], [2.0, 1.5, 3.0]])
    >>> size_classes(np.array([4.0, 5.0]), np.array([3.0, 6.0]), behind)
    [SizeClass(low=3.0, high=6.0, found=2, missed_too=4.0, \
missed_too_low=3.0, missed_too_high=6.0)]
  """
  found = np.histogram(sizes, edges)[0]
  true = np.full((3, len(found)), math.nan)
  if stands_for is not None:
    true = np.stack(
      [np.histogram(sizes, edges, weights=one)[0] for one in stands_for.T]
    )
  return [
    SizeClass(float(low), float(high), int(count), *map(float, behind))
    for low, high, count, behind in zip(edges, edges[1:], found, true.T)
  ]
