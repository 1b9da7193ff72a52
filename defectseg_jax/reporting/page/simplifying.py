"""A line of points to fewer: Ramer, Douglas and Peucker's way.

scikit-image has it too, in a module that loads SciPy's signals and statistics:
a third of what `--mode=quantify` takes for a small mask.
"""

import numpy as np


def simplify_line(points: np.ndarray, tolerance_px: float) -> np.ndarray:
  """Leaves out points that lie within a distance of the line without them.

  Args:
    points: float [N, 2], in order; the first and the last one stay.
    tolerance_px: the largest distance.

  Returns:
    Those that stay, [K, 2].

  References:
    D. H. Douglas, T. K. Peucker, Cartographica 10 (1973) 112.

  Examples:
    >>> bend = np.array([[0.0, 0], [1, 0.1], [2, 0], [2, 2]])
    >>> simplify_line(bend, 0.5).tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]]
  """
  stays = np.zeros(len(points), bool)
  stays[[0, -1]] = True
  spans = [(0, len(points) - 1)]
  while spans:
    first, last = spans.pop()
    if last - first < 2:
      continue
    squares = _squared_distances(points[first : last + 1])
    farthest = int(squares.argmax())
    if squares[farthest] > tolerance_px**2:
      middle = first + 1 + farthest
      stays[middle] = True
      spans += [(first, middle), (middle, last)]
  return points[stays]


def _squared_distances(points: np.ndarray) -> np.ndarray:
  """Of all but the ends, to the straight piece between the ends."""
  rows, columns = (points[1:-1] - points[0]).T
  row, column = points[-1] - points[0]
  square = row**2 + column**2
  if square:
    share = np.clip((rows * row + columns * column) / square, 0, 1)
    rows, columns = rows - share * row, columns - share * column
  return rows**2 + columns**2
