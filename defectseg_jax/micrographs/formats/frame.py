"""Frame: one image as its file stores it."""

import dataclasses
import os

import numpy as np

from defectseg_jax.errors import file_error

# 32768 x 32768. By eye: more pixels than any detector has, and so few that a
# damaged header does not ask for all memory of the machine.
MAX_PIXELS = 2**30
# Of a file whose images are packed. By eye: an image of so many pixels of 8
# bits and a copy of it fit, and most machines have so much memory.
_MOST_BYTES = 2**32
# Of one whose images are not packed, them and a copy.
_BYTES_FOR_EACH_BYTE = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
  """One image of a file, in the file's own numbers.

  Attributes:
    values: [H, W], or [H, W, channels] with 2 (grey, alpha), 3 (red, green,
      blue) or 4 (red, green, blue, alpha) channels; any real type.
    palette: [entries, 3 or 4], where values [H, W] are indices into it.
    white_is_zero: the file says that small values are to be shown bright. The
      values are still as stored.
    pixel_size_nm: side of a pixel in nanometres, or None.
    scale_doubt: what the file says of its scale and is not believed or not
      understood, or why the pixel size may be wrong; '' for nothing.
  """

  values: np.ndarray
  palette: np.ndarray | None = None
  white_is_zero: bool = False
  pixel_size_nm: float | None = None
  scale_doubt: str = ''


def check_size(path: str | os.PathLike, *, height: int, width: int) -> None:
  """Refuses images that are too large, before memory is asked for.

  Args:
    path: the file, for the message.
    height: of the image, in pixels.
    width: of the image, in pixels.

  Raises:
    InputError: there are more than `MAX_PIXELS` pixels, or 0.
  """
  if not 0 < height * width <= MAX_PIXELS:
    raise file_error(
      path,
      f'the image is {height} x {width} pixels',
      f'give 1 to {MAX_PIXELS} pixels (crop it, or see whether it is damaged)',
    )


def most_bytes(file_bytes: int) -> int:
  """How much memory the images of a file may take, all of them together.

  Args:
    file_bytes: size of the file.
  """
  return _MOST_BYTES + _BYTES_FOR_EACH_BYTE * file_bytes


def check_total(
  path: str | os.PathLike, *, total_bytes: int, file_bytes: int
) -> None:
  """Refuses files that unpack to too much, before anything is unpacked.

  Args:
    path: the file, for the message.
    total_bytes: of all its images, unpacked.
    file_bytes: its own size.

  Raises:
    InputError: that is more than `most_bytes`.
  """
  most = most_bytes(file_bytes)
  if total_bytes > most:
    raise file_error(
      path,
      f'its images unpack to {total_bytes / 2**30:.1f} GiB, and a file of its'
      f' size may take {most / 2**30:.1f} GiB',
      'save fewer images in one file, or see whether it is damaged',
    )
