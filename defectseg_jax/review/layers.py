"""What a person edits: three layers of an image, and where their objects are.

A change is kept as the difference of each layer in a box. Added, it makes the
change; taken away, it undoes it: bit for bit, and without the program that once
computed it.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.review import differences

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

  def delta(
    self, box: Box, new: Mapping[str, np.ndarray]
  ) -> tuple[Box, dict[str, str]]:
    """What new values of a box would change.

    Args:
      box: of the image.
      new: arrays of the box, by the name of the layer.

    Returns:
      The box of the pixels that change; and as text by how much, of those
      layers alone that do.
    """
    width = box[3] - box[1]
    places = {
      name: np.flatnonzero(values != getattr(self, name)[part(box)])
      for name, values in new.items()
    }
    inner = around(_box_of(at, box, width) for at in places.values())
    found = {}
    for name, at in places.items():
      if len(at):
        row, column = np.divmod(at, width)
        old = getattr(self, name)[row + box[0], column + box[1]]
        # In the layer's own type a difference wraps round, and comes back.
        values = np.subtract(new[name][row, column], old, dtype=old.dtype)
        row, column = row + box[0] - inner[0], column + box[1] - inner[1]
        across = inner[3] - inner[1]
        found[name] = differences.encode(row * across + column, values, across)
    return inner, found

  def steps(self, box: Box, delta: Mapping[str, str]) -> Iterator['Step']:
    """A change in parts, one after the other; none is made yet.

    Args:
      box: that it is of.
      delta: from `delta`.

    Raises:
      ValueError: the text is damaged.
    """
    shape = box[2] - box[0], box[3] - box[1]
    for name, text in delta.items():
      kind = getattr(self, name).dtype
      for row, column, values in differences.decode(text, shape, kind):
        row += box[0]
        row *= self.shape[1]
        yield Step(name, row + column + box[1], values)


class Step(NamedTuple):
  """A part of a change.

  Attributes:
    name: of the layer.
    places: int64 [n], of its pixels, counted row after row.
    values: [n], what is added to them.
  """

  name: str
  places: np.ndarray
  values: np.ndarray


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


def _box_of(places: np.ndarray, box: Box, width: int) -> Box:
  """The smallest box of pixels of a box, counted row after row; sorted."""
  if not len(places):
    return NOWHERE
  column = places % width
  return (
    *(box[0] + int(places[0] // width), box[1] + int(column.min())),
    *(box[0] + int(places[-1] // width) + 1, box[1] + int(column.max()) + 1),
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

  def update(self, box: Box, affected: Iterable[int]) -> None:
    """Looks again where something changed.

    Args:
      box: where it did.
      affected: ids of pixels that changed, before and after.
    """
    old = (self.boxes[one] for one in affected if one in self.boxes)
    found = _boxes(self._layer, around([box, *old]))
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


def require_shape(layers: Layers, shape: tuple[int, ...], what: str) -> None:
  """Raises InputError unless the layers are of an image's shape."""
  if layers.shape != shape:
    raise InputError(
      f'{what}: has {layers.shape[0]} x {layers.shape[1]} pixels, and the '
      f'image {" x ".join(map(str, shape))}; move it out of the folder'
    )
