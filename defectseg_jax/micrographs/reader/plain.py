"""Numbers that stand in their file as they are: nothing is interpreted."""

import math
import os
import pathlib

import numpy as np

# By eye: of larger ones the images are read one by one.
_MOST_BYTES = 2**26
# Else an image would keep the bytes of all others.
_LEAST_PART = 0.5


def read_ahead(path: pathlib.Path) -> np.ndarray | None:
  """The bytes of a file of which nobody knows yet where its numbers begin.

  Args:
    path: of the file.

  Returns:
    [size] bytes; None where it is large, a folder, or cannot be read, which is
    said by whoever needs it.
  """
  try:
    with open(path, 'rb', buffering=0) as file:
      size = os.fstat(file.fileno()).st_size
      if size > _MOST_BYTES:
        return None
      content = np.empty(size, np.uint8)
      return content if file.readinto(content.data) == size else None
  except (MemoryError, OSError):
    return None


def numbers_at(
  path: pathlib.Path,
  offset: int,
  dtype: np.dtype,
  shape: tuple[int, ...],
  ahead: np.ndarray | None,
) -> np.ndarray:
  """The numbers that stand in the file from there on.

  Args:
    path: of the file.
    offset: of the first one, in bytes.
    dtype: of each.
    shape: of the image.
    ahead: of `read_ahead`; the image may be a part of it.

  Returns:
    The image, in this machine's order of bytes.

  Raises:
    OSError: the file cannot be read.
    ValueError: there are not so many numbers.
  """
  count = math.prod(shape)
  size = count * dtype.itemsize
  if ahead is not None and size >= _LEAST_PART * len(ahead):
    if not 0 <= offset <= len(ahead) - size:
      raise ValueError('the file ends before its image')
    # Also where numbers do not begin where a processor likes them to: who uses
    # them takes no longer, and a copy would.
    values = ahead[offset : offset + size].view(dtype)
  else:
    values = np.fromfile(path, dtype, count, offset=offset)
  if len(values) != count:
    raise ValueError('the file ends before its image')
  return values.reshape(shape).astype(dtype.newbyteorder('='), copy=False)
