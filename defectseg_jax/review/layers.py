"""What a person edits: three layers of an image, and where their objects are.

A change is kept as the difference of each layer in a box. Added, it makes the
change; taken away, it undoes it: bit for bit, and without the program that once
computed it.
"""

import base64
import dataclasses
import zlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from scipy import ndimage

from defectseg_jax.errors import InputError

# Top, left, bottom, right; the row and column after the last.
Box = tuple[int, int, int, int]
NOWHERE: Box = (0, 0, 0, 0)

NAMES = ('ids', 'removed', 'regions')
# What counts, in the layer of regions.
USUAL, NOT_LABELLED, NO_SPECIMEN = 0, 1, 2
# Larger images are not looked through ahead, while a person looks; by eye.
MOST_AHEAD_PX = 1 << 25
# Some MiB of working memory, whatever the size of the image; by eye.
_BLOCK_PX = 1 << 21
_FEW_PX = 1 << 14


@dataclasses.dataclass(eq=False)
class Layers:
  """The layers of one image.

  Attributes:
    ids: int32 [H, W], the object at each pixel, 0 in the background.
    removed: int32 [H, W], likewise of objects that were taken out.
    regions: uint8 [H, W], what counts.
  """

  ids: np.ndarray
  removed: np.ndarray
  regions: np.ndarray

  @property
  def shape(self) -> tuple[int, int]:
    """Height and width."""
    height, width = self.ids.shape
    return height, width

  def to_save(self, *, ids_stand: bool) -> 'Layers':
    """What is written of them, while they change; the ids where they stand."""
    ids = self.ids.copy() if ids_stand else self.ids > 0
    some = self.regions.any()
    regions = self.regions.copy() if some else np.zeros(self.shape, np.uint8)
    return Layers(ids, self.removed, regions)

  def delta(self, box: Box, new: Mapping[str, np.ndarray]) -> dict[str, str]:
    """What new values of a box would change, as text.

    Args:
      box: of the image.
      new: arrays of the box, by the name of the layer.

    Returns:
      By name, those layers alone that change.
    """
    found = {}
    for name, values in new.items():
      old = getattr(self, name)[part(box)]
      if not np.array_equal(values, old):
        found[name] = _encode(values, old)
    return found

  def add(self, box: Box, delta: Mapping[str, str], *, sign: int = 1) -> None:
    """Makes a change, or undoes it.

    Args:
      box: that it is of.
      delta: from `delta`.
      sign: 1 makes it, -1 undoes it.

    Raises:
      ValueError: the text is damaged.
    """
    for name, text in delta.items():
      layer = getattr(self, name)[part(box)]
      for rows, values in _decode(text, layer):
        if sign > 0:
          layer[rows] += values
        else:
          layer[rows] -= values


def part(box: Box) -> tuple[slice, slice]:
  """A box as an index of arrays."""
  return slice(box[0], box[2]), slice(box[1], box[3])


def box_of(index: tuple[slice, slice]) -> Box:
  """An index of arrays as a box."""
  rows, columns = index
  return rows.start, columns.start, rows.stop, columns.stop


def around(boxes: Iterable[Box]) -> Box:
  """The smallest box that holds some.

  Examples:
    >>> around([(1, 1, 2, 2), (0, 5, 1, 9)])
    (0, 1, 2, 9)
  """
  boxes = [box for box in boxes if box != NOWHERE]
  if not boxes:
    return NOWHERE
  top, left, bottom, right = zip(*boxes)
  return min(top), min(left), max(bottom), max(right)


def grow(box: Box, margin: int, shape: tuple[int, int]) -> Box:
  """A box with a margin, as far as the image reaches."""
  top, left, bottom, right = box
  return (
    *(max(0, top - margin), max(0, left - margin)),
    *(min(shape[0], bottom + margin), min(shape[1], right + margin)),
  )


def differences(box: Box, old: np.ndarray, new: np.ndarray) -> Box:
  """The box of the pixels that differ, of arrays of a box."""
  differs = old != new
  rows = np.flatnonzero(differs.any(axis=1))
  if not len(rows):
    return NOWHERE
  columns = np.flatnonzero(differs.any(axis=0))
  top, left = box[0], box[1]
  return (
    *(top + int(rows[0]), left + int(columns[0])),
    *(top + int(rows[-1]) + 1, left + int(columns[-1]) + 1),
  )


