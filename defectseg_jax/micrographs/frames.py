"""What programs fill in where an image has no specimen: one grey value.

Alignment, drift correction and rotation shift an image, and fill what it leaves
free. A specimen may be of one grey value, too, where it is clipped or where few
electrons are counted; then that value is common elsewhere, or its neighbours in
the histogram are.
"""

from collections.abc import Iterator
from typing import cast

import numpy as np
from scipy import ndimage

# All limits are by eye.
# Of the pixels inside a frame, those that may have its grey value.
_RARE = 0.1
# The same, of a filled region of any shape; and the gap from its grey value to
# the next one, as a part of the range of the other pixels.
_VERY_RARE, _GAP = 0.001, 0.1
# Of such a region: the smallest, the square that must fit into it, and the
# largest as a part of the image. And how many grey values the rest has: a
# drawing without noise has no frame.
_LEAST_PX, _SOLID_PX, _LARGEST_PART, _LEAST_VALUES = 64, 5, 0.5, 16
_LEAST_SIDE_PX = 16

# Rows and columns.
Box = tuple[slice, slice]


def inside_of_frame(pixels: np.ndarray) -> tuple[Box, list[float]]:
  """The image without rows and columns of one value along its sides.

  Args:
    pixels: [H, W]; NaN where there is nothing.

  Returns:
    Rows and columns inside, all of them without a frame; and the frame's grey
    values, from outside.

  Examples:
    >>> pixels = np.random.default_rng(0).poisson(50, (64, 96))
    >>> pixels[:, :10] = 0
    >>> inside_of_frame(pixels)
    ((slice(0, 64, None), slice(10, 96, None)), [0.0])
  """
  common: set[float] = set()
  while True:
    box, values = _peel(pixels, common)
    inside = pixels[box]
    if min(inside.shape) < _LEAST_SIDE_PX:
      return (slice(0, pixels.shape[0]), slice(0, pixels.shape[1])), []
    more = {one for one in values if (inside == one).mean() > _RARE}
    if not more:
      return box, values
    common |= more


def _peel(pixels: np.ndarray, common: set[float]) -> tuple[Box, list[float]]:
  """Takes lines of one value away, as long as there are any at a side."""
  top, left, (bottom, right) = 0, 0, pixels.shape
  values: list[float] = []

  def is_frame(line: np.ndarray) -> bool:
    finite = line[np.isfinite(line)]
    if not finite.size:
      return True
    value = float(finite[0])
    if value in common or (finite != value).any():
      return False
    if value not in values:
      values.append(value)
    return True

  before = None
  while before != (top, left, bottom, right) and top < bottom and left < right:
    before = top, left, bottom, right
    if is_frame(pixels[top, left:right]):
      top += 1
    elif is_frame(pixels[bottom - 1, left:right]):
      bottom -= 1
    elif is_frame(pixels[top:bottom, left]):
      left += 1
    elif is_frame(pixels[top:bottom, right - 1]):
      right -= 1
  return (slice(top, bottom), slice(left, right)), values


def filled_regions(pixels: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
  """Regions of any shape that a program filled, as a rotation leaves them.

  Args:
    pixels: [H, W]; NaN where there is nothing, or no specimen.

  Yields:
    bool [H, W] of one grey value, which touches a side or what is NaN; and the
    value.
  """
  finite = np.isfinite(pixels)
  values = np.unique(pixels[finite])
  if len(values) < _LEAST_VALUES:
    return
  for value, next_to_it in ((values[0], values[1]), (values[-1], values[-2])):
    same = pixels == value
    if np.count_nonzero(same) < _LEAST_PX:
      continue
    region = _solid_at_side(same, ~finite)
    rest = pixels[finite & ~region]
    if (
      not region.any()
      or region.sum() > _LARGEST_PART * pixels.size
      or (rest == value).mean() > _VERY_RARE
    ):
      continue
    low, high = np.quantile(rest, (0.01, 0.99))
    if abs(next_to_it - value) >= _GAP * (high - low):
      yield region, float(value)


def _solid_at_side(same: np.ndarray, nothing: np.ndarray) -> np.ndarray:
  """Of the regions those that are large and solid, and touch a side."""
  labels = np.empty(same.shape, np.int32)
  count = cast(int, ndimage.label(same, output=labels))
  beside = np.pad(nothing, 1, constant_values=True)
  beside = np.asarray(ndimage.binary_dilation(beside))[1:-1, 1:-1]
  solid = ndimage.binary_erosion(same, np.ones((_SOLID_PX, _SOLID_PX)))
  chosen = np.bincount(labels.ravel(), minlength=count + 1) >= _LEAST_PX
  for where in (beside, np.asarray(solid)):
    chosen &= np.isin(np.arange(count + 1), labels[where > 0])
  chosen[0] = False
  return chosen[labels]
