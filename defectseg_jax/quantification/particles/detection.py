"""What a network misses and invents, carried over to its counts."""

import math
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks, intervals

_DRAWS = 20_000


class Detection(NamedTuple):
  """Particles of a development set; numbers of particles, not of pixels.

  Pixels of one particle are found or missed together, so that counts of pixels
  would make the intervals far too narrow.

  Attributes:
    found: particles of the truth that the network found.
    missed: those that it did not.
    invented: particles of the prediction that the truth has not.
  """

  found: float
  missed: float
  invented: float


def match_particles(
  prediction: np.ndarray, truth: np.ndarray, *, least_iu: float = 0.5
) -> Detection:
  """Compares two label images particle by particle.

  Args:
    prediction: integer [H, W], 0 in the background.
    truth: integer [H, W].
    least_iu: IU above which two particles are the same one; from 0.5 on, no
      particle has two partners.

  Returns:
    The counts.

  Raises:
    InputError: the shapes differ, or least_iu is not in [0.5, 1).
  """
  if prediction.shape != truth.shape:
    raise InputError(
      f'a prediction of shape {prediction.shape} for a truth of shape '
      f'{truth.shape}: they must be equal'
    )
  if not 0.5 <= least_iu < 1:
    raise InputError(f'least_iu={least_iu}: must be from 0.5 to below 1')
  both = (prediction > 0) & (truth > 0)
  pairs, shared = np.unique(
    np.stack([prediction[both], truth[both]]), axis=1, return_counts=True
  )
  of_prediction = np.bincount(prediction[prediction > 0])
  of_truth = np.bincount(truth[truth > 0])
  union = of_prediction[pairs[0]] + of_truth[pairs[1]] - shared
  found = int(np.count_nonzero(shared > least_iu * union))
  return Detection(
    found=found,
    missed=int(np.count_nonzero(of_truth)) - found,
    invented=int(np.count_nonzero(of_prediction)) - found,
  )


def corrected_count(
  count: float,
  detection: Detection,
  *,
  level: float = intervals.LEVEL,
  seed: int = 0,
) -> tuple[float, intervals.Interval]:
  """The number there is, from the number a network found.

  Of N found, N * precision are there; and they are the recall of all. Both are
  known as well as the development set has particles: drawn from beta
  distributions (Jeffreys), together with the Poisson mean of the count.

  Args:
    count: particles of the prediction.
    detection: of the development set.
    level: of confidence.
    seed: of the draws.

  Returns:
    count * precision / recall, and its interval; NaN and unknown where the
    network found none of the development set.

  Raises:
    InputError: a count is negative.
  """
  checks.require_not_negative(count, 'count')
  for name, value in detection._asdict().items():
    checks.require_not_negative(value, name)
  found, missed, invented = detection
  if found == 0:
    return math.nan, intervals.UNKNOWN
  rng = np.random.default_rng(seed)
  precision = rng.beta(found + 0.5, invented + 0.5, size=_DRAWS)
  recall = rng.beta(found + 0.5, missed + 0.5, size=_DRAWS)
  drawn = rng.gamma(count + 0.5, size=_DRAWS) * precision / recall
  value = count * (found + missed) / (found + invented)
  return value, intervals.percentiles(drawn, level=level)
