"""Which image to label next: the one of which the network is least sure."""

import numpy as np

# Of larger images every so many-th pixel is looked at, for speed; by eye.
_MOST_PIXELS = 2**20


def doubt(probabilities: np.ndarray, threshold: float) -> float:
  """How unsure a network is of what it found, or may have missed.

  Uncertainty sampling: whatever the network is least sure of teaches it most.
  Each pixel has the entropy of its probability, in bits; their sum stands over
  itself and the number of pixels from the threshold on, so that images with few
  and with many objects, large and small, compare.

  Args:
    probabilities: float [H, W], of each pixel to be defect.
    threshold: from which a pixel is taken for defect.

  Returns:
    From 0, sure of everything, to 1, where all is a guess and nothing found.

  Examples:
    >>> doubt(np.array([[0.0, 1.0]]), 0.5)
    0.0
    >>> doubt(np.array([[0.1, 0.9]]), 0.5) < doubt(np.array([[0.4, 0.6]]), 0.5)
    True

  References:
    B. Settles, "Active Learning Literature Survey", University of
    Wisconsin-Madison, Computer Sciences Technical Report 1648 (2009), 3.1.
  """
  step = max(1, int((probabilities.size / _MOST_PIXELS) ** 0.5))
  p = np.asarray(probabilities[::step, ::step], np.float64)
  found = np.count_nonzero(p >= threshold)
  p = p[(p > 0) & (p < 1)]
  bits = float(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)).sum())
  return float(bits / (bits + found)) if bits else 0.0
