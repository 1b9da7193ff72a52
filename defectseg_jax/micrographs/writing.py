"""Pixels and their scale -> TIFF files that other programs open."""

import errno
import os
import pathlib

import numpy as np
import tifffile

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.object_ids import ObjectMask

_MOST_IDS = 2**16 - 1


def write_tiff(
  path: str | pathlib.Path, pixels: np.ndarray, *, pixel_size_nm: float | None
) -> None:
  """Writes a grey TIFF as ImageJ does; its scale is in nanometres.

  The scale stands in it twice: in ImageJ's way, and in the private tags that
  DigitalMicrograph reads.

  Args:
    path: replaced if it exists.
    pixels: uint8, uint16 or float32 [H, W].
    pixel_size_nm: None leaves the file without a scale.

  Raises:
    ValueError: pixels of another type or shape, which ImageJ does not have.
    OSError: the file cannot be written, or not to its end.

  Examples:
    >>> import tempfile
    >>> from defectseg_jax.micrographs import read_micrograph, write_tiff
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f'{folder.name}/foil.tif'
    >>> write_tiff(path, np.zeros((4, 5), np.uint8), pixel_size_nm=0.32)
    >>> read_micrograph(path).pixel_size_nm
    0.32
  """
  if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16, np.float32):
    raise ValueError(
      f'{path}: the pixels are {pixels.dtype} {pixels.shape}; give what ImageJ '
      'has: uint8, uint16 or float32 [H, W]'
    )
  scale = {}
  if pixel_size_nm is not None:
    scale = {
      # tifffile finds fractions that are exact to about 1e-15.
      'resolution': (1 / pixel_size_nm, 1 / pixel_size_nm),
      'metadata': {'unit': 'nm', 'axes': 'YX'},
      'extratags': _digitalmicrograph_tags(pixel_size_nm),
    }
  try:
    # Compressed files need a plug-in in ImageJ; a scale needs its format.
    tifffile.imwrite(path, pixels, imagej=True, **scale)
  except OSError as error:
    if error.errno is not None:
      raise
    # NumPy says how much it wrote, and not why it was less than all.
    reason = os.strerror(errno.ENOSPC)
    raise OSError(errno.ENOSPC, reason, str(path)) from error


def write_mask(
  path: str | pathlib.Path, mask: np.ndarray, *, pixel_size_nm: float | None
) -> None:
  """Writes a mask as `write_tiff` does, 0 and 255.

  Args:
    path: replaced if it exists.
    mask: bool [H, W], True on defects.
    pixel_size_nm: None leaves the file without a scale.

  Examples:
    >>> import tempfile
    >>> from defectseg_jax.micrographs import read_mask, write_mask
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f'{folder.name}/mask.tif'
    >>> write_mask(path, np.eye(2, dtype=bool), pixel_size_nm=0.32)
    >>> read_mask(path)
    array([[ True, False],
           [False,  True]])
  """
  pixels = np.where(mask, np.uint8(255), np.uint8(0))
  write_tiff(path, pixels, pixel_size_nm=pixel_size_nm)


def write_object_mask(
  path: str | pathlib.Path,
  objects: ObjectMask,
  *,
  pixel_size_nm: float | None,
) -> None:
  """Writes a mask as `write_mask` does, or the ids of objects that touch.

  Args:
    path: replaced if it exists.
    objects: the mask. Its ids, if it has any, are written as 16-bit greys.
    pixel_size_nm: None leaves the file without a scale.

  Raises:
    InputError: there are more ids than 16 bits can tell.
  """
  mask, ids = objects.mask, objects.ids
  if ids is None:
    write_mask(path, mask, pixel_size_nm=pixel_size_nm)
    return
  if ids.max() > _MOST_IDS:
    raise file_error(
      path,
      f'{ids.max()} objects, some of which touch; {_MOST_IDS} can be numbered',
      'leave a gap of one pixel between objects, or cut the micrograph',
    )
  write_tiff(path, ids.astype(np.uint16), pixel_size_nm=pixel_size_nm)


def _digitalmicrograph_tags(
  pixel_size_nm: float,
) -> list[tuple[int, str, int, str | float, bool]]:
  """For x and y: unit, origin and scale, in double precision."""
  return [
    *((tag, 's', 0, 'nm', True) for tag in (65003, 65004)),
    *((tag, 'd', 1, 0.0, True) for tag in (65006, 65007)),
    *((tag, 'd', 1, float(pixel_size_nm), True) for tag in (65009, 65010)),
  ]
