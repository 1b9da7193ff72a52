"""From probabilities to the threshold that makes a mask of them.

The threshold is chosen on the development set. The best threshold of the test
set itself is an oracle that nobody has when it matters; it is reported beside
the honest one, and named so.
"""

import numpy as np

# Thresholds are evenly spaced in logits. Early in training a large positive
# weight drives the best threshold to 0.999 and beyond, where equal steps of
# probability are too coarse to find it.
BINS = 1024
LOGIT_LIMIT = 10.0

# The mask of threshold k is `p >= THRESHOLDS[k]`; the first one takes all.
THRESHOLDS = np.concatenate(
  [[0.0], 1 / (1 + np.exp(-np.linspace(-LOGIT_LIMIT, LOGIT_LIMIT, BINS - 1)))]
).astype(np.float32)


def histogram(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
  """Counts of pixels by class and probability.

  Args:
    probabilities: float32 in [0, 1], any shape.
    truth: bool, of the same shape.

  Returns:
    int64 [2, BINS]: row 0 counts background pixels, row 1 defect pixels; bin k
    holds THRESHOLDS[k] <= p < THRESHOLDS[k + 1], and the last one all above.
  """
  bins = np.searchsorted(THRESHOLDS, probabilities, side='right') - 1
  return np.stack(
    [
      np.bincount(bins[truth == label].ravel(), minlength=BINS)
      for label in (False, True)
    ]
  )


def iu_at_thresholds(histograms: np.ndarray) -> np.ndarray:
  """IU of the masks `p >= THRESHOLDS[k]`, for every k.

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


def pooled_iu(histograms: np.ndarray) -> np.ndarray:
  """IU at each threshold of all images' pixels together: float64 [BINS].

  What training is steered by, and the threshold chosen by. A development set
  has few images, and in the mean over them one that is unlike the others has
  as much say as all the rest.

  Args:
    histograms: integer [images, 2, BINS].
  """
  return iu_at_thresholds(np.sum(histograms, axis=0))


def mean_iu(histograms: np.ndarray) -> np.ndarray:
  """IU at each threshold, averaged over images: float64 [BINS].

  Args:
    histograms: integer [images, 2, BINS].
  """
  return iu_at_thresholds(histograms).mean(axis=0)


def best_threshold(iu: np.ndarray) -> tuple[float, float]:
  """The threshold with the greatest IU.

  Args:
    iu: float [BINS], of each threshold.

  Returns:
    The threshold, to be used as `p >= threshold` on float32, and its IU. Of
    equal thresholds the middle one of the first run.
  """
  first = int(np.argmax(iu))
  last = first
  while last + 1 < BINS and iu[last + 1] == iu[first]:
    last += 1
  return float(THRESHOLDS[(first + last) // 2]), float(iu[first])
