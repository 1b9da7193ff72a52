"""Lengths of lines, corrected for what a network detects wrongly."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks, intervals
from defectseg_jax.quantification.dislocations import skeletons


class LineDetection(NamedTuple):
  """Lines of a development set, in parts that are drawn again together.

  Attributes:
    true_positives_px: [parts], length of the truth where the network draws a
      line.
    false_negatives_px: [parts], length of the truth where it draws no line.
    false_positives_px: [parts], length that the network draws where the truth
      has no line.
  """

  true_positives_px: np.ndarray
  false_negatives_px: np.ndarray
  false_positives_px: np.ndarray


def match_lines(
  prediction: np.ndarray,
  truth: np.ndarray,
  *,
  tolerance_px: float = 3.0,
  spur_px: float = 5.0,
) -> LineDetection:
  """Compares the lines of two masks, skeleton by skeleton.

  Args:
    prediction: [H, W], as `checks.boolean_mask` takes it.
    truth: [H, W], likewise.
    tolerance_px: a place on one skeleton matches if the other skeleton has a
      place no farther away than this; the default is by eye.
    spur_px: as of `skeletons.line_skeleton`.

  Returns:
    Lengths in 8 x 8 parts of the image, one after the other.

  Raises:
    InputError: the shapes differ, a mask is not a mask, or a number is out of
      range.
  """
  prediction = checks.boolean_mask(prediction, name='prediction')
  truth = checks.boolean_mask(truth, name='truth')
  if prediction.shape != truth.shape:
    raise InputError(
      f'a prediction of shape {prediction.shape} for a truth of shape '
      f'{truth.shape}: they must be equal'
    )
  checks.require_not_negative(tolerance_px, 'tolerance_px')
  predicted, true = (
    skeletons.line_skeleton(mask, spur_px=spur_px)
    for mask in (prediction, truth)
  )
  near_prediction = _near(predicted, truth.shape, tolerance_px)
  near_truth = _near(true, truth.shape, tolerance_px)

  def lengths(skeleton: skeletons.Skeleton, chosen: np.ndarray) -> np.ndarray:
    chosen = chosen[skeleton.row, skeleton.column]
    return skeletons.tile_lengths_px(skeleton, truth.shape, chosen=chosen)

  return LineDetection(
    true_positives_px=lengths(true, near_prediction),
    false_negatives_px=lengths(true, ~near_prediction),
    false_positives_px=lengths(predicted, ~near_truth),
  )


def pool_lines(each: Sequence[LineDetection]) -> LineDetection:
  """The lengths of several images, as if they were one."""
  return LineDetection(*(np.concatenate(parts) for parts in zip(*each)))


def detection_factor(
  detection: LineDetection, *, seed: int = 0
) -> tuple[float, intervals.Interval]:
  """True length over the length that the network predicts.

  precision / recall, with precision = TP / (TP + FP) and recall = TP / (TP +
  FN), as for particles; parts of the images are drawn again for the interval.

  Args:
    detection: of a development set.
    seed: of the bootstrap.

  Returns:
    The factor and its 95% interval; NaN and unknown if no length is a true
    positive.

  Examples:
    6 / 8 of the predicted length is real, and that is 6 / 9 of the true one.

    >>> detection = LineDetection(
    ...   true_positives_px=np.array([4.0, 2.0]),
    ...   false_negatives_px=np.array([2.0, 1.0]),
    ...   false_positives_px=np.array([0.0, 2.0]),
    ... )
    >>> detection_factor(detection)[0]
    1.125
  """
  true_positives, false_negatives, false_positives = (
    np.asarray(part, float) for part in detection
  )
  if not true_positives.sum() > 0:
    return math.nan, intervals.UNKNOWN

  def factors(means: np.ndarray) -> np.ndarray:
    # Draws without a true positive give NaN, which are left out.
    with np.errstate(divide='ignore', invalid='ignore'):
      return (means[:, 0] + means[:, 1]) / (means[:, 0] + means[:, 2])

  parts = np.stack([true_positives, false_negatives, false_positives], axis=1)
  return float(factors(parts.mean(axis=0)[None])[0]), (
    intervals.bootstrap_interval(parts, factors, seed=seed)
  )


def _near(
  skeleton: skeletons.Skeleton, shape: tuple[int, ...], tolerance_px: float
) -> np.ndarray:
  """bool [H, W]: no farther from the skeleton than that."""
  away = np.ones(shape, bool)
  away[skeleton.row, skeleton.column] = False
  if away.all():
    return np.zeros(shape, bool)
  distances_px = np.asarray(ndimage.distance_transform_edt(away))
  return distances_px <= tolerance_px
