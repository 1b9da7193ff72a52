"""Brush, eraser, outline and line: what is drawn becomes objects.

What is drawn never takes pixels of another object: objects that touch stay
apart.
"""

from collections.abc import Iterable

import numpy as np
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.review.layers import NOWHERE, Box, around, ids_in, part
from defectseg_jax.review.operations import Operation
from defectseg_jax.review.scene import (
  Edit,
  Scene,
  crop_of,
  in_one_piece,
  label,
  plural,
)
from defectseg_jax.review.strokes import (
  path_between,
  polygon_pixels,
  stroke_pixels,
)
from defectseg_jax.review.tracing import trace

# What is left of a taken out object beside a new outline is a sliver if it is
# less than half as thick as the object was, and thinner than this part of a
# disc of its area, or than so many pixels; by eye.
_THINNER, _THIN, _THIN_PX = 0.5, 0.3, 2.0


def paint(scene: Scene, asked: Operation) -> Edit:
  """A stroke of a brush or an eraser."""
  drawn = stroke_pixels(asked.points, asked.radius_px, scene.shape)
  return _drawn(scene, asked, drawn)


def polygon(scene: Scene, asked: Operation) -> Edit:
  """An outline, filled, or cut out."""
  return _drawn(scene, asked, polygon_pixels(asked.points, scene.shape))


def line(scene: Scene, asked: Operation) -> Edit:
  """A line through points, along the ridge between them if it snaps."""
  if asked.snap:
    path = trace(scene.pixels, scene.probabilities, asked.points)
  else:
    path = path_between(asked.points)
  drawn = stroke_pixels(path, asked.width_px / 2, scene.shape)
  return draw(scene, drawn, scene.next_id, 'line {} drawn')


def region(scene: Scene, asked: Operation) -> Edit:
  """What counts inside of an outline."""
  box, inside = polygon_pixels(asked.points, scene.shape)
  _require_pixels(inside)
  regions = scene.layers.regions[part(box)].copy()
  regions[inside] = asked.value
  words = 'as usual', 'not labelled', 'no specimen'
  return Edit(box, {'regions': regions}, f'a region: {words[asked.value]}')


def draw(
  scene: Scene,
  drawn: tuple[Box, np.ndarray],
  one: int,
  text: str,
) -> Edit:
  """Adds pixels to an object, or makes one.

  Args:
    scene: of the document.
    drawn: a box, and bool of its size.
    one: id of the object; `scene.next_id` for a new one.
    text: what a person reads, with {} for the id.

  Raises:
    InputError: all pixels are of other objects, or of this one already.
  """
  _require_pixels(drawn[1])
  over = ids_in(scene.layers.removed[part(drawn[0])][drawn[1]])
  box = around(
    [
      drawn[0],
      scene.objects.boxes.get(one, NOWHERE),
      *(scene.out.boxes[int(each)] for each in over),
    ]
  )
  ids = crop_of(scene, box)
  inside = np.zeros(ids.shape, bool)
  top, left = drawn[0][0] - box[0], drawn[0][1] - box[1]
  height, width = drawn[1].shape
  inside[top : top + height, left : left + width] = drawn[1]
  free = inside & (ids == 0)
  if not free.any():
    raise InputError('nothing was drawn: all of it is of objects already')
  ids[free] = one
  pieces = in_one_piece(ids, [one], max(scene.next_id, one + 1))
  parts = [one, *pieces[one]]
  removed = scene.layers.removed[part(box)].copy()
  # Who draws over what was taken out decides anew.
  was = removed.copy()
  removed[free] = 0
  _drop_slivers(removed, was, map(int, over))
  return Edit(
    box,
    {'ids': ids, 'removed': removed},
    text.format(one),
    frozenset(parts),
    {'next_id': max(scene.next_id, *(each + 1 for each in parts))},
  )


def _drop_slivers(
  removed: np.ndarray, was: np.ndarray, over: Iterable[int]
) -> None:
  """Drops thin rests of what was taken out, in place.

  A new outline is never quite the old one, and nobody took a rim out.

  Args:
    removed: int32 [h, w], what is out now.
    was: likewise, before.
    over: ids that were drawn over; all their pixels are here.
  """
  for one in over:
    pieces, count = label(removed == one)
    if not count:
      continue
    thick = _thickness(was == one).max()
    every = np.arange(1, count + 1)
    thickness = np.asarray(
      ndimage.maximum(_thickness(pieces > 0), pieces, every)
    )
    areas = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    thin = np.maximum(_THIN * np.sqrt(areas / np.pi), _THIN_PX)
    slivers = (thickness < _THINNER * thick) & (thickness <= thin)
    removed[np.isin(pieces, every[slivers])] = 0


def _thickness(inside: np.ndarray) -> np.ndarray:
  """How far each pixel is from where the region ends."""
  distance = np.asarray(ndimage.distance_transform_edt(np.pad(inside, 1)))
  return distance[1:-1, 1:-1]


def _drawn(
  scene: Scene, asked: Operation, drawn: tuple[Box, np.ndarray]
) -> Edit:
  if asked.id is not None:
    scene.require_object(asked.id)
  if asked.erase:
    return _erase(scene, drawn, asked.id)
  begun = scene.id_at(asked.points[0]) if asked.kind == 'paint' else 0
  one = asked.id or begun or scene.next_id
  new = one == scene.next_id
  text = 'object {} drawn' if new else 'object {} drawn larger'
  return draw(scene, drawn, one, text)


def _erase(
  scene: Scene, drawn: tuple[Box, np.ndarray], one: int | None
) -> Edit:
  """Takes pixels from one object, or from all."""
  small, inside = drawn
  _require_pixels(inside)
  under = scene.layers.ids[part(small)]
  erased = inside & (under > 0 if one is None else under == one)
  changed = [int(each) for each in np.unique(under[erased])]
  if not changed:
    raise InputError('nothing was erased: there is no object')
  box = around([small, *(scene.objects.boxes[each] for each in changed)])
  ids = crop_of(scene, box)
  before = ids.copy()
  top, left = small[0] - box[0], small[1] - box[1]
  height, width = inside.shape
  ids[top : top + height, left : left + width][erased] = 0
  pieces = in_one_piece(ids, changed, scene.next_id)
  gone = [each for each in changed if each not in pieces]
  # What is gone altogether was taken out, and comes in again by a click.
  removed = scene.layers.removed[part(box)].copy()
  out = np.isin(before, gone) & (removed == 0)
  removed[out] = before[out]
  kept = [*pieces, *(new for news in pieces.values() for new in news)]
  words = [
    f'{plural(len(pieces))} erased in part' if pieces else '',
    f'{plural(len(gone))} taken out' if gone else '',
  ]
  return Edit(
    box,
    {'ids': ids, 'removed': removed},
    ', '.join(filter(None, words)),
    frozenset(kept),
    {'next_id': max(scene.next_id, *(each + 1 for each in [0, *kept]))},
  )


def _require_pixels(inside: np.ndarray) -> None:
  if not inside.any():
    raise InputError('no pixel of the image is inside; draw on the image')
