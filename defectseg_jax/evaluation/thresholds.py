"""From probabilities to the threshold that makes a mask of them.

The threshold is chosen on the development set. The best threshold of the test
set itself is an oracle that nobody has when it matters; it is reported beside
the honest one, and named so.
"""

import numpy as np

# A power of two: p * BINS is exact in float32, so that a pixel's bin and its
# comparison with a threshold k / BINS never disagree.
BINS = 1024


def histogram(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
  """Counts of pixels by class and probability.

  Args:
    probabilities: float32 in [0, 1], any shape.
    truth: bool, of the same shape.

  Returns:
    int64 [2, BINS]: row 0 counts background pixels, row 1 defect pixels; bin k
    holds k / BINS <= p < (k + 1) / BINS, and the last one p = 1 too.
  """
  bins = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
  return np.stack(
    [
      np.bincount(bins[truth == label].ravel(), minlength=BINS)
      for label in (False, True)
    ]
  )


def iu_at_thresholds(histograms: np.ndarray) -> np.ndarray:
  """IU of the masks `p >= k / BINS`, for every k.

  Args:
    histograms: integer [..., 2, BINS], from `histogram`.

  Returns:
    float64 [..., BINS]. An image with no defect pixel has IU 1 at thresholds
    that find nothing in it and 0 at the others.
  """
  at_least = np.cumsum(histograms[..., ::-1], axis=-1)[..., ::-1]
  false_positives, true_positives = at_least[..., 0, :], at_least[..., 1, :]
  union = histograms[..., 1, :].sum(-1, keepdims=True) + false_positives
  return np.where(union == 0, 1.0, true_positives / np.maximum(union, 1))


def best_threshold(histograms: np.ndarray) -> tuple[float, float]:
  """The threshold with the greatest IU, averaged over images.

  Args:
    histograms: integer [images, 2, BINS].

  Returns:
    The threshold in [0, 1), to be used as `p >= threshold`, and the mean IU
    that it reaches. Of equal thresholds the middle one of the first run.
  """
  iu = iu_at_thresholds(histograms).mean(axis=0)
  first = int(np.argmax(iu))
  last = first
  while last + 1 < BINS and iu[last + 1] == iu[first]:
    last += 1
  return (first + last) // 2 / BINS, float(iu[first])
