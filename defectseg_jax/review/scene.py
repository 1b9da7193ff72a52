"""What an operation sees of a document, and what it wants to change."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.review.layers import Box, Layers, Places, part
from defectseg_jax.review.operations import Point

# Pixels that touch at an edge or a corner are of one object.
NEIGHBOURS = np.ones((3, 3), bool)


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
  """A document as operations see it; nothing of it is changed by them.

  Attributes:
    layers: of the document.
    objects, out: where the objects are, and those that were taken out.
    pixels: [H, W], the micrograph.
    probabilities: float32 [H, W]; None without a network.
    lines: whether the objects are lines.
    hand: ids that a person's hand is on.
    next_id: that no object ever had.
    network_objects: makes ids of the network's objects anew, int32 [H, W], of
      its map and a threshold.
  """

  layers: Layers
  objects: Places
  out: Places
  pixels: np.ndarray
  probabilities: np.ndarray | None
  lines: bool
  hand: Collection[int]
  next_id: int
  network_objects: Any = None

  @property
  def shape(self) -> tuple[int, int]:
    """Height and width."""
    return self.layers.shape

  def inside(self, point: Point) -> bool:
    """Whether a point is on the image."""
    return 0 <= point[0] < self.shape[0] and 0 <= point[1] < self.shape[1]

  def id_at(self, point: Point) -> int:
    """The object at a point; 0 for none, and beside the image."""
    if not self.inside(point):
      return 0
    return int(self.layers.ids[int(point[0]), int(point[1])])

  def require_object(self, one: int) -> None:
    """Raises InputError for an id that no object has."""
    if one not in self.objects.boxes:
      raise InputError(
        f'id={one}: there is no such object any more; choose one again'
      )


@dataclasses.dataclass(frozen=True, eq=False)
class Edit:
  """What an operation wants to change.

  Attributes:
    box: of the pixels that may change.
    new: arrays of the box, by the name of the layer.
    text: what a person reads.
    hand: ids that a person's hand is on now.
    values: of what else changes: threshold, done, next_id.
  """

  box: Box
  new: Mapping[str, np.ndarray]
  text: str
  hand: frozenset[int] = frozenset()
  values: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def in_one_piece(
  ids: np.ndarray, changed: Collection[int], next_id: int
) -> dict[int, list[int]]:
  """Gives the pieces of objects that fell apart ids of their own, in place.

  The largest piece keeps the id; of equal ones the first.

  Args:
    ids: int32 [h, w]; holds all pixels of the objects that changed.
    changed: ids of those objects.
    next_id: that no object ever had.

  Returns:
    By id that is still there, the new ids of its other pieces.

  Examples:
    >>> ids = np.array([[5, 5, 0, 5]], np.int32)
    >>> in_one_piece(ids, [5], 9), ids
    ({5: [9]}, array([[5, 5, 0, 9]], dtype=int32))
  """
  found: dict[int, list[int]] = {}
  boxes = ndimage.find_objects(ids)
  for one in sorted(changed):
    box = boxes[one - 1] if one <= len(boxes) else None
    if box is None:
      continue
    inside = ids[box] == one
    pieces, count = label(inside)
    found[one] = []
    if count < 2:
      continue
    areas = np.bincount(pieces.ravel(), minlength=count + 1)
    areas[0] = 0
    for piece in range(1, count + 1):
      if piece != int(areas.argmax()):
        ids[box][pieces == piece] = next_id
        found[one].append(next_id)
        next_id += 1
  return found


def label(mask: np.ndarray) -> tuple[np.ndarray, int]:
  """Numbers regions; corners connect."""
  labels, count = ndimage.label(mask, NEIGHBOURS)  # pyright: ignore
  return labels, int(count)


def crop_of(scene: Scene, box: Box) -> np.ndarray:
  """A copy of the objects' ids in a box."""
  return scene.layers.ids[part(box)].copy()


def plural(count: int, noun: str = 'object') -> str:
  """A number and a noun.

  Examples:
    >>> plural(1), plural(2)
    ('1 object', '2 objects')
  """
  return f'{count} {noun}{"" if count == 1 else "s"}'
