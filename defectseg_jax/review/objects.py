"""A whole object out, in, grown, cut in two, or made one with another."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage import morphology, segmentation

from defectseg_jax.errors import InputError
from defectseg_jax.review.growing import grow_object
from defectseg_jax.review.layers import Box, around, part
from defectseg_jax.review.operations import Operation, Point
from defectseg_jax.review.painting import draw
from defectseg_jax.review.scene import (
  NEIGHBOURS,
  Edit,
  Scene,
  crop_of,
  in_one_piece,
  label,
  plural,
)
from defectseg_jax.review.strokes import path_between, stroke_pixels

# A stroke between objects bridges them so wide: no wider than a line.
_BRIDGE_PX = 3.0
# Of a cut: the corners of its diagonal steps are 0.71 pixels away.
_CUT_PX = 0.75
# Of maxima of the distance from the border, how deep the saddle between two
# is. The first that gives two pieces is taken; by eye.
_DEPTHS_PX = (2.0, 1.0, 0.5, 0.25, 0.0)


def toggle(scene: Scene, asked: Operation) -> Edit:
  """Takes an object out, or one that is out in again."""
  one = scene.id_at(asked.points[0])
  if one:
    return _take_out(scene, one)
  row, column = (int(place) for place in asked.points[0])
  one = int(scene.layers.removed[row, column])
  if not one:
    raise InputError(
      f'no object at row {row}, column {column}, and none that was taken out; '
      'grow one there, or draw it'
    )
  return _take_in(scene, one)


def _take_out(scene: Scene, one: int) -> Edit:
  box = scene.objects.boxes[one]
  ids = crop_of(scene, box)
  removed = scene.layers.removed[part(box)].copy()
  inside = ids == one
  ids[inside], removed[inside] = 0, one
  return Edit(box, {'ids': ids, 'removed': removed}, f'object {one} taken out')


def _take_in(scene: Scene, one: int) -> Edit:
  box = around(
    [scene.out.boxes[one], scene.objects.boxes.get(one, (0, 0, 0, 0))]
  )
  ids = crop_of(scene, box)
  removed = scene.layers.removed[part(box)].copy()
  inside = removed == one
  free = inside & (ids == 0)
  if not free.any():
    raise InputError(f'object {one}: others were drawn over it; take them out')
  # What is left of an object that was erased may have its id.
  taken = scene.next_id if (ids == one).any() else one
  removed[inside] = 0
  ids[free] = taken
  pieces = in_one_piece(ids, [taken], max(scene.next_id, taken + 1))
  new = pieces[taken]
  hand = frozenset([taken, *new]) if new or taken != one else frozenset()
  return Edit(
    box,
    {'ids': ids, 'removed': removed},
    f'object {one} taken in again',
    hand,
    {'next_id': max(scene.next_id, taken + 1, *(each + 1 for each in new))},
  )


def grow(scene: Scene, asked: Operation) -> Edit:
  """A missed object, grown around a point."""
  point = asked.points[0]
  one = scene.id_at(point)
  if one:
    raise InputError(f'object {one} is there already; draw it larger instead')
  # A map that has missed it leads astray more often than not: see
  # docs/review_speed.md.
  box, inside = grow_object(scene.pixels, None, scene.layers.ids, point)
  found = box, _around_point(inside, scene.layers.ids[part(box)], point, box)
  return draw(scene, found, scene.next_id, 'object {} grown')


def _around_point(
  inside: np.ndarray, ids: np.ndarray, point: Point, box: Box
) -> np.ndarray:
  """Of what was grown, the free piece that was clicked, or else the largest.

  Beyond an object that lies between, slivers would be objects of their own.
  """
  pieces, count = label(inside & (ids == 0))
  if count < 2:
    return inside
  clicked = int(pieces[int(point[0]) - box[0], int(point[1]) - box[1]])
  areas = np.bincount(pieces.ravel())
  areas[0] = 0
  return pieces == (clicked or int(areas.argmax()))


def merge(scene: Scene, asked: Operation) -> Edit:
  """The objects under a stroke become one, with a bridge if they need it."""
  path = path_between(asked.points)
  under = sorted({one for one in map(scene.id_at, path) if one})
  if len(under) < 2:
    raise InputError(
      f'merge: {plural(len(under))} under the stroke; draw it from one object '
      'to another'
    )
  stroke, inside = stroke_pixels(path, _BRIDGE_PX / 2, scene.shape)
  box = around([stroke, *(scene.objects.boxes[one] for one in under)])
  ids, first = crop_of(scene, box), under[0]
  ids[np.isin(ids, under)] = first
  if label(ids == first)[1] > 1:
    top, left = stroke[0] - box[0], stroke[1] - box[1]
    height, width = inside.shape
    bridge = ids[top : top + height, left : left + width]
    bridge[inside & (bridge == 0)] = first
    # Beyond the objects, the stroke is no bridge.
    _pieces, count = label(ids == first)
    if count > 1:
      raise InputError(
        'merge: another object lies between; draw the stroke around it'
      )
  names = ', '.join(map(str, under))
  return Edit(
    box, {'ids': ids}, f'objects {names} made one', frozenset([first])
  )


def split(scene: Scene, asked: Operation) -> Edit:
  """Cuts objects along a stroke; at one point, an object in two.

  Particles that were cut touch. Lines that touch would be measured as one, so
  that a gap is left in them.
  """
  path = path_between(asked.points)
  under = sorted({one for one in map(scene.id_at, path) if one})
  if not under:
    raise InputError('split: no object is under the stroke')
  box = around(scene.objects.boxes[one] for one in under)
  ids, next_id, kept = crop_of(scene, box), scene.next_id, set()
  gap = np.zeros(ids.shape, bool)
  in_two = len(asked.points) == 1 and not scene.lines
  if not in_two:
    gap = _gap(path, box, scene)
  for one in under:
    region = ids == one
    pieces = _two_pieces(region) if in_two else _cut(region, gap, scene.lines)
    numbers = np.arange(next_id - 2, next_id - 1 + int(pieces.max()))
    if len(numbers) < 3:
      continue
    numbers[:2] = 0, one
    ids[region] = numbers[pieces[region]]
    next_id += len(numbers) - 2
    kept |= {one, *(int(each) for each in numbers[2:])}
  if not kept:
    raise InputError(
      'split: the stroke does not cut through an object; draw it from side to '
      'side'
    )
  text = f'{plural(len(under))} cut: {plural(len(kept), "piece")}'
  return Edit(box, {'ids': ids}, text, frozenset(kept), {'next_id': next_id})


def _gap(path: Sequence[Point], box: Box, scene: Scene) -> np.ndarray:
  """The pixels of a cut: no corner joins what lies on both sides."""
  stroke, inside = stroke_pixels(path, _CUT_PX, scene.shape)
  found = np.zeros((box[2] - box[0], box[3] - box[1]), bool)
  top, left = max(stroke[0], box[0]), max(stroke[1], box[1])
  bottom, right = min(stroke[2], box[2]), min(stroke[3], box[3])
  if bottom > top and right > left:
    found[top - box[0] : bottom - box[0], left - box[1] : right - box[1]] = (
      inside[
        top - stroke[0] : bottom - stroke[0],
        left - stroke[1] : right - stroke[1],
      ]
    )
  return found


def _cut(region: np.ndarray, gap: np.ndarray, leave_gap: bool) -> np.ndarray:
  """The pieces of an object without a gap, from 1, the largest first."""
  pieces, count = label(region & ~gap)
  if count < 2:
    return region.astype(np.int32)
  pieces = _largest_first(pieces, count)
  if leave_gap:
    return pieces
  # Each pixel of the gap goes to a piece that it touches.
  return segmentation.watershed(
    np.zeros(region.shape, np.uint8),
    pieces,
    connectivity=NEIGHBOURS,  # pyright: ignore[reportArgumentType]
    mask=region,
  )


def _two_pieces(region: np.ndarray) -> np.ndarray:
  """An object in two where it is narrow: by the watershed of distances."""
  distance = np.asarray(ndimage.distance_transform_edt(np.pad(region, 1)))
  distance = distance[1:-1, 1:-1]
  for depth in _DEPTHS_PX:
    lowered = morphology.reconstruction(distance - depth, distance)
    peaks = morphology.local_maxima(lowered, footprint=NEIGHBOURS) & region
    markers, count = label(peaks)
    if count < 2:
      continue
    heights = ndimage.maximum(distance, markers, np.arange(1, count + 1))
    highest = np.argsort(-np.asarray(heights), kind='stable')[:2] + 1
    chosen = np.zeros(count + 1, np.int32)
    chosen[highest] = 1, 2
    pieces = segmentation.watershed(
      -distance,
      chosen[markers],
      connectivity=NEIGHBOURS,  # pyright: ignore[reportArgumentType]
      mask=region,
    )
    return _largest_first(pieces, 2)
  return _halves(region)


def _halves(region: np.ndarray) -> np.ndarray:
  """An object without any narrow place, cut across its longest direction."""
  places = np.argwhere(region)
  if len(places) < 2:
    return region.astype(np.int32)
  moved = places - places.mean(axis=0)
  axis = np.linalg.eigh(moved.T @ moved)[1][:, -1]
  along = moved @ axis
  # Of equal sign on every machine.
  along *= np.sign(axis[np.argmax(np.abs(axis))])
  pieces = np.zeros(region.shape, np.int32)
  pieces[tuple(places.T)] = 1 + (along > np.median(along))
  return pieces


def _largest_first(pieces: np.ndarray, count: int) -> np.ndarray:
  areas = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
  numbers = np.zeros(count + 1, np.int32)
  numbers[np.argsort(-areas, kind='stable') + 1] = np.arange(1, count + 1)
  return numbers[pieces]
