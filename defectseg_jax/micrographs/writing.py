"""Pixels and their scale -> files that other programs open."""

import pathlib

import numpy as np
import tifffile


def write_tiff(
  path: str | pathlib.Path, pixels: np.ndarray, *, pixel_size_nm: float | None
) -> None:
  """Writes a grey TIFF as ImageJ does; its scale is in nanometres.

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
      'resolution': (1 / pixel_size_nm, 1 / pixel_size_nm),
      'metadata': {'unit': 'nm', 'axes': 'YX'},
    }
  # Compressed files need a plug-in in ImageJ; a scale needs its format.
  tifffile.imwrite(path, pixels, imagej=True, **scale)
