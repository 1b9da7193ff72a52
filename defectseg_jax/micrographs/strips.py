"""A large image some rows at a time, as all at once.

In float64, every intermediate result of a micrograph of 16384 x 16384 pixels
would take 2 GiB.
"""

import os
from collections.abc import Callable
from concurrent import futures

import numpy as np
import scipy.fft

# Rows that are worked on together have about so many pixels. By eye: the
# micrographs of most sessions are smaller.
_PIXELS_AT_ONCE = 1 << 24

# Standard deviations after which a Gaussian is cut off: SciPy's own default.
_TRUNCATE = 4.0

# Lines that are transformed together; by eye. As many on every machine, so that
# the number of its cores changes no bit.
_LINES = 32


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
  """As scipy.ndimage.gaussian_filter, to rounding, on all cores.

  By Fourier transforms: a background is as wide as hundreds of pixels, and
  their weighted mean, taken pixel by pixel, would take most of the time from a
  micrograph to its mask.

  Args:
    values: float64 [H, W].
    sigma_px: standard deviation, in pixels; mirrored about the edge pixels.

  Returns:
    float64 [H, W].

  Examples:
    >>> dot = np.zeros((9, 9))
    >>> dot[4, 4] = 1
    >>> gaussian_blur(dot, 1.0)[4].round(3)
    array([0.   , 0.002, 0.022, 0.097, 0.159, 0.097, 0.022, 0.002, 0.   ])
  """
  with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for _ in range(2):
      # Down, and then across: lines know nothing of each other.
      values = np.ascontiguousarray(values.T)
      blurred = np.empty_like(values)
      blur = _line_blur(values.shape[1], sigma_px)
      starts = range(0, len(values), _LINES)
      parts = [slice(start, start + _LINES) for start in starts]
      for part, lines in zip(
        parts, pool.map(blur, (values[part] for part in parts)), strict=True
      ):
        blurred[part] = lines
      values = blurred
  return values


def _line_blur(
  length: int, sigma_px: float
) -> Callable[[np.ndarray], np.ndarray]:
  """What blurs lines, [N, length], along themselves."""
  reach = int(_TRUNCATE * sigma_px + 0.5)
  weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
  sees = np.pad(np.arange(length), reach, mode='reflect')
  # Nothing comes around its end: what does lies in the reach at the borders.
  size = scipy.fft.next_fast_len(len(sees), real=True)
  spectrum = np.asarray(scipy.fft.rfft(weights / weights.sum(), size))

  def blur(lines: np.ndarray) -> np.ndarray:
    transformed = np.asarray(scipy.fft.rfft(lines[:, sees], size))
    transformed *= spectrum
    blurred = np.asarray(scipy.fft.irfft(transformed, size))
    return blurred[:, 2 * reach : 2 * reach + length]

  return blur
