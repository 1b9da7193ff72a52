"""Counts of particles, corrected for what a network detects wrongly."""

import math
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks, intervals

# By eye: ends of intervals that vary little with the seed.
_DRAWS = 20_000


class Detection(NamedTuple):
  """Particles of a development set; numbers of particles, not of pixels.

  Pixels of one particle are detected or missed together, so that counts of
  pixels would make the intervals far too narrow.

  Attributes:
    true_positives: particles of the truth that the network detected.
    false_negatives: particles of the truth that it did not detect.
    false_positives: particles of the prediction that are not in the truth.
  """

  true_positives: float
  false_negatives: float
  false_positives: float


def match_particles(
  prediction: np.ndarray, truth: np.ndarray, *, least_iu: float = 0.5
) -> Detection:
  """Compares two label images particle by particle.

  Args:
    prediction: integer [H, W], 0 in the background.
    truth: integer [H, W].
    least_iu: IU above which two particles are the same one; from 0.5 on, no
      particle has two partners, and below it is given the best.

  Returns:
    The counts.

  Raises:
    InputError: the shapes differ, or least_iu is not between 0 and 1.
  """
  matched = match_labels(prediction, truth, least_iu).shape[1]
  return Detection(
    true_positives=matched,
    false_negatives=_count_labels(truth) - matched,
    false_positives=_count_labels(prediction) - matched,
  )


def match_labels(
  prediction: np.ndarray, truth: np.ndarray, least_iu: float = 0.5
) -> np.ndarray:
  """Which predicted particle is which of the truth.

  Args:
    prediction: as `match_particles` takes it, and so are the others.
    truth: integer [H, W].
    least_iu: IU above which two particles are the same one.

  Returns:
    int [2, n], the labels in the prediction and in the truth of each true
    positive.

  Raises:
    InputError: as `match_particles`.
  """
  if prediction.shape != truth.shape:
    raise InputError(
      f'a prediction of shape {prediction.shape} for a truth of shape '
      f'{truth.shape}: they must be equal'
    )
  if not 0 < least_iu < 1:
    raise InputError(f'least_iu={least_iu}: must be above 0 and below 1')
  both = (prediction > 0) & (truth > 0)
  pairs, shared = np.unique(
    np.stack([prediction[both], truth[both]]), axis=1, return_counts=True
  )
  of_prediction = np.bincount(prediction[prediction > 0])
  of_truth = np.bincount(truth[truth > 0])
  union = of_prediction[pairs[0]] + of_truth[pairs[1]] - shared
  same = np.flatnonzero(shared > least_iu * union)
  if least_iu < 0.5:
    same = _each_once(pairs[:, same], shared[same] / union[same], same)
  return pairs[:, same]


def _each_once(
  pairs: np.ndarray, iu: np.ndarray, places: np.ndarray
) -> np.ndarray:
  """Of pairs, int [2, n], those in which neither has a better partner."""
  used: tuple[set[int], set[int]] = (set(), set())
  kept = []
  for place in np.argsort(-iu, kind='stable'):
    first, second = pairs[:, place].tolist()
    if first not in used[0] and second not in used[1]:
      used[0].add(first)
      used[1].add(second)
      kept.append(int(places[place]))
  return np.array(sorted(kept), int)


def f_score(detection: Detection, *, beta: float = 1.0) -> float:
  """(1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP); 1 if there is nothing at all.

  Args:
    detection: the counts.
    beta: b, the weight of recall beside precision (van Rijsbergen, Information
      Retrieval, 1979); 1 for F1.

  Examples:
    >>> counts = Detection(
    ...   true_positives=3, false_negatives=2, false_positives=0
    ... )
    >>> f_score(counts), f_score(counts, beta=0.5)
    (0.75, 0.8823529411764706)
  """
  true_positives, false_negatives, false_positives = detection
  right = (1 + beta**2) * true_positives
  whole = right + beta**2 * false_negatives + false_positives
  return right / whole if whole else 1.0


def _count_labels(labels: np.ndarray) -> int:
  return int(np.count_nonzero(np.bincount(labels[labels > 0])))


def corrected_count(
  count: float,
  detection: Detection,
  *,
  level: float = intervals.LEVEL,
  seed: int = 0,
) -> tuple[float, intervals.Interval]:
  """The true number of particles, from the number that a network predicts.

  N * precision / recall, with precision = TP / (TP + FP) and recall = TP / (TP
  + FN): N * precision of the N predicted particles are real, and they are the
  fraction recall of all real ones. How well both are known depends on the size
  of the development set: they are drawn from beta distributions (Jeffreys),
  together with the Poisson mean of the count.

  Args:
    count: N, particles of the prediction.
    detection: of the development set.
    level: of confidence.
    seed: of the draws.

  Returns:
    The number, and its interval; NaN and unknown if the development set has no
    true positive.

  Raises:
    InputError: a count is negative.

  Examples:
    Of 40 predicted particles 3 / 4 are real, and these are 3 / 5 of all.

    >>> detection = Detection(
    ...   true_positives=30, false_negatives=20, false_positives=10
    ... )
    >>> corrected_count(40, detection)[0]
    50.0
  """
  checks.require_not_negative(count, 'count')
  for name, value in detection._asdict().items():
    checks.require_not_negative(value, name)
  true_positives, false_negatives, false_positives = detection
  if true_positives == 0:
    return math.nan, intervals.UNKNOWN
  rng = np.random.default_rng(seed)
  precision = rng.beta(true_positives + 0.5, false_positives + 0.5, size=_DRAWS)
  recall = rng.beta(true_positives + 0.5, false_negatives + 0.5, size=_DRAWS)
  drawn = rng.gamma(count + 0.5, size=_DRAWS) * precision / recall
  value = (
    count
    * (true_positives + false_negatives)
    / (true_positives + false_positives)
  )
  return value, intervals.percentile_interval(drawn, level=level)
