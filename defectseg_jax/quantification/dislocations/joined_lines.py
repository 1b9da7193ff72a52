"""How many lines a mask numbers, and how many are left of those that touch.

Lines that touch are measured as one, as a skeleton runs on from one to the
next.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from defectseg_jax.quantification.particles.components import label_regions

# Top, left, bottom, right; the row and column after the last.
Box = tuple[int, int, int, int]


class JoinedLines(NamedTuple):
  """Numbers of lines.

  Attributes:
    numbered: as the ids have them.
    joined: where those that touch are one.
  """

  numbered: int
  joined: int


def joined_lines(mask: np.ndarray, ids: np.ndarray) -> JoinedLines:
  """Looks through a whole mask.

  Args:
    mask: bool [H, W], of specimen alone.
    ids: int [H, W], the line at each pixel, 0 in the background.

  Examples:
    >>> ids = np.array([[1, 2, 0, 3]])
    >>> joined_lines(ids > 0, ids)
    JoinedLines(numbered=3, joined=2)
  """
  return JoinedLines(len(_areas(ids)), label_regions(mask)[1])


class ChangingJoins:
  """The same of ids that change, looked at only where they do."""

  def __init__(self, ids: np.ndarray) -> None:
    """Looks through all of it.

    Args:
      ids: int [H, W], the line at each pixel, 0 in the background; each is in
        one piece, corners connect. They are looked at again by `change`.
    """
    self._ids = ids
    self._areas_px, self._touching = _areas(ids), _touching(ids)

  def before(self, box: Box) -> None:
    """Takes away what is in a box, before it changes."""
    inside, around = self._parts(box)
    self._areas_px.subtract(_areas(inside))
    self._touching.subtract(_touching(around))

  def change(self, box: Box) -> None:
    """Adds what is in a box, after it changed."""
    inside, around = self._parts(box)
    self._areas_px.update(_areas(inside))
    self._touching.update(_touching(around))
    # Of what is gone, no trace.
    self._areas_px, self._touching = +self._areas_px, +self._touching

  def count(self) -> JoinedLines:
    """How many lines there are now."""
    place = {one: number for number, one in enumerate(self._areas_px)}
    pairs = [(place[one], place[two]) for one, two in self._touching]
    one, two = np.array(pairs, np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(one)), (one, two)), (len(place),) * 2)
    joined = connected_components(links, directed=False)[0] if place else 0
    return JoinedLines(len(place), int(joined))

  def _parts(self, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """The ids in a box, and with their neighbours."""
    top, left, bottom, right = box
    around = self._ids[
      max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1
    ]
    return self._ids[top:bottom, left:right], around


def _areas(ids: np.ndarray) -> Counter[int]:
  """How many pixels each line has."""
  counts = np.bincount(ids[ids > 0])
  there = np.flatnonzero(counts)
  return Counter(dict(zip(there.tolist(), counts[there].tolist())))


def _touching(ids: np.ndarray) -> Counter[tuple[int, int]]:
  """How many pairs of neighbours, corners too, are of each two lines."""
  # Flat, with a row and a column of background; few pixels are marked.
  flat, width = np.pad(ids, [(0, 1), (0, 1)]).ravel(), ids.shape[1]
  places = np.flatnonzero(flat > 0)
  here, found = flat[places], []
  for step in (1, width, width + 1, width + 2):
    other = flat[places + step]
    differs = (other > 0) & (other != here)
    found.append(np.sort([here[differs], other[differs]], axis=0))
  pairs, counts = np.unique(
    np.concatenate(found, axis=1), axis=1, return_counts=True
  )
  one, two = pairs.tolist()
  return Counter(dict(zip(zip(one, two), counts.tolist())))
