"""A micrograph's five regions, as Figure 3a of the paper divides it."""

import os
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import InputError

SPLITS = ('train', 'dev', 'test')
# In the mask of a region, beside 0 and 1: counts in no loss and in no score.
NOT_LABELLED = 2
# By eye: divided, such a micrograph has a test region of 128 x 64 pixels.
MINIMUM_SIDE_PX = 256


class Box(NamedTuple):
  """A rectangle of pixels.

  Attributes:
    split: that it belongs to: train, dev or test.
    top: its first row.
    left: its first column.
    height: in pixels.
    width: in pixels.
  """

  split: str
  top: int
  left: int
  height: int
  width: int


def whole_micrograph(height_px: int, width_px: int, split: str) -> list[Box]:
  """The one box of a micrograph that belongs to one split."""
  return [Box(split, 0, 0, height_px, width_px)]


def boxes_of(
  shape: tuple[int, ...],
  labelled: np.ndarray | None,
  *,
  split: str | None,
  path: str | os.PathLike,
) -> list[Box]:
  """The regions of a micrograph.

  Args:
    shape: H, W.
    labelled: bool [H, W], True where it is labelled; None for everywhere.
    split: that it belongs to; None where it is to be divided.
    path: of the micrograph, for messages.

  Raises:
    InputError: it is to be divided, and nothing is labelled in one part.
  """
  height_px, width_px = shape
  if split is not None:
    return whole_micrograph(height_px, width_px, split)
  if labelled is None:
    return divide_micrograph(height_px, width_px)
  return divide_labelled(labelled, path)


def divide_labelled(labelled: np.ndarray, path: str | os.PathLike) -> list[Box]:
  """The same division of the rectangle around what is labelled.

  Args:
    labelled: bool [H, W], True where the micrograph is labelled.
    path: of the micrograph, for messages.

  Raises:
    InputError: nothing is labelled in one of the boxes.

  Examples:
    >>> labelled = np.zeros((512, 512), bool)
    >>> labelled[100:140, 200:240] = True
    >>> divide_labelled(labelled, 'foil.tif')[-1]
    Box(split='test', top=120, left=230, height=20, width=10)
  """
  rows, columns = (np.flatnonzero(labelled.any(axis=other)) for other in (1, 0))
  top, left = int(rows[0]), int(columns[0])
  boxes = [
    box._replace(top=box.top + top, left=box.left + left)
    for box in divide_micrograph(
      int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    )
  ]
  for box in boxes:
    if not labelled[
      box.top : box.top + box.height, box.left : box.left + box.width
    ].any():
      raise InputError(
        f'{path}: is labelled in part, and nothing in rows {box.top} to '
        f'{box.top + box.height - 1}, columns {box.left} to '
        f'{box.left + box.width - 1}, which are for {box.split}; label more of '
        'it, or say in splits.csv which set it belongs to'
      )
  return boxes


def divide_micrograph(height_px: int, width_px: int) -> list[Box]:
  """Three quarters to train on, the fourth halved into dev and test.

  2048 x 2048 gives three of 1024 x 1024 and two of 1024 x 512. Each pixel is
  in exactly one box; with odd sides the boxes at the bottom and on the right
  are the larger ones.

  Args:
    height_px: of the micrograph.
    width_px: of the micrograph.

  Returns:
    The three training boxes, then dev, then test.

  Examples:
    >>> for box in divide_micrograph(2048, 2048):
    ...   print(box.split, box.top, box.left, box.height, box.width)
    train 0 0 1024 1024
    train 0 1024 1024 1024
    train 1024 0 1024 1024
    dev 1024 1024 1024 512
    test 1024 1536 1024 512

  References:
    G. Roberts et al., Scientific Reports 9, 12744 (2019), Figure 3a.
  """
  middle, centre = height_px // 2, width_px // 2
  below, right = height_px - middle, width_px - centre
  half = right // 2
  return [
    Box('train', 0, 0, middle, centre),
    Box('train', 0, centre, middle, right),
    Box('train', middle, 0, below, centre),
    Box('dev', middle, centre, below, half),
    Box('test', middle, centre + half, below, right - half),
  ]


def around_labelled(
  labelled: np.ndarray, *, least_px: int
) -> tuple[slice, slice]:
  """Rows and columns around all that is labelled.

  Args:
    labelled: bool [H, W].
    least_px: of each side, where the region has so many.

  Examples:
    >>> labelled = np.zeros((8, 8), bool)
    >>> labelled[6, 1] = True
    >>> around_labelled(labelled, least_px=4)
    (slice(4, 8, None), slice(0, 4, None))
  """
  box = []
  for axis, length in enumerate(labelled.shape):
    places = np.flatnonzero(labelled.any(axis=1 - axis))
    first, count = int(places[0]), int(places[-1] - places[0]) + 1
    side = min(length, max(count, least_px))
    start = max(0, min(first - (side - count) // 2, length - side))
    box.append(slice(start, start + side))
  return box[0], box[1]


def require_size(
  height_px: int, width_px: int, path: str | os.PathLike
) -> None:
  """Raises InputError for a micrograph too small to learn from."""
  if min(height_px, width_px) < MINIMUM_SIDE_PX:
    raise InputError(
      f'{path}: {height_px} x {width_px} pixels; each side must have at least '
      f'{MINIMUM_SIDE_PX}: leave this micrograph out, with its mask'
    )
