"""Where the pixels of a simulated micrograph lie, in nanometres."""

import math

import numpy as np

from defectseg_jax.simulation.parameters import FoilParameters


def centred_coordinates(foil: FoilParameters) -> tuple[np.ndarray, np.ndarray]:
  """x and y of the pixels' centres, from the centre of the micrograph.

  Args:
    foil: its parameters.

  Returns:
    x, float32 [1, side_px], and y, float32 [side_px, 1], in nanometres.
  """
  x = (np.arange(foil.side_px, dtype=np.float32) + 0.5) * np.float32(
    foil.pixel_size_nm
  ) - np.float32(foil.side_nm / 2)
  return x[None, :], x[:, None]


def window_around(
  x_nm: float, y_nm: float, reach_nm: float, foil: FoilParameters
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
  """The pixels within a distance of a point, and how far they are from it.

  Args:
    x_nm: of the point.
    y_nm: of the point.
    reach_nm: half the side of the window.
    foil: its parameters.

  Returns:
    Slices of rows and columns, clipped to the micrograph; the distances to the
    right, [1, columns], and down, [rows, 1], in nanometres.
  """
  pixel = foil.pixel_size_nm
  rows, columns = (
    slice(
      max(0, math.floor((c - reach_nm) / pixel)),
      max(0, min(foil.side_px, math.ceil((c + reach_nm) / pixel))),
    )
    for c in (y_nm, x_nm)
  )
  right = (np.arange(columns.start, columns.stop) + 0.5) * pixel - x_nm
  down = (np.arange(rows.start, rows.stop) + 0.5) * pixel - y_nm
  return (rows, columns), right[None, :], down[:, None]


def pixels_of_boxes(
  first: np.ndarray, sides: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """All pixels of boxes, row by row and box after box.

  Args:
    first: int [boxes, 2], row and column of each one's corner.
    sides: int [boxes, 2], its rows and columns.

  Returns:
    Number of the box, row and column: int [pixels] each.

  Examples:
    >>> box, row, column = pixels_of_boxes(
    ...   np.array([[0, 5], [7, 7]]), np.array([[1, 2], [2, 1]])
    ... )
    >>> box.tolist(), row.tolist(), column.tolist()
    ([0, 0, 1, 1], [0, 0, 7, 8], [5, 6, 7, 7])
  """
  heights, widths = sides.T
  # Of each row first: there are fewer of them.
  box = np.repeat(np.arange(len(sides)), heights)
  above = heights.cumsum() - heights
  row = np.arange(len(box)) + (first[:, 0] - above)[box]
  width = widths[box]
  before = width.cumsum() - width
  column = np.arange(width.sum()) + np.repeat(first[box, 1] - before, width)
  return np.repeat(box, width), np.repeat(row, width), column


def slopes(values: np.ndarray) -> np.ndarray:
  """`np.gradient(values, axis=0)`, to the same bits and quicker for short ones.

  Args:
    values: float [n, ...], n at least 2.

  Returns:
    Of that shape: differences of what lies on either side, halved.

  Examples:
    >>> slopes(np.array([0.0, 1.0, 4.0])).tolist()
    [1.0, 2.0, 3.0]
  """
  result = np.empty_like(values)
  result[1:-1] = (values[2:] - values[:-2]) / 2
  result[0] = values[1] - values[0]
  result[-1] = values[-1] - values[-2]
  return result


def unit_steps(count: int) -> np.ndarray:
  """`np.linspace(0, 1, count)`, to the same bits and quicker for short ones.

  Args:
    count: 2 or more.

  Examples:
    >>> unit_steps(5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
  """
  steps = np.arange(count) * (1 / (count - 1))
  steps[-1] = 1
  return steps
