"""Regions that a network is sure of somewhere, and no others."""

from typing import cast

import numpy as np
from jaxtyping import Float
from scipy import ndimage

_NEIGHBOURS = np.ones((3, 3), bool)


def keep_sure_regions(
  probabilities: Float[np.ndarray, 'h w'],
  *,
  threshold: float,
  least_peak: float,
) -> Float[np.ndarray, 'h w']:
  """Takes out of a map the regions that nowhere reach a probability.

  It is thresholding with hysteresis: outlines lie at the threshold, which is
  low, since the network doubts where an object ends; whether there is one at
  all is decided where it is most sure.

  Args:
    probabilities: float32 [H, W].
    threshold: from which on a pixel is taken for defect.
    least_peak: that a connected region of such pixels must reach; corners
      connect.

  Returns:
    float32 [H, W]; what was taken out is just below the threshold.

  References:
    J. Canny, A computational approach to edge detection, IEEE Trans. Pattern
    Anal. Mach. Intell. 8, 679 (1986).

  Examples:
    >>> row = np.array([[0.6, 0.9, 0.0, 0.7, 0.1]], np.float32)
    >>> kept = keep_sure_regions(row, threshold=0.5, least_peak=0.8)
    >>> (kept >= 0.5).tolist()
    [[True, True, False, False, False]]
  """
  if least_peak <= threshold:
    return probabilities
  peaks = region_peaks(probabilities, threshold)
  unsure = (peaks > 0) & (peaks < np.float32(least_peak))
  below = np.nextafter(np.float32(threshold), np.float32(0))
  return np.where(unsure, np.minimum(probabilities, below), probabilities)


def region_peaks(
  probabilities: Float[np.ndarray, 'h w'], threshold: float
) -> Float[np.ndarray, 'h w']:
  """The greatest probability of the region that each pixel belongs to.

  Args:
    probabilities: float32 [H, W].
    threshold: from which on a pixel belongs to a region.

  Returns:
    float32 [H, W], 0 outside of all regions.
  """
  labels = np.empty(probabilities.shape, np.int32)
  # With an array for its output, SciPy returns the number alone.
  mask = probabilities >= threshold
  count = cast(int, ndimage.label(mask, _NEIGHBOURS, output=labels))
  peaks = np.zeros(count + 1, np.float32)
  np.maximum.at(peaks, labels[mask], probabilities[mask])
  return peaks[labels]
