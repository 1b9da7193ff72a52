"""A large image some rows at a time, with the same bits as all at once.

In float64, every intermediate result of a micrograph of 16384 x 16384 pixels
would take 2 GiB.
"""

import os
from concurrent import futures

import numpy as np
import scipy.ndimage

# Rows that are worked on together have about so many pixels. By eye: the
# micrographs of most sessions are smaller.
_PIXELS_AT_ONCE = 1 << 24

# Standard deviations after which a Gaussian is cut off: SciPy's own default.
_TRUNCATE = 4.0


def strips(shape: tuple[int, ...]) -> list[slice]:
  """The rows that are worked on together, from the first to the last.

  Args:
    shape: [H, W] of the image.

  Returns:
    Slices of rows; that of the last may reach behind the image.
  """
  rows = max(1, _PIXELS_AT_ONCE // shape[1])
  return [slice(top, top + rows) for top in range(0, shape[0], rows)]


def strip_with_halo(
  pixels: np.ndarray, rows: slice, sigma_px: float
) -> tuple[np.ndarray, slice]:
  """Rows of an image with all that a Gaussian sees around them.

  Inside the image nothing is mirrored that would not be in the whole image.

  Args:
    pixels: [H, W].
    rows: one of `strips`.
    sigma_px: standard deviation of the Gaussian, in pixels.

  Returns:
    float64 [rows and halo, W], and where the rows are in it.
  """
  reach = int(_TRUNCATE * sigma_px + 0.5)
  top = max(rows.start - reach, 0)
  around = pixels[top : rows.stop + reach].astype(np.float64)
  first = rows.start - top
  height = min(rows.stop, len(pixels)) - rows.start
  return around, slice(first, first + height)


def gaussian_blur(values: np.ndarray, sigma_px: float) -> np.ndarray:
  """As scipy.ndimage.gaussian_filter, bit for bit, on all cores.

  Args:
    values: float64 [H, W].
    sigma_px: standard deviation, in pixels; mirrored at the borders.

  Returns:
    float64 [H, W].
  """
  with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for axis in (0, 1):
      blurred = np.empty_like(values)
      # Lines along the axis know nothing of each other.
      blocks = zip(
        *(
          np.array_split(array, 2 * (os.cpu_count() or 1), axis=1 - axis)
          for array in (values, blurred)
        )
      )
      for done in [
        pool.submit(
          scipy.ndimage.gaussian_filter1d,
          before,
          sigma_px,
          axis,
          output=after,
          mode='mirror',
          truncate=_TRUNCATE,
        )
        for before, after in blocks
        if before.size
      ]:
        done.result()
      values = blurred
  return values
