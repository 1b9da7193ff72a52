"""A document as a screen shows it: tiles of several sizes.

Level 0 has the image's own pixels; those of each further level stand for 2 x 2
of the level before. What a tile shows is made when it is asked for. Of level 0
nothing is kept but the arrays of the document itself, and the smaller levels of
a layer take a third of its size.
"""

import math
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.reporting.overlays import grey_between, grey_range
from defectseg_jax.review.document import Document

TILE_PX = 512
# Pixels of a level that are made at a time, so that 16384 x 16384 pixels do not
# stand in memory twice.
_AT_ONCE_PX = 1 << 18
# With fewer objects than one for so many pixels, a level is made where they are
# alone; by eye.
_SPARSE_PX = 1 << 13
# What is black and what is white is told from so many pixels of the image.
_MOST_SAMPLED = 2**22

# An object at a pixel, in one number: whatever is larger hides what is smaller
# where pixels are put together.
OBJECT_BIT = 1 << 26
REGION_SHIFT = 28
_IDS = OBJECT_BIT - 1

Box = tuple[int, int, int, int]


class _Pyramid:
  """The smaller levels of one layer."""

  def __init__(
    self,
    shape: tuple[int, int],
    read: Callable[[int, int, int, int], np.ndarray],
    reduce: Callable[[np.ndarray], np.ndarray],
    occupied: Callable[[], Sequence[Box]],
  ) -> None:
    """Makes nothing yet: who looks closely needs level 0 alone.

    Args:
      shape: of level 0.
      read: a part of level 0: from top, left to below bottom, right.
      reduce: takes [H, W] of even sides to [H / 2, W / 2].
      occupied: boxes of level 0 that hold all that is not 0.
    """
    self._read, self._reduce, self._shape = read, reduce, shape
    self._occupied = occupied
    self._smaller: list[np.ndarray] = []

  def part(
    self, level: int, top: int, left: int, bottom: int, right: int
  ) -> np.ndarray:
    """A part of a level, that lies within it."""
    if level == 0:
      return self._read(top, left, bottom, right)
    while len(self._smaller) < level:
      self._add_level()
    return self._smaller[level - 1][top:bottom, left:right]

  def refresh(self, box: Box) -> None:
    """Takes over what changed of level 0."""
    for level in range(1, len(self._smaller) + 1):
      self._fill(level, _smaller_box(box, level))

  def _add_level(self) -> None:
    level = len(self._smaller) + 1
    height, width = (-(-side // 2**level) for side in self._shape)
    kind = self._read(0, 0, 1, 1).dtype
    self._smaller.append(np.zeros((height, width), kind))
    for box in self._occupied():
      self._fill(level, _smaller_box(box, level))

  def _fill(self, level: int, box: Box) -> None:
    top, left, bottom, right = box
    height, width = (
      self._shape if level == 1 else self._smaller[level - 2].shape
    )
    step = max(1, _AT_ONCE_PX // max(1, right - left))
    for start in range(top, bottom, step):
      end = min(start + step, bottom)
      above = self.part(
        level - 1,
        *(2 * start, 2 * left, min(2 * end, height), min(2 * right, width)),
      )
      odd = [(0, 2 * (end - start) - above.shape[0])]
      odd.append((0, 2 * (right - left) - above.shape[1]))
      if any(side for _, side in odd):
        above = np.pad(above, odd, 'edge')
      self._smaller[level - 1][start:end, left:right] = self._reduce(above)


def _smaller_box(box: Box, level: int) -> Box:
  """Of a level, what shows any of a box of level 0."""
  top, left, bottom, right = box
  side = 2**level
  return top // side, left // side, -(-bottom // side), -(-right // side)


class Picture:
  """What a screen shows of one document.

  Whoever calls it holds the document's lock.

  Attributes:
    document: that is shown.
    levels: how many sizes there are.
  """

  def __init__(self, document: Document) -> None:
    """Looks at the greys alone.

    Args:
      document: that is shown.
    """
    self.document = document
    shape = document.shape
    self.levels = 1 + max(0, math.ceil(math.log2(max(shape) / TILE_PX)))
    self._greys = _grey_range(document.pixels)
    self._version, self._lesson = document.version, document.lesson
    self._layers: dict[str, _Pyramid] = {}
    self._proposal: tuple[pathlib.Path | None, np.ndarray] = (
      None,
      np.zeros(shape, bool),
    )

  def propose(self, path: pathlib.Path | None) -> None:
    """Shows a mask as what is proposed.

    Args:
      path: of the mask; None where nothing is proposed any more.

    Raises:
      InputError: it is not of this image's size.
    """
    if path == self._proposal[0]:
      return
    mask = (
      np.zeros(self.document.shape, bool) if path is None else read_mask(path)
    )
    if mask.shape != self.document.shape:
      raise InputError(f'{path}: is not of the size of its image; learn again')
    self._proposal = path, mask
    self._layers.pop('proposal', None)

  def version_of(self, kind: str) -> object:
    """What a tile of a kind depends on, beside its place."""
    document = self.document
    return {
      'pixels': 0,
      'objects': document.version,
      'probabilities': document.lesson,
      'proposal': self._proposal[0],
    }[kind]

  def tile(self, kind: str, level: int, row: int, column: int) -> np.ndarray:
    """One tile.

    Args:
      kind: 'pixels', 'probabilities', 'objects' or 'proposal'.
      level, row, column: which; it must exist.

    Returns:
      uint8 [H, W] of at most 512 x 512 greys or probabilities; or uint32
      [H + 2, W + 2], of objects, with a pixel of the neighbours on each side:
      the id, `OBJECT_BIT` unless it is taken out, and the region from
      `REGION_SHIFT` on. Proposed objects never touch, and all have the id 1.
    """
    self.catch_up()
    height, width = self.size(level)
    top, left = row * TILE_PX, column * TILE_PX
    bottom, right = min(top + TILE_PX, height), min(left + TILE_PX, width)
    layer = self._layer(kind)
    if kind not in ('objects', 'proposal'):
      return layer.part(level, top, left, bottom, right)
    around = (
      *(max(top - 1, 0), max(left - 1, 0)),
      *(min(bottom + 1, height), min(right + 1, width)),
    )
    missing = [
      (around[0] - top + 1, bottom + 1 - around[2]),
      (around[1] - left + 1, right + 1 - around[3]),
    ]
    return np.pad(layer.part(level, *around), missing, 'edge')

  def size(self, level: int) -> tuple[int, int]:
    """Height and width of a level."""
    height, width = (-(-side // 2**level) for side in self.document.shape)
    return height, width

  def has_tile(self, kind: str, level: int, row: int, column: int) -> bool:
    """Whether there is such a tile."""
    if kind not in _READERS or not 0 <= level < self.levels:
      return False
    if kind == 'probabilities' and self.document.probabilities is None:
      return False
    if kind == 'proposal' and self._proposal[0] is None:
      return False
    height, width = self.size(level)
    return 0 <= row * TILE_PX < height and 0 <= column * TILE_PX < width

  def refresh(self, box: Box) -> None:
    """Takes over what the last change did to the objects."""
    if self._version + 1 == self.document.version:
      self._version += 1
      if 'objects' in self._layers and box[2] > box[0] and box[3] > box[1]:
        self._layers['objects'].refresh(box)

  def catch_up(self) -> None:
    """Forgets objects that others changed, as who takes a proposal does."""
    if self._version != self.document.version:
      self._layers.pop('objects', None)
      self._version = self.document.version
    if self._lesson != self.document.lesson:
      # Another network's.
      self._layers.pop('probabilities', None)
      self._lesson = self.document.lesson

  def _layer(self, kind: str) -> _Pyramid:
    if kind not in self._layers:
      read, reduce = _READERS[kind]

      def part(top: int, left: int, bottom: int, right: int) -> np.ndarray:
        return read(self, (slice(top, bottom), slice(left, right)))

      def occupied() -> Sequence[Box]:
        return self._occupied(kind)

      self._layers[kind] = _Pyramid(self.document.shape, part, reduce, occupied)
    return self._layers[kind]

  def _occupied(self, kind: str) -> Sequence[Box]:
    """Boxes outside of which a layer has nothing."""
    document, (height, width) = self.document, self.document.shape
    if kind == 'objects' and not document.regions.any():
      boxes = [one.box for one in document.objects()]
      if len(boxes) * _SPARSE_PX < height * width:
        return boxes
    return [(0, 0, height, width)]

  def _read_pixels(self, place: tuple[slice, slice]) -> np.ndarray:
    return grey_between(self.document.pixels[place], *self._greys)

  def _read_probabilities(self, place: tuple[slice, slice]) -> np.ndarray:
    assert self.document.probabilities is not None
    part = self.document.probabilities[place]
    return (np.clip(part, 0, 1) * 255 + 0.5).astype(np.uint8)

  def _read_proposal(self, place: tuple[slice, slice]) -> np.ndarray:
    found = self._proposal[1][place].astype(np.uint32)
    return found * (OBJECT_BIT | 1)

  def _read_objects(self, place: tuple[slice, slice]) -> np.ndarray:
    document = self.document
    ids = document.ids[place].astype(np.uint32)
    out = document.removed[place].astype(np.uint32) & _IDS
    regions = document.regions[place].astype(np.uint32) << REGION_SHIFT
    return np.where(ids > 0, (ids & _IDS) | OBJECT_BIT, out) | regions


def _grey_range(pixels: np.ndarray) -> tuple[float, float]:
  step = max(1, math.ceil(math.sqrt(pixels.size / _MOST_SAMPLED)))
  return grey_range(pixels[::step, ::step])


def _mean_of_four(above: np.ndarray) -> np.ndarray:
  total = above[0::2, 0::2].astype(np.uint16)
  for row, column in ((0, 1), (1, 0), (1, 1)):
    total += above[row::2, column::2]
  return ((total + 2) >> 2).astype(np.uint8)


def _largest_of_four(above: np.ndarray) -> np.ndarray:
  """A line of three pixels is seen in all levels."""
  first = np.maximum(above[0::2, 0::2], above[0::2, 1::2])
  return np.maximum(first, np.maximum(above[1::2, 0::2], above[1::2, 1::2]))


_READERS = {
  'pixels': (Picture._read_pixels, _mean_of_four),
  'probabilities': (Picture._read_probabilities, _mean_of_four),
  'objects': (Picture._read_objects, _largest_of_four),
  'proposal': (Picture._read_proposal, _largest_of_four),
}
