"""Which side of an image is up, where its file says so (Exif, TIFF 6.0).

Cameras, scanners and programs that turn a picture leave the numbers as they
are, and write a tag by which whoever shows the image turns it.
"""

import logging
import os
from typing import Any

import numpy as np

TAG = 274
"""Orientation, in TIFF and in Exif."""

_AS_STORED = 1
_LOG = logging.getLogger(__name__)


def upright(
  values: np.ndarray, orientation: Any, path: str | os.PathLike
) -> np.ndarray:
  """An image as programs show it that heed its tag.

  Not all do: ImageJ does not, and what is drawn there does not fit. So it is
  logged where an image is turned.

  Args:
    values: [H, W, ...], as stored.
    orientation: what the tag says: 1 as stored, 2 mirrored, 3 upside down, 4
      both, 5 to 8 likewise with rows for columns. Other values mean nothing.
    path: of the file, for the message.

  Examples:
    >>> upright(np.array([[1, 2, 3]]), 6, 'a.jpg')
    array([[1],
           [2],
           [3]])
  """
  if orientation not in range(2, 9):
    return values
  _LOG.warning(
    '%s: its orientation tag (%d) says that it is shown turned or mirrored, and'
    ' so it is read; a mask that was drawn in a program that does not heed the'
    ' tag, as ImageJ, does not fit',
    path,
    orientation,
  )
  if orientation >= 5:
    values = values.swapaxes(0, 1)
  # What is first in the file is then at the right, or at the bottom.
  if orientation in (2, 3, 6, 7):
    values = values[:, ::-1]
  if orientation in (3, 4, 7, 8):
    values = values[::-1]
  return values
