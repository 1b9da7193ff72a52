"""Whether a mask is still what it was, told without a copy of it."""

import numpy as np

from defectseg_jax.review.layers import Box, grow, part

_STEP = np.uint64(0x9E3779B97F4A7C15)
# Looked through at a time, so that no copy of a large mask is made; by eye.
_AT_ONCE_PX = 1 << 20


class Fingerprint:
  """A number of a mask, and how many pairs of pixels of its objects touch.

  Masks that differ have different numbers, but for one in 2^64: each pixel adds
  one that follows from its place alone. Both are kept up to date box by box.

  Attributes:
    marked: of the mask.
    touching: pairs of neighbours, corners too, that are of two objects.
  """

  def __init__(self, ids: np.ndarray) -> None:
    """Looks through the layer.

    Args:
      ids: int32 [H, W].
    """
    width = ids.shape[1]
    parts = [_marked(ids, (top, 0, end, width)) for top, end in _strips(ids)]
    self.marked = sum(parts) % 2**64
    self.touching = _touching(ids)

  def key(self) -> tuple[int, int]:
    """What tells masks apart that are written differently."""
    return self.marked, self.touching

  def without(self, ids: np.ndarray, box: Box) -> None:
    """Takes the part of a box away, before it changes."""
    self._count(ids, box, -1)

  def with_(self, ids: np.ndarray, box: Box) -> None:
    """Adds the part of a box, after it changed."""
    self._count(ids, box, 1)

  def _count(self, ids: np.ndarray, box: Box, sign: int) -> None:
    height, width = ids.shape
    self.marked = (self.marked + sign * _marked(ids, box)) % 2**64
    around = grow(box, 1, (height, width))
    self.touching += sign * _touching(ids[part(around)])


def _strips(ids: np.ndarray) -> list[tuple[int, int]]:
  """First row of each part, and that after its last."""
  height, width = ids.shape
  step = max(1, _AT_ONCE_PX // max(1, width))
  return [(top, min(top + step, height)) for top in range(0, height, step)]


def _marked(ids: np.ndarray, box: Box) -> int:
  rows, columns = np.nonzero(ids[part(box)])
  places = (rows + box[0]).astype(np.uint64) * np.uint64(ids.shape[1])
  places += (columns + box[1]).astype(np.uint64)
  # The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
  mixed = (places + np.uint64(1)) * _STEP
  mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
  mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
  mixed ^= mixed >> np.uint64(31)
  return int(np.add.reduce(mixed, dtype=np.uint64))


def _touching(ids: np.ndarray) -> int:
  """Pairs of neighbours of two objects."""
  found, width = 0, ids.shape[1]
  for top, end in _strips(ids):
    # Flat, with the row below and a column of background; few are marked.
    flat = np.pad(ids[top : end + 1], [(0, 1), (0, 1)]).ravel()
    places = np.flatnonzero(flat[: (end - top) * (width + 1)])
    here = flat[places]
    for step in (1, width, width + 1, width + 2):
      other = flat[places + step]
      found += int(np.count_nonzero((other > 0) & (other != here)))
  return found
