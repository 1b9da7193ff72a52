"""Regions of runs: which runs of one number are of one piece."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from defectseg_jax.quantification.particles.run_lengths import Runs


def number_pieces(runs: Runs, connectivity: int) -> tuple[Runs, int]:
  """Numbers the pieces of labels; most labels are of one.

  Args:
    runs: from `find_runs`.
    connectivity: 8 joins pixels that touch at a corner, 4 does not.

  Returns:
    The runs, whose labels are the pieces from 1, in no order that follows from
    where they are; and how many pieces there are.

  Examples:
    >>> from defectseg_jax.quantification.particles.run_lengths import find_runs
    >>> runs = find_runs(np.array([[7, 0, 0], [0, 7, 0], [9, 9, 0], [0, 0, 7]]))
    >>> [number_pieces(runs, connectivity)[1] for connectivity in (8, 4)]
    [3, 4]
  """
  if not len(runs.label):
    return runs, 0
  first, second = _links(runs, connectivity // 8)
  graph = coo_array(
    (np.ones(len(first), np.int8), (first, second)), (len(runs.label),) * 2
  )
  count, piece = connected_components(graph, directed=False)
  # A stable sort keeps the order of rows in each piece.
  order = np.argsort(piece, kind='stable')
  return (
    Runs(
      piece[order].astype(np.int64) + 1,
      *(runs.row[order], runs.first[order], runs.last[order]),
    ),
    int(count),
  )


def _links(runs: Runs, beyond: int) -> tuple[np.ndarray, np.ndarray]:
  """Pairs of runs of one label that touch, one in the row below the other.

  Args:
    runs: in their order.
    beyond: how many columns beyond its ends a run reaches.
  """
  height, width = int(runs.row.max()) + 2, int(runs.last.max()) + 3
  # Growing numbers, since runs are in the order of label, row and column.
  row = (runs.label * height + runs.row) * width + 1
  low = np.searchsorted(row + runs.last, row + width + runs.first - beyond)
  high = np.searchsorted(
    row + runs.first, row + width + runs.last + beyond, 'right'
  )
  count = high - low
  one = np.repeat(np.arange(len(row)), count)
  turn = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
  return one, np.repeat(low, count) + turn
