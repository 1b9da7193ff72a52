"""Pixels and their scale -> files that other programs open."""

import pathlib

import numpy as np
import tifffile


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
    ValueError: pixels of another type or shape, which ImageJ has not.
  """
  if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16, np.float32):
    raise ValueError(
      f'{path}: {pixels.dtype} {pixels.shape}; ImageJ has uint8, uint16 and '
      'float32 [H, W]'
    )
  scale = {}
  if pixel_size_nm is not None:
    scale = {
      # tifffile finds fractions that are exact to about 1e-15.
      'resolution': (1 / pixel_size_nm, 1 / pixel_size_nm),
      'metadata': {'unit': 'nm', 'axes': 'YX'},
      'extratags': _digitalmicrograph_tags(pixel_size_nm),
    }
  # Compressed files need a plug-in in ImageJ; a scale needs its format.
  tifffile.imwrite(path, pixels, imagej=True, **scale)


def write_mask(
  path: str | pathlib.Path, mask: np.ndarray, *, pixel_size_nm: float | None
) -> None:
  """Writes a mask as `write_tiff` does, 0 and 255.

  Args:
    path: replaced if it exists.
    mask: bool [H, W], True on defects.
    pixel_size_nm: None leaves the file without a scale.
  """
  pixels = np.where(mask, np.uint8(255), np.uint8(0))
  write_tiff(path, pixels, pixel_size_nm=pixel_size_nm)


def _digitalmicrograph_tags(
  pixel_size_nm: float,
) -> list[tuple[int, str, int, str | float, bool]]:
  """For x and y: unit, origin and scale, in double precision."""
  return [
    *((tag, 's', 0, 'nm', True) for tag in (65003, 65004)),
    *((tag, 'd', 1, 0.0, True) for tag in (65006, 65007)),
    *((tag, 'd', 1, float(pixel_size_nm), True) for tag in (65009, 65010)),
  ]
