"""A mask to labelled particles: connected, filled, separated, not too small.

All pixels of one particle have its number. Numbers begin at 1 and follow the
first pixels of the particles, row after row.
"""

from typing import Any, cast

import numpy as np
import skimage
from scipy import ndimage

from defectseg_jax.quantification import checks

# A maximum of the distance transform is a separate particle if it stands this
# much above the saddle to a higher maximum. By eye: outlines made of pixels
# have ripples of up to about half a pixel.
SEPARATION_DEPTH_PX = 1.0

# Some MiB of working memory, whatever the size of the image; by eye.
_PIXELS_AT_ONCE = 1 << 21


def label_regions(
  mask: np.ndarray,
  *,
  ids: np.ndarray | None = None,
  connectivity: int = 8,
  minimum_area_px: int = 1,
  fill_holes: bool = False,
  separate: bool = False,
) -> tuple[np.ndarray, int]:
  """Labels the particles of a mask.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    ids: whole numbers [H, W], 0 where the mask is: pixels with different
      numbers are of different particles, also where they touch. None where
      that is not known.
    connectivity: 8 joins pixels that touch at a corner, 4 does not.
    minimum_area_px: smaller regions are dropped, after everything else.
    fill_holes: whether background that a particle encloses becomes part of it.
    separate: whether particles that touch are cut apart where they are narrow:
      by the watershed of the distance transform (Beucher and Lantuejoul 1979),
      from its maxima of a height above `SEPARATION_DEPTH_PX`. Where ids say
      what a particle is, none is cut.

  Returns:
    int32 [H, W], 0 in the background; and the number of labels.

  Raises:
    InputError: the mask is not a mask, or an argument is out of its range.

  Examples:
    Two pixels that touch at a corner, and one alone.

    >>> mask = np.array([[1, 0, 0, 0], [0, 1, 0, 1]])
    >>> label_regions(mask)
    (array([[1, 0, 0, 0],
           [0, 1, 0, 2]], dtype=int32), 2)
    >>> label_regions(mask, connectivity=4)[1]
    3
  """
  checks.require_choice(connectivity, (4, 8), 'connectivity')
  checks.require_not_negative(minimum_area_px, 'minimum_area_px')
  mask = checks.boolean_mask(mask)
  neighbours = ndimage.generate_binary_structure(2, connectivity // 4)
  # Background is connected the other way round, or a diagonal line of
  # 8-connected pixels would let it through.
  background = ndimage.generate_binary_structure(2, 3 - connectivity // 4)
  if ids is not None:
    labels, count = label_ids(checks.object_ids(ids, mask), connectivity)
    if fill_holes:
      _fill_each(labels, background)
  else:
    if fill_holes:
      mask = np.asarray(ndimage.binary_fill_holes(mask, background))
    labels, count = label_connected(mask, neighbours)
    if separate:
      count = _separate(labels, count, neighbours)
  if minimum_area_px > 1:
    count = _drop_small(labels, count, minimum_area_px)
  return labels, count


def label_connected(
  mask: np.ndarray, neighbours: np.ndarray
) -> tuple[np.ndarray, int]:
  """Numbers connected regions: int32 [H, W] from 1, and how many.

  Args:
    mask: bool [H, W].
    neighbours: [3, 3], which pixels around one are connected with it.
  """
  labels = np.empty(mask.shape, np.int32)
  # With an array for its output, SciPy returns the number alone.
  count = ndimage.label(mask, neighbours, output=labels)
  return labels, cast(int, count)


def label_holes(mask: np.ndarray) -> tuple[np.ndarray, int]:
  """Numbers the regions of background that marked pixels enclose.

  Marked pixels that touch at a corner enclose what is behind them.

  Args:
    mask: bool [H, W].

  Returns:
    int32 [H, W] from 1, 0 elsewhere; and how many there are.

  Examples:
    >>> ring = np.ones((3, 4), bool)
    >>> ring[1, 1] = ring[1, 3] = False
    >>> label_holes(ring)[0][1].tolist()
    [0, 1, 0, 0]
  """
  neighbours = ndimage.generate_binary_structure(2, 1)
  labels, count = label_connected(~mask, neighbours)
  enclosed = np.ones(count + 1, np.int32)
  for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
    enclosed[side] = 0
  enclosed[0] = 0
  renumber(labels, enclosed * enclosed.cumsum(dtype=np.int32))
  return labels, int(enclosed.sum())


def covers_all(mask: np.ndarray, part: float) -> bool:
  """Whether one region is most of an image and touches all its sides.

  So it is where defects are black in a mask, and the rest is marked.

  Args:
    mask: bool [H, W].
    part: of the image, that the region must cover.

  Examples:
    >>> mask = np.ones((8, 8), bool)
    >>> mask[2:4, 2:4] = False
    >>> covers_all(mask, 0.5), covers_all(~mask, 0.5)
    (True, False)
  """
  if np.count_nonzero(mask) <= part * mask.size:
    return False
  labels, _ = label_connected(np.asarray(mask, bool), np.ones((3, 3)))
  areas = np.bincount(labels.ravel())
  areas[0] = 0
  largest = int(areas.argmax())
  sides = labels[0], labels[-1], labels[:, 0], labels[:, -1]
  return bool(
    areas[largest] > part * mask.size
    and all((side == largest).any() for side in sides)
  )


def label_ids(ids: np.ndarray, connectivity: int) -> tuple[np.ndarray, int]:
  """Numbers regions of one id: int32 [H, W] from 1, and how many."""
  found: Any = skimage.measure.label(
    ids, background=0, connectivity=connectivity // 4, return_num=True
  )
  labels, count = found
  return labels.astype(np.int32), int(count)


def _fill_each(labels: np.ndarray, background: np.ndarray) -> None:
  """Fills the background that single particles enclose, in place."""
  for number, box in enumerate(ndimage.find_objects(labels), start=1):
    filled = ndimage.binary_fill_holes(labels[box] == number, background)
    labels[box][np.asarray(filled) & (labels[box] == 0)] = number


def _separate(labels: np.ndarray, count: int, neighbours: np.ndarray) -> int:
  """Cuts particles apart, in place; returns the new number of particles."""
  last = count
  for number, box in enumerate(ndimage.find_objects(labels), start=1):
    region = labels[box] == number
    pieces, found = _pieces(region, neighbours)
    if found > 1:
      others = pieces > 1
      labels[box][others] = pieces[others] + (last - 1)
      last += found - 1
  return _renumber(labels, last) if last > count else count


def _pieces(
  region: np.ndarray, neighbours: np.ndarray
) -> tuple[np.ndarray, int]:
  """The pieces of one particle, numbered from 1, and how many they are."""
  distance = _distance(region)
  if distance.max() < 2 * SEPARATION_DEPTH_PX:
    return region.astype(np.int32), 1
  lowered = skimage.morphology.reconstruction(
    distance - SEPARATION_DEPTH_PX, distance, footprint=neighbours
  )
  peaks, found = label_connected(
    skimage.morphology.local_maxima(lowered, footprint=neighbours) & region,
    neighbours,
  )
  if found < 2:
    return region.astype(np.int32), 1
  pieces = skimage.segmentation.watershed(
    -distance,
    peaks,
    connectivity=neighbours,  # pyright: ignore[reportArgumentType]
    mask=region,
  )
  return pieces, found


def _distance(region: np.ndarray) -> np.ndarray:
  """Of each pixel of the region from the background around it."""
  # The region fills its box: the margin is the background.
  distance = ndimage.distance_transform_edt(np.pad(region, 1))
  return np.asarray(distance)[1:-1, 1:-1]


def _drop_small(labels: np.ndarray, count: int, minimum_area_px: int) -> int:
  """Drops small particles, in place; returns how many are left."""
  areas = areas_px(labels, count)
  kept = areas >= minimum_area_px
  kept[0] = False
  numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
  renumber(labels, numbers)
  return int(kept.sum())


def _renumber(labels: np.ndarray, count: int) -> int:
  """Numbers particles by their first pixels, in place; returns the count."""
  boxes = ndimage.find_objects(labels)
  firsts = [
    (box[0].start, box[1].start + int(np.argmax(labels[box][0] == number)))
    for number, box in enumerate(boxes, start=1)
  ]
  order = sorted(range(count), key=firsts.__getitem__)
  numbers = np.zeros(count + 1, np.int32)
  numbers[np.array(order) + 1] = np.arange(1, count + 1)
  renumber(labels, numbers)
  return count


def renumber(labels: np.ndarray, numbers: np.ndarray) -> None:
  """Replaces each label by its new number, in place.

  Args:
    labels: int [H, W]; changed.
    numbers: int [count + 1], the new number of each label; of the background
      first.
  """
  # Indexing copies eight bytes for each pixel: some rows at a time.
  rows = max(1, _PIXELS_AT_ONCE // labels.shape[1])
  for top in range(0, len(labels), rows):
    part = labels[top : top + rows]
    part[:] = numbers[part]


def areas_px(labels: np.ndarray, count: int) -> np.ndarray:
  """Number of pixels of each label: int64 [count + 1], background first.

  Examples:
    >>> areas_px(np.array([[0, 1, 1], [0, 0, 2]]), 2)
    array([3, 2, 1])
  """
  areas = np.zeros(count + 1, np.int64)
  # bincount copies eight bytes for each pixel: some rows at a time.
  rows = max(1, _PIXELS_AT_ONCE // labels.shape[1])
  for top in range(0, len(labels), rows):
    areas += np.bincount(labels[top : top + rows].ravel(), minlength=count + 1)
  return areas
