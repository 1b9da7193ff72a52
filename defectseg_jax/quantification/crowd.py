"""Circles in many images at once, and whether another has room beside them."""

import numpy as np

_NONE = -1


class Crowd:
  """Circles by the cell of a grid that they lie in; only those near are asked.

  A cell is as wide as two circles at least, so that what overlaps lies in the
  same cell or in one beside it, and there are no more cells than circles.
  """

  def __init__(
    self, placed: np.ndarray, radii: np.ndarray, shape: tuple[int, ...]
  ) -> None:
    """Holds no circle yet.

    Args:
      placed: float64 [images, n, 2], rows and columns, read when a circle is
        added, and after.
      radii: [n].
      shape: H, W.
    """
    count = len(radii)
    self._placed, self._radii = placed, radii
    self._side = max(
      *(2 * float(np.max(radii, initial=0)), 1.0),
      float(np.sqrt(np.prod(shape) / max(count, 1))),
    )
    # A row and a column more on each side: every cell has nine about it.
    self._cells = tuple(int(one // self._side) + 3 for one in shape)
    images = len(placed)
    # The last circle of each cell, and the one before each in its cell.
    self._last = np.full((images, *self._cells), _NONE, np.int32)
    self._before = np.full((images, count), _NONE, np.int32)

  def add(self, one: int) -> None:
    """Adds a circle, which lies in each image where `placed` says."""
    rows, columns = self._cell_of(self._placed[:, one])
    where = np.arange(len(rows)), rows, columns
    self._before[:, one] = self._last[where]
    self._last[where] = one

  def has_room(
    self, images: np.ndarray, points: np.ndarray, radius: float
  ) -> np.ndarray:
    """Whether a circle would overlap none of those that were added.

    Args:
      images: int [m], which.
      points: [m, 2], its centre in each of them.
      radius: of it.

    Returns:
      bool [m].
    """
    room = np.ones(len(images), bool)
    rows, columns = (one[:, None, None] for one in self._cell_of(points))
    beside = np.arange(-1, 2)
    found = self._last[
      images[:, None, None],
      rows + beside[:, None],
      columns + beside,
    ].reshape(-1, 9)
    asked, _ = np.nonzero(found != _NONE)
    others = found[found != _NONE]
    while len(others):
      apart = self._placed[images[asked], others] - points[asked]
      least = self._radii[others] + radius
      room[asked[(apart**2).sum(-1) < least**2]] = False
      others = self._before[images[asked], others]
      more = (others != _NONE) & room[asked]
      asked, others = asked[more], others[more]
    return room

  def _cell_of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    cells = ((points + 0.5) // self._side).astype(int) + 1
    rows, columns = np.clip(cells, 1, np.array(self._cells) - 2).T
    return rows, columns
