"""From probabilities to the threshold that makes a mask of them.

The threshold is chosen on the development set, which others call the validation
set. The best threshold of the test set itself is an oracle: of new
images nobody knows it. It is reported beside the chosen one, and named so.
"""

import numpy as np
from jaxtyping import Bool, Float, Integer

# Thresholds are evenly spaced in logits. Early in training a large positive
# weight drives the best threshold to 0.999 and beyond, where equal steps of
# probability are too coarse to find it. Number and limit are by eye.
BINS = 1024
LOGIT_LIMIT = 10.0

# The mask of threshold k is `p >= THRESHOLDS[k]`; the first one takes all.
THRESHOLDS = np.concatenate(
  [[0.0], 1 / (1 + np.exp(-np.linspace(-LOGIT_LIMIT, LOGIT_LIMIT, BINS - 1)))]
).astype(np.float32)


def histogram(
  probabilities: Float[np.ndarray, '*pixels'],
  truth: Bool[np.ndarray, '*pixels'],
) -> Integer[np.ndarray, '2 bins']:
  """Counts of pixels by class and probability.

  Args:
    probabilities: float32 in [0, 1], any shape.
    truth: bool, of the same shape.

  Returns:
    int64 [2, BINS]: row 0 counts background pixels, row 1 defect pixels; bin k
    holds THRESHOLDS[k] <= p < THRESHOLDS[k + 1], and the last one all above.

  Examples:
    >>> probabilities = np.array([0.1, 0.6, 0.9], np.float32)
    >>> counts = histogram(probabilities, np.array([False, True, True]))
    >>> counts.shape, counts.sum(axis=1).tolist()
    ((2, 1024), [1, 2])
  """
  bins = np.searchsorted(THRESHOLDS, probabilities, side='right') - 1
  return np.stack(
    [
      np.bincount(bins[truth == label].ravel(), minlength=BINS)
      for label in (False, True)
    ]
  )


def iu_at_thresholds(
  histograms: Integer[np.ndarray, '*images 2 bins'],
) -> Float[np.ndarray, '*images bins']:
  """IU of the masks `p >= THRESHOLDS[k]`, for every k.

  Args:
    histograms: integer [..., 2, BINS], from `histogram`.

  Returns:
    float64 [..., BINS]. An image with no defect pixel has IU 1 at thresholds
    that predict no defect in it, and 0 at the others.
  """
  at_least = np.cumsum(histograms[..., ::-1], axis=-1)[..., ::-1]
  false_positives, true_positives = at_least[..., 0, :], at_least[..., 1, :]
  union = histograms[..., 1, :].sum(-1, keepdims=True) + false_positives
  return np.where(union == 0, 1.0, true_positives / np.maximum(union, 1))


def pooled_iu(
  histograms: Integer[np.ndarray, 'images 2 bins'],
) -> Float[np.ndarray, ' bins']:
  """IU at each threshold of all images' pixels together: float64 [BINS].

  It steers training, and chooses the threshold. A development set has few
  images; in the mean over them, one with few defects would count as much as one
  with many.

  Args:
    histograms: integer [images, 2, BINS].
  """
  return iu_at_thresholds(np.sum(histograms, axis=0))


def mean_iu(
  histograms: Integer[np.ndarray, 'images 2 bins'],
) -> Float[np.ndarray, ' bins']:
  """IU at each threshold, averaged over images: float64 [BINS].

  Args:
    histograms: integer [images, 2, BINS].
  """
  return iu_at_thresholds(histograms).mean(axis=0)


def best_threshold(iu: Float[np.ndarray, ' bins']) -> tuple[float, float]:
  """The threshold with the greatest IU.

  Args:
    iu: float [BINS], of each threshold.

  Returns:
    The threshold, to be used as `p >= threshold` on float32, and its IU. Where
    several in a row have the greatest IU, the middle one of the first such row.

  Examples:
    Every threshold above 0.1 and up to 0.6 separates the classes:

    >>> probabilities = np.array([0.1, 0.6, 0.9], np.float32)
    >>> counts = histogram(probabilities, np.array([False, True, True]))
    >>> threshold, iu = best_threshold(iu_at_thresholds(counts))
    >>> round(threshold, 3), iu
    (0.289, 1.0)
  """
  first = int(np.argmax(iu))
  last = first
  while last + 1 < BINS and iu[last + 1] == iu[first]:
    last += 1
  return float(THRESHOLDS[(first + last) // 2]), float(iu[first])
