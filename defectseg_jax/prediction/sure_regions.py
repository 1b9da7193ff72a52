"""Regions that a network is sure of somewhere, and no others."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from defectseg_jax.prediction.regions import number_regions


class Hysteresis(NamedTuple):
  """What makes a mask of probabilities.

  Attributes:
    threshold: from which on a pixel is taken for defect.
    least_peak: that a connected region of such pixels must reach; corners
      connect. It asks for nothing if it is not above the threshold.
  """

  threshold: float
  least_peak: float = 0.0


def sure_mask(
  probabilities: Float[np.ndarray, 'h w'], limits: Hysteresis
) -> Bool[np.ndarray, 'h w']:
  """The regions of a map that somewhere reach a probability.

  It is thresholding with hysteresis: outlines lie at the threshold, which is
  low, since the network doubts where an object ends; whether there is one at
  all is decided where it is most sure.

  Args:
    probabilities: float32 [H, W].
    limits: of pixels and of regions.

  Returns:
    bool [H, W].

  References:
    J. Canny, A computational approach to edge detection, IEEE Trans. Pattern
    Anal. Mach. Intell. 8, 679 (1986).

  Examples:
    >>> row = np.array([[0.6, 0.9, 0.0, 0.7, 0.1]], np.float32)
    >>> sure_mask(row, Hysteresis(threshold=0.5, least_peak=0.8)).tolist()
    [[True, True, False, False, False]]
  """
  if limits.least_peak <= limits.threshold:
    return probabilities >= limits.threshold
  return sure_regions(probabilities, limits) > 0


def sure_regions(
  probabilities: Float[np.ndarray, 'h w'], limits: Hysteresis
) -> Int[np.ndarray, 'h w']:
  """The regions of `sure_mask`, numbered as `number_regions` does.

  Args:
    probabilities: float32 [H, W].
    limits: of pixels and of regions.

  Returns:
    int32 [H, W], from 1 on, 0 beside all regions.

  Examples:
    >>> row = np.array([[0.6, 0.1, 0.9, 0.7, 0.0, 0.8]], np.float32)
    >>> sure_regions(row, Hysteresis(threshold=0.5, least_peak=0.8)).tolist()
    [[0, 0, 1, 1, 0, 2]]
  """
  mask = probabilities >= limits.threshold
  labels, count = number_regions(mask)
  if limits.least_peak <= limits.threshold:
    return labels
  # Few pixels are of a region, and those of the sure ones stay in their order.
  places = np.flatnonzero(mask)
  regions = labels.take(places)
  peaks = np.zeros(count + 1, np.float32)
  np.maximum.at(peaks, regions, probabilities.take(places))
  sure = (peaks > 0) & (peaks >= np.float32(limits.least_peak))
  labels.put(places, (np.cumsum(sure) * sure)[regions])
  return labels
