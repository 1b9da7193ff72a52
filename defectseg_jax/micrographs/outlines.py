"""A region of pixels -> the polygons around it, along the pixels' edges."""

import numpy as np

# Of the four ways to leave a corner, clockwise as an image is shown.
_EAST, _SOUTH, _WEST, _NORTH = range(4)
_ROWS_AHEAD = np.array([0, 1, 0, -1])
_COLUMNS_AHEAD = np.array([1, 0, -1, 0])


def outlines(region: np.ndarray) -> list[np.ndarray]:
  """The closed polygons that bound a region.

  They run from corner to corner of its pixels with the region on their right,
  so that an outer one is clockwise in an image and the one of a hole is not,
  and their signed areas add up to the number of pixels. Pixels that touch at a
  corner only are of one piece (8-connectivity): their polygon passes through
  that corner twice.

  Args:
    region: bool [H, W].

  Returns:
    One array of int64 [corners, 2] for each, x before y, where 0, 0 is the
    outer corner of the first pixel; only corners where the polygon turns. The
    first polygon is that around the region's first pixel. A region in one piece
    and without holes has one polygon.

  Examples:
    >>> outlines(np.array([[False, True, True]]))
    [array([[1, 0],
           [3, 0],
           [3, 1],
           [1, 1]])]
  """
  padded = np.pad(np.asarray(region, bool), 1)
  # The pixels that meet at each corner.
  north_west, north_east = padded[:-1, :-1], padded[:-1, 1:]
  south_west, south_east = padded[1:, :-1], padded[1:, 1:]
  leaving = np.stack(
    [
      south_east & ~north_east,
      south_west & ~south_east,
      north_west & ~south_west,
      north_east & ~north_west,
    ]
  )
  edges = np.flatnonzero(leaving)
  following, turns = _following_edges(edges, leaving)
  is_corner = np.empty(len(edges), bool)
  is_corner[following] = turns
  _, row, column = np.unravel_index(edges, leaving.shape)
  corners = np.stack([column, row], axis=1)
  polygons = []
  for loop in _loops(following.tolist()):
    indices = np.array(loop)
    polygons.append(corners[indices[is_corner[indices]]])
  return polygons


def _following_edges(
  edges: np.ndarray, leaving: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Which edge comes after each, and whether the polygon turns there.

  Args:
    edges: int64 [edges], indices into the flat `leaving`.
    leaving: bool [4, H + 1, W + 1], whether an edge leaves a corner in each
      direction.

  Returns:
    int64 [edges], indices into `edges`, and bool [edges].
  """
  direction, row, column = np.unravel_index(edges, leaving.shape)
  row_ahead = row + _ROWS_AHEAD[direction]
  column_ahead = column + _COLUMNS_AHEAD[direction]
  left, right = (direction - 1) % 4, (direction + 1) % 4
  # Left first: where two pixels meet at a corner only, across to the other.
  next_direction = np.select(
    [
      leaving[left, row_ahead, column_ahead],
      leaving[direction, row_ahead, column_ahead],
    ],
    [left, direction],
    right,
  )
  following = np.searchsorted(
    edges,
    np.ravel_multi_index(
      (next_direction, row_ahead, column_ahead), leaving.shape
    ),
  )
  return following, next_direction != direction


def _loops(following: list[int]) -> list[list[int]]:
  """The cycles of a permutation, each from its smallest number on."""
  loops, seen = [], bytearray(len(following))
  for first in range(len(following)):
    loop = []
    edge = first
    while not seen[edge]:
      seen[edge] = True
      loop.append(edge)
      edge = following[edge]
    if loop:
      loops.append(loop)
  return loops
