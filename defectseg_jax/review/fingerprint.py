"""Whether a mask is still what it was, told without a copy of it."""

import numpy as np

from defectseg_jax.review.layers import blocks_of_rows

_STEP = np.uint64(0x9E3779B97F4A7C15)


class Fingerprint:
  """A number of a mask, and how many pairs of pixels of its objects touch.

  Masks that differ have different numbers, but for one in 2^64: each pixel adds
  one that follows from its place alone. Both are kept up to date by the pixels
  that change.

  Attributes:
    marked: of the mask.
  """

  def __init__(self, ids: np.ndarray) -> None:
    """Looks through the layer.

    Args:
      ids: int32 [H, W].
    """
    # A pair has two ends, each of which is counted.
    self.marked, self._ends = 0, 0
    for rows in blocks_of_rows(ids.shape):
      places = np.flatnonzero(ids[rows] > 0) + rows.start * ids.shape[1]
      self.marked = (self.marked + _marked(places)) % 2**64
      self._ends += _ends(ids, places)

  @property
  def touching(self) -> int:
    """Pairs of neighbours, corners too, that are of two objects."""
    return self._ends // 2

  def key(self) -> tuple[int, int]:
    """What tells masks apart that are written differently."""
    return self.marked, self.touching

  def without(self, ids: np.ndarray, places: np.ndarray) -> None:
    """Takes pixels away, before they change.

    Args:
      ids: of the mask.
      places: int64 [n], counted row after row.
    """
    self._count(ids, places, -1)

  def with_(self, ids: np.ndarray, places: np.ndarray) -> None:
    """Adds pixels, after they changed; arguments as of `without`."""
    self._count(ids, places, 1)

  def _count(self, ids: np.ndarray, places: np.ndarray, sign: int) -> None:
    inside = np.zeros(ids.size, bool)
    inside[places] = True
    there = places[ids.take(places) > 0]
    self.marked = (self.marked + sign * _marked(there)) % 2**64
    self._ends += sign * _ends(ids, there, inside)


def _marked(places: np.ndarray) -> int:
  # The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
  mixed = (places.astype(np.uint64) + np.uint64(1)) * _STEP
  mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
  mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
  mixed ^= mixed >> np.uint64(31)
  return int(np.add.reduce(mixed, dtype=np.uint64))


def _ends(
  ids: np.ndarray, places: np.ndarray, inside: np.ndarray | None = None
) -> int:
  """Neighbours of another object that pixels have.

  Args:
    ids: of the mask.
    places: of pixels of objects, counted row after row.
    inside: bool [H * W], where they are; then those that a pixel beside them
      has among them are counted, too. None counts their own alone.
  """
  width, found = ids.shape[1], 0
  column, here = places % width, ids.take(places)
  for down, along in _NEIGHBOURS:
    others = places + (down * width + along)
    there = ids.take(others, mode='clip')
    touch = (there > 0) & (there != here)
    # Beyond a side of the image there is nothing.
    touch &= (others >= 0) & (others < ids.size)
    if along:
      touch &= column != (0 if along < 0 else width - 1)
    found += int(np.count_nonzero(touch))
    if inside is not None:
      found += int(np.count_nonzero(~inside[others[touch]]))
  return found


_NEIGHBOURS = [
  (down, along)
  for down in (-1, 0, 1)
  for along in (-1, 0, 1)
  if (down, along) != (0, 0)
]
