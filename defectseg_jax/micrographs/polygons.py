"""The pixels inside of polygons: what `outlines` makes, turned back."""

from collections.abc import Iterable

import numpy as np


def pixels_inside(
  polygons: Iterable[np.ndarray], shape: tuple[int, int]
) -> np.ndarray:
  """The pixels whose middle is inside of an odd number of closed polygons.

  So a polygon within another one is a hole. A middle that lies on an edge is
  inside if the edge is a left or an upper one: polygons that share an edge
  share no pixel, as those of ImageJ.

  Args:
    polygons: [corners, 2] each, x before y, in pixels; 0, 0 is the outer corner
      of the first pixel. The last corner may be the first again.
    shape: H, W of the image; what is outside of it is left out.

  Returns:
    bool [H, W].

  Examples:
    >>> square = np.array([[0, 0], [2, 0], [2, 1], [0, 1]])
    >>> pixels_inside([square], (2, 3)).astype(int)
    array([[1, 1, 0],
           [0, 0, 0]])
  """
  height, width = shape
  # Along a row, a pixel is inside after an odd number of crossings.
  crossings = np.zeros((height, width + 1), np.uint8)
  for polygon in polygons:
    rows, columns = _crossings(np.asarray(polygon, float), height)
    np.add.at(crossings, (rows, np.clip(columns, 0, width)), 1)
  return np.bitwise_xor.accumulate(crossings & 1, axis=1)[:, :-1] > 0


def _crossings(
  polygon: np.ndarray, height: int
) -> tuple[np.ndarray, np.ndarray]:
  """Rows whose middle the edges cross, and the first pixel behind each."""
  x0, y0 = polygon.T
  x1, y1 = np.roll(polygon, -1, axis=0).T
  low, high = np.minimum(y0, y1), np.maximum(y0, y1)
  first = np.clip(np.ceil(low - 0.5), 0, height).astype(int)
  after = np.clip(np.ceil(high - 0.5), 0, height).astype(int)
  count = after - first
  edge = np.repeat(np.arange(len(polygon)), count)
  within = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
  rows = first[edge] + within
  slope = (x1 - x0)[edge] / (y1 - y0)[edge]
  x = x0[edge] + slope * (rows + 0.5 - y0[edge])
  return rows, np.ceil(x - 0.5).astype(int)
