"""Many closed contours with fewer corners, all at once.

The algorithm of Ramer, Douglas and Peucker, as in
skimage.measure.approximate_polygon, which takes one contour: 100,000 of them
would take minutes. And its module loads SciPy's signals and statistics, a third
of what `--mode=quantify` takes for a small mask.

References:
  D. H. Douglas, T. K. Peucker, Cartographica 10 (1973) 112.
"""

from collections.abc import Sequence

import numpy as np

_LEAST_CORNERS = 3


def simplified(
  contours: Sequence[np.ndarray], tolerance: float
) -> list[np.ndarray]:
  """Leaves out corners that lie near the line through those that stay.

  Args:
    contours: float64 [points, 2] each, the first point again at the end.
    tolerance: how far a corner that is left out may lie from that line.

  Returns:
    The corners of each, none twice. A contour that would have fewer than three
    keeps all.

  Examples:
    >>> square = np.array([[0, 0], [2, 0], [4, 0], [4, 4], [0, 4], [0, 0.0]])
    >>> simplified([square], 0.5)[0].tolist()
    [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]]
  """
  if not contours:
    return []
  points = np.concatenate(contours)
  after = np.cumsum([len(contour) for contour in contours])
  first, last = np.concatenate([[0], after[:-1]]), after - 1
  kept = np.zeros(len(points), bool)
  kept[first] = True
  begin, end = first, last
  while len(begin):
    farthest, distance = _farthest_points(points, begin, end)
    split = distance > tolerance
    middle = farthest[split]
    kept[middle] = True
    begin = np.concatenate([begin[split], middle])
    end = np.concatenate([middle, end[split]])
    long = end - begin > 1
    begin, end = begin[long], end[long]
  few = np.add.reduceat(kept, first, dtype=np.int64) < _LEAST_CORNERS
  kept |= np.repeat(few, after - first)
  kept[last] = False
  return np.split(
    points[kept], np.cumsum(np.add.reduceat(kept, first, dtype=np.int64))[:-1]
  )


def _farthest_points(
  points: np.ndarray, begin: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Of the points between two of a contour, the farthest from their segment.

  Args:
    points: [n, 2].
    begin, end: int [segments], with a point or more between.

  Returns:
    Its index, the first of several, and its distance; [segments] each.
  """
  counts = end - begin - 1
  starts = np.cumsum(counts) - counts
  segment = np.repeat(np.arange(len(counts)), counts)
  index = np.arange(len(segment)) + np.repeat(begin + 1 - starts, counts)
  along = (points[end] - points[begin])[segment]
  away = points[index] - points[begin][segment]
  squared = (along**2).sum(axis=1)
  # Ends may be one point: a contour begins as one.
  share = (away * along).sum(axis=1) / np.where(squared > 0, squared, 1)
  away -= np.clip(share, 0, 1)[:, None] * along
  distance = np.hypot(away[:, 0], away[:, 1])
  most = np.maximum.reduceat(distance, starts)
  is_most = np.flatnonzero(distance == most[segment])
  _, firsts = np.unique(segment[is_most], return_index=True)
  return index[is_most[firsts]], most
