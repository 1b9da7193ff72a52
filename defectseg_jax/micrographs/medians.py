"""The median of each pixel's 3 x 3."""

import numpy as np
from jaxtyping import Float


def median_of_nine(
  pixels: Float[np.ndarray, 'h w'],
) -> Float[np.ndarray, 'h w']:
  """What `scipy.ndimage.median_filter(size=3, mode='mirror')` gives, soon.

  Columns of three are sorted, once for the three squares that share them. The
  median of nine is the median of the largest of their least, of the median of
  their middles and of the least of their largest. All of it is minima and
  maxima of whole images, several pixels at a time, where SciPy sorts for each.

  Args:
    pixels: [H, W], finite, 2 pixels and more a side.

  Returns:
    [H, W], of the same type. At the edge the image is mirrored without it.

  References:
    J. L. Smith, Implementing median filters in XC4000E FPGAs, Xcell 23, 16
    (1996).

  Examples:
    >>> pixels = np.full((3, 4), 7)
    >>> pixels[1, 1] = 900
    >>> median_of_nine(pixels)[1]
    array([7, 7, 7, 7])
  """
  wide = np.pad(pixels, 1, mode='reflect')
  above, of_row, below = wide[:-2], wide[1:-1], wide[2:]
  low, high = np.minimum(above, below), np.maximum(above, below)
  least, largest = np.minimum(low, of_row), np.maximum(high, of_row)
  middle = np.maximum(low, np.minimum(high, of_row))
  left, own, right = _columns(least)
  least = np.maximum(np.maximum(left, own), right)
  left, own, right = _columns(largest)
  largest = np.minimum(np.minimum(left, own), right)
  return _median_of_three(least, _median_of_three(*_columns(middle)), largest)


def _columns(wide: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The column left of each, its own, and the one on its right."""
  return wide[:, :-2], wide[:, 1:-1], wide[:, 2:]


def _median_of_three(
  one: np.ndarray, two: np.ndarray, three: np.ndarray
) -> np.ndarray:
  low, high = np.minimum(one, two), np.maximum(one, two)
  return np.maximum(low, np.minimum(high, three))
