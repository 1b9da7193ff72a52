"""What a network misses and invents of lines, carried over to its lengths."""

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
    found_px: length of the truth where the network sees a line, of each part.
    missed_px: length of the truth where it sees none.
    invented_px: length that the network sees where the truth has no line.
  """

  found_px: np.ndarray
  missed_px: np.ndarray
  invented_px: np.ndarray


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
    tolerance_px: a place on a line is found if the other skeleton has one no
      farther than this.
    spur_px: as of `skeletons.line_skeleton`.

  Returns:
    Lengths in 8 x 8 parts of the image, one after the other.

  Raises:
    InputError: the shapes differ, a mask is none, or a number is out of range.
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

  def lengths(skeleton, chosen):
    chosen = chosen[skeleton.row, skeleton.column]
    return skeletons.tile_lengths_px(skeleton, truth.shape, chosen=chosen)

  return LineDetection(
    found_px=lengths(true, near_prediction),
    missed_px=lengths(true, ~near_prediction),
    invented_px=lengths(predicted, ~near_truth),
  )


def pool_lines(each: Sequence[LineDetection]) -> LineDetection:
  """Of several images as if they were one."""
  return LineDetection(*(np.concatenate(parts) for parts in zip(*each)))


def detection_factor(
  detection: LineDetection, *, seed: int = 0
) -> tuple[float, intervals.Interval]:
  """Length there is, over length that the network finds.

  precision / recall, with precision = found / (found + invented) and recall =
  found / (found + missed), as for particles; parts of the images are drawn
  again for the interval.

  Args:
    detection: of a development set.
    seed: of the bootstrap.

  Returns:
    The factor and its 95% interval; NaN and unknown where nothing was found.
  """
  found, missed, invented = (np.asarray(part, float) for part in detection)
  if not found.sum() > 0:
    return math.nan, intervals.UNKNOWN

  def factors(means):
    # A draw that has nothing found says nothing; NaN are left out.
    with np.errstate(divide='ignore', invalid='ignore'):
      return (means[:, 0] + means[:, 1]) / (means[:, 0] + means[:, 2])

  parts = np.stack([found, missed, invented], axis=1)
  return float(factors(parts.mean(axis=0)[None])[0]), (
    intervals.bootstrap_interval(parts, factors, seed=seed)
  )


def _near(skeleton, shape, tolerance_px):
  away = np.ones(shape, bool)
  away[skeleton.row, skeleton.column] = False
  if away.all():
    return np.zeros(shape, bool)
  return ndimage.distance_transform_edt(away) <= tolerance_px
