"""A mask into labelled particles: connected, filled, separated, not too small.

Pixels of one particle share a number, from 1 on in the order of reading.
"""

import numpy as np
from scipy import ndimage
from skimage import morphology, segmentation

from defectseg_jax.quantification import checks

# A maximum of the distance transform makes a particle of its own where it
# stands this much above the saddle to a higher one: digital outlines alone
# make ripples of up to about half a pixel.
SEPARATION_DEPTH_PX = 1.0

_PIXELS_AT_ONCE = 1 << 21


def label_regions(
  mask: np.ndarray,
  *,
  connectivity: int = 8,
  minimum_area_px: int = 1,
  fill_holes: bool = False,
  separate: bool = False,
) -> tuple[np.ndarray, int]:
  """Labels the particles of a mask.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    connectivity: 8 joins pixels that touch at a corner, 4 does not.
    minimum_area_px: smaller regions are dropped, after all else is done.
    fill_holes: whether background that a particle encloses becomes part of it.
    separate: whether particles that touch are cut apart where they are narrow:
      by the watershed of the distance transform (Beucher and Lantuejoul 1979),
      from its maxima of a dynamic above `SEPARATION_DEPTH_PX`.

  Returns:
    int32 [H, W], 0 in the background; and the number of labels.

  Raises:
    InputError: the mask is none, or an argument is out of its range.
  """
  checks.require_choice(connectivity, (4, 8), 'connectivity')
  checks.require_not_negative(minimum_area_px, 'minimum_area_px')
  mask = checks.boolean_mask(mask)
  neighbours = ndimage.generate_binary_structure(2, connectivity // 4)
  if fill_holes:
    # Background is connected the other way round, or a diagonal line of
    # 8-connected pixels would let it through.
    background = ndimage.generate_binary_structure(2, 3 - connectivity // 4)
    mask = ndimage.binary_fill_holes(mask, background)
  labels = np.empty(mask.shape, np.int32)
  count = int(ndimage.label(mask, neighbours, output=labels))
  if separate:
    count = _separate(labels, count, neighbours)
  if minimum_area_px > 1:
    count = _drop_small(labels, count, minimum_area_px)
  return labels, count


def _separate(labels, count, neighbours):
  """Cuts particles apart in place; new pieces get numbers at the end."""
  last = count
  for number, box in enumerate(ndimage.find_objects(labels), start=1):
    region = labels[box] == number
    pieces, found = _pieces(region, neighbours)
    if found > 1:
      others = pieces > 1
      labels[box][others] = pieces[others] + (last - 1)
      last += found - 1
  return _renumber(labels, last) if last > count else count


def _pieces(region, neighbours):
  distance = _distance(region)
  if distance.max() < 2 * SEPARATION_DEPTH_PX:
    return region.astype(np.int32), 1
  lowered = morphology.reconstruction(
    distance - SEPARATION_DEPTH_PX, distance, footprint=neighbours
  )
  peaks, found = ndimage.label(
    morphology.local_maxima(lowered, footprint=neighbours) & region, neighbours
  )
  if found < 2:
    return region.astype(np.int32), 1
  pieces = segmentation.watershed(
    -distance, peaks, connectivity=neighbours, mask=region
  )
  return pieces, found


def _distance(region):
  # Its box is tight: without a margin, background would begin nowhere.
  return ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]


def _drop_small(labels, count, minimum_area_px):
  areas = areas_px(labels, count)
  kept = areas >= minimum_area_px
  kept[0] = False
  numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
  renumber(labels, numbers)
  return int(kept.sum())


def _renumber(labels, count):
  """In the order of reading, by the first pixel."""
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
  """Replaces each label by the number at its place, in place.

  Args:
    labels: int [H, W]; changed.
    numbers: int [count + 1], of the background first.
  """
  # Indexing takes a copy of eight bytes a pixel: of some rows at a time.
  rows = max(1, _PIXELS_AT_ONCE // labels.shape[1])
  for top in range(0, len(labels), rows):
    part = labels[top : top + rows]
    part[:] = numbers[part]


def areas_px(labels: np.ndarray, count: int) -> np.ndarray:
  """Numbers of pixels by label: int64 [count + 1], the background first."""
  areas = np.zeros(count + 1, np.int64)
  # bincount takes a copy of eight bytes a pixel: of some rows at a time.
  rows = max(1, _PIXELS_AT_ONCE // labels.shape[1])
  for top in range(0, len(labels), rows):
    areas += np.bincount(labels[top : top + rows].ravel(), minlength=count + 1)
  return areas
