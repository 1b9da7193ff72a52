"""Which object of a frame is which of another: the cheapest assignment.

An object is looked for where it was, as far as its own size away, and with
about the size that it had. Of all ways to pair objects, that of the least cost
is taken (Jaqaman et al., Nature Methods 5, 695, 2008), in small groups of
objects that are near each other.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy

# An object is looked for within so many of its diameters, and pixels. By eye:
# voids and precipitates do not walk; what is left is how their outlines change.
GATE_DIAMETERS = 0.5
GATE_PX = 4.0
# An object that differs by this factor in diameter costs as much as one at the
# end of the gate; by eye.
SIZE_FACTOR = 2.0
# From this cost on two objects are not the same. An object at the end of the
# gate may have changed by the factor above.
MOST_COST = 2.0
# Of an object that was not seen for a frame; by eye.
COST_OF_GAP = 0.2


class Positions(NamedTuple):
  """Objects, as far as linking needs them.

  Attributes:
    places_px: float [n, 2], rows and columns on the specimen.
    diameters_px: float [n].
    missed: int [n], frames that each was not seen for; None for none.
  """

  places_px: np.ndarray
  diameters_px: np.ndarray
  missed: np.ndarray | None = None


def link_objects(before: Positions, after: Positions) -> np.ndarray:
  """Pairs of objects that are the same.

  Args:
    before, after: objects of two frames; drift is taken out of their places.

  Returns:
    int [links, 2]: which of the first, which of the second; each once at most.

  Examples:
    >>> one = Positions(np.array([[10.0, 10], [50, 50]]), np.array([8.0, 8]))
    >>> two = Positions(np.array([[51.0, 50], [90, 9]]), np.array([9.0, 8]))
    >>> link_objects(one, two).tolist()
    [[1, 0]]
  """
  pairs, costs = _candidates(before, after)
  if not len(pairs):
    return np.zeros((0, 2), int)
  first, second = len(before.diameters_px), len(after.diameters_px)
  graph = scipy.sparse.coo_array(
    (np.ones(len(pairs)), (pairs[:, 0], first + pairs[:, 1])),
    shape=(first + second,) * 2,
  )
  _, groups = scipy.sparse.csgraph.connected_components(graph, directed=False)
  of_pair = groups[pairs[:, 0]]
  order = np.argsort(of_pair, kind='stable')
  ends = np.flatnonzero(np.diff(of_pair[order])) + 1
  linked = [
    _assign(pairs[group], costs[group]) for group in np.split(order, ends)
  ]
  found = np.concatenate(linked)
  return found[np.argsort(found[:, 0])]


def _candidates(
  before: Positions, after: Positions
) -> tuple[np.ndarray, np.ndarray]:
  """Pairs that may be one object, and what each costs."""
  none = np.zeros((0, 2), int), np.zeros(0)
  if not len(before.diameters_px) or not len(after.diameters_px):
    return none
  gates = np.maximum(GATE_PX, GATE_DIAMETERS * before.diameters_px)
  near = scipy.spatial.KDTree(after.places_px).query_ball_point(
    before.places_px, gates, return_sorted=True
  )
  counts = [len(one) for one in near]
  if not sum(counts):
    return none
  pairs = np.column_stack(
    [
      np.repeat(np.arange(len(near)), counts),
      np.concatenate([np.array(one, int) for one in near]),
    ]
  )
  one, other = pairs.T
  away = np.linalg.norm(before.places_px[one] - after.places_px[other], axis=1)
  ratio = np.log(after.diameters_px[other] / before.diameters_px[one])
  costs = (away / gates[one]) ** 2 + (ratio / math.log(SIZE_FACTOR)) ** 2
  if before.missed is not None:
    costs += COST_OF_GAP * before.missed[one]
  cheap = costs < MOST_COST
  return pairs[cheap], costs[cheap]


def _assign(pairs: np.ndarray, costs: np.ndarray) -> np.ndarray:
  """The cheapest pairs of one group; some objects may stay alone."""
  if len(pairs) == 1:
    return pairs
  rows, row_of = np.unique(pairs[:, 0], return_inverse=True)
  columns, column_of = np.unique(pairs[:, 1], return_inverse=True)
  # What is no pair costs nothing, and a pair earns what it is cheaper than the
  # most: so whoever is assigned to a 0 is alone.
  gain = np.zeros((len(rows), len(columns)))
  gain[row_of, column_of] = MOST_COST - costs
  chosen = scipy.optimize.linear_sum_assignment(gain, maximize=True)
  linked = gain[chosen] > 0
  return np.column_stack([rows[chosen[0][linked]], columns[chosen[1][linked]]])
