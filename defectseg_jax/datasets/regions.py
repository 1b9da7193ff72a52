"""A micrograph's five regions, as Figure 3a of the paper divides it."""

import os
from typing import NamedTuple

from defectseg_jax.errors import InputError

SPLITS = ('train', 'dev', 'test')
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


def require_size(
  height_px: int, width_px: int, path: str | os.PathLike
) -> None:
  """Raises InputError for a micrograph too small to learn from."""
  if min(height_px, width_px) < MINIMUM_SIDE_PX:
    raise InputError(
      f'{path}: {height_px} x {width_px} pixels; each side must have at least '
      f'{MINIMUM_SIDE_PX}: leave this micrograph out, with its mask'
    )