def blocks_of_rows(shape: tuple[int, ...]) -> Iterator[slice]:
  """Parts of an image that are worked on one after the other."""
  step = max(1, _BLOCK_PX // max(1, shape[1]))
  for top in range(0, shape[0], step):
    yield slice(top, min(top + step, shape[0]))


def ids_in(values: np.ndarray) -> np.ndarray:
  """The ids that occur, sorted; without 0."""
  if not values.size:
    return np.zeros(0, np.int64)
  # Sorting millions of pixels would take longer than all else.
  if values.size < _FEW_PX:
    found = np.unique(values)
    return found[found > 0]
  return np.flatnonzero(areas_of(values))


def areas_of(ids: np.ndarray) -> np.ndarray:
  """How many pixels each id has: int64 [largest id + 1]; 0 is not counted."""
  # Most pixels are of no object: to leave them out first is faster.
  return np.bincount(ids[ids > 0], minlength=1)


class Places:
  """Where the objects of a layer are, kept up to date box by box."""

  def __init__(self, layer: np.ndarray) -> None:
    """Looks through the layer.

    Args:
      layer: int32 [H, W]; it is looked at again by `update`.
    """
    self._layer = layer
    self.boxes: dict[int, Box] = _boxes(layer, (0, 0, *layer.shape))

  def update(self, box: Box, ids_before: np.ndarray) -> None:
    """Looks again where something changed.

    Args:
      box: where it did.
      ids_before: from `ids_in`, of what was in it.
    """
    if box == NOWHERE:
      return
    now = ids_in(self._layer[part(box)])
    affected = {int(one) for one in (*ids_before, *now)}
    old = (self.boxes[one] for one in affected if one in self.boxes)
    looked = around([box, *old])
    found = _boxes(self._layer, looked)
    for one in affected:
      self.boxes.pop(one, None)
      if one in found:
        self.boxes[one] = found[one]


def _boxes(layer: np.ndarray, box: Box) -> dict[int, Box]:
  """Boxes of the ids in a part of a layer, as far as they lie in it."""
  top, left = box[0], box[1]
  found = ndimage.find_objects(layer[part(box)])
  return {
    one: (
      *(top + index[0].start, left + index[1].start),
      *(top + index[0].stop, left + index[1].stop),
    )
    for one, index in enumerate(found, start=1)
    if index is not None
  }


def _encode(new: np.ndarray, old: np.ndarray) -> str:
  packer = zlib.compressobj(1)
  packed = bytearray()
  for rows in blocks_of_rows(old.shape):
    # In the layer's own type a difference wraps round, and comes back.
    change = np.subtract(new[rows], old[rows], dtype=old.dtype)
    little = change.astype(change.dtype.newbyteorder('<'), copy=False)
    packed += packer.compress(np.ascontiguousarray(little))
  return base64.b64encode(packed + packer.flush()).decode('ascii')


def _decode(text: str, layer: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
  unpacker = zlib.decompressobj()
  rest = base64.b64decode(text, validate=True)
  kind = layer.dtype.newbyteorder('<')
  for rows in blocks_of_rows(layer.shape):
    shape = rows.stop - rows.start, layer.shape[1]
    size = shape[0] * shape[1] * kind.itemsize
    try:
      found = unpacker.decompress(rest, size)
    except zlib.error as error:
      raise ValueError(f'it cannot be unpacked ({error})') from error
    rest = unpacker.unconsumed_tail
    if len(found) != size:
      raise ValueError('it holds too few bytes')
    yield rows, np.frombuffer(found, kind).reshape(shape)


def require_shape(layers: Layers, shape: tuple[int, ...], what: str) -> None:
  """Raises InputError unless the layers are of an image's shape."""
  if layers.shape != shape:
    raise InputError(
      f'{what}: has {layers.shape[0]} x {layers.shape[1]} pixels, and the '
      f'image {" x ".join(map(str, shape))}; move it out of the folder'
    )
