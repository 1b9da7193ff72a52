"""Regions of a mask: pixels that touch each other, if only by their corners."""

from typing import cast

import numpy as np
from jaxtyping import Bool, Int
from scipy import ndimage

_NEIGHBOURS = np.ones((3, 3), bool)


def number_regions(
  mask: Bool[np.ndarray, 'h w'],
) -> tuple[Int[np.ndarray, 'h w'], int]:
  """Numbers the regions.

  Args:
    mask: bool [H, W].

  Returns:
    int32 [H, W], from 1 on, 0 beside all regions; and how many there are.

  Examples:
    >>> labels, count = number_regions(np.eye(3, 4, dtype=bool)[:, ::2])
    >>> labels.tolist(), count
    ([[1, 0], [0, 0], [0, 2]], 2)
    >>> number_regions(np.eye(3, dtype=bool))[1]
    1
  """
  labels = np.empty(mask.shape, np.int32)
  # With an array for its output, SciPy returns the number alone.
  count = cast(int, ndimage.label(mask, _NEIGHBOURS, output=labels))
  return labels, count


def widen(mask: Bool[np.ndarray, 'h w']) -> Bool[np.ndarray, 'h w']:
  """The mask, wider by a pixel on all sides.

  Examples:
    >>> widen(np.arange(5) == np.array([[3]])).astype(int)
    array([[0, 0, 1, 1, 1]])
  """
  return np.asarray(ndimage.binary_dilation(mask, _NEIGHBOURS), bool)
