"""Which objects a person should look at first.

In the paper two voids that the network missed were 20% of the answer. The
objects that change an answer most are large, or among few, and have a
probability near the threshold: just above it they are objects, just below it
they are not.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification import checks
from defectseg_jax.quantification.particles import components

# Regions that reach this part of the threshold are nearly found; by eye.
_ALMOST = 0.5


class Doubtful(NamedTuple):
  """An object to look at, or a region that is nearly one.

  Attributes:
    id: of the object, from 1; 0 for a region that was nearly found.
    almost_id: of the region that was nearly found, from 1; 0 for an object.
    row_px, column_px: the mean place of its pixels.
    area_px: number of its pixels.
    probability: the mean over an object; the highest of a region that was
      nearly found.
    influence: part of the answer that depends on it, times how uncertain it
      is: 1 at the threshold, 0 where the network is sure. From 0 to 1.
  """

  id: int
  almost_id: int
  row_px: float
  column_px: float
  area_px: int
  probability: float
  influence: float


def mean_probabilities(
  labels: np.ndarray, probabilities: np.ndarray, count: int
) -> np.ndarray:
  """The mean probability of each object.

  Args:
    labels: int [H, W], the object's id at each pixel, 0 in the background.
    probabilities: float [H, W].
    count: number of objects.

  Returns:
    float64 [count]; NaN for an id without pixels.

  Examples:
    >>> labels = np.array([[1, 1, 0, 2]])
    >>> mean_probabilities(labels, np.array([[0.5, 1.0, 0.2, 0.75]]), 2)
    array([0.75, 0.75])
  """
  inside = labels > 0
  ids = labels[inside]
  sums = np.bincount(ids, weights=probabilities[inside], minlength=count + 1)
  pixels = np.bincount(ids, minlength=count + 1)[1:]
  return np.where(pixels, sums[1:] / np.maximum(pixels, 1), np.nan)


def nearly_found_regions(
  labels: np.ndarray,
  probabilities: np.ndarray,
  *,
  threshold: float,
  minimum_area_px: int = 1,
) -> np.ndarray:
  """Regions that half the threshold would find, and that touch no object.

  Args:
    labels: int [H, W], the object's id at each pixel, 0 in the background.
    probabilities: float [H, W].
    threshold: pixels of this probability or more are objects.
    minimum_area_px: smaller regions are left out.

  Returns:
    int32 [H, W], the region's number at each pixel, from 1; 0 elsewhere.

  Examples:
    >>> nearly_found_regions(
    ...   np.array([[1, 0, 0, 0, 0]]),
    ...   np.array([[0.9, 0.3, 0.0, 0.3, 0.1]]),
    ...   threshold=0.5,
    ... )
    array([[0, 0, 0, 1, 0]], dtype=int32)
  """
  lower, count = components.label_connected(
    (probabilities >= _ALMOST * threshold) | (labels > 0), np.ones((3, 3))
  )
  touches = np.zeros(count + 1, bool)
  touches[lower[labels > 0]] = True
  touches[0] = True
  small = components.areas_px(lower, count) < minimum_area_px
  number = np.cumsum(~(touches | small), dtype=np.int32)
  number[touches | small] = 0
  components.renumber(lower, number)
  return lower


def doubtful_objects(
  labels: np.ndarray,
  almost: np.ndarray,
  probabilities: np.ndarray,
  *,
  threshold: float,
  least_peak: float = 0.0,
  power: float,
  most: int = 12,
) -> list[Doubtful]:
  """Objects and nearly found regions, those of the largest influence first.

  The weight of one is area^power. Its influence is its part of the weight of
  all objects, but at least 1 / objects, times how uncertain it is.

  Args:
    labels: int [H, W], the object's id at each pixel, 0 in the background.
    almost: int [H, W], from `nearly_found_regions`.
    probabilities: float [H, W].
    threshold, least_peak: what an object's pixels reach, and one of them.
    power: 1.5 weights objects by their volume, 1 by their area.
    most: how many are returned at most; the default is by eye.

  Returns:
    By falling influence. Objects without pixels are left out.

  Raises:
    InputError: the threshold is not between 0 and 1.

  Examples:
    Of two equal objects, the one near the threshold.

    >>> labels, almost = np.array([[1, 2]]), np.array([[0, 0]])
    >>> first, second = doubtful_objects(
    ...   labels, almost, np.array([[1.0, 0.5]]), threshold=0.5, power=1.5
    ... )
    >>> first.id, first.influence, second.influence
    (2, 0.5, 0.0)
  """
  checks.require_positive(threshold, 'threshold')
  checks.require_below(threshold, 1.0, 'threshold')
  object_count, almost_count = int(labels.max()), int(almost.max())
  objects = _candidates(labels, object_count, are_objects=True)
  means = mean_probabilities(labels, probabilities, object_count)
  regions = _candidates(almost, almost_count, are_objects=False)
  highest = _highest_probabilities(almost, regions.boxes, probabilities)
  probability = np.concatenate([means, highest])
  nearness = _nearness(highest, max(threshold, least_peak))
  areas_px = np.concatenate([objects.areas_px, regions.areas_px])
  influence = _shares(areas_px.astype(float) ** power, object_count)
  influence *= np.concatenate([_uncertainties(means, threshold), nearness])
  order = np.argsort(-influence, kind='stable')
  return [
    _make_doubtful(
      *((objects, i) if i < object_count else (regions, i - object_count)),
      probability=float(probability[i]),
      influence=float(influence[i]),
    )
    for i in order[~np.isnan(influence[order])][:most].tolist()
  ]


class _Candidates(NamedTuple):
  """Objects or nearly found regions, and their areas and bounding boxes."""

  are_objects: bool
  labels: np.ndarray
  areas_px: np.ndarray
  boxes: list[Any]


def _candidates(
  labels: np.ndarray, count: int, *, are_objects: bool
) -> _Candidates:
  areas_px = components.areas_px(labels, count)[1:]
  boxes = ndimage.find_objects(labels)
  return _Candidates(are_objects, labels, areas_px, boxes)


def _make_doubtful(
  candidates: _Candidates,
  place: int,
  *,
  probability: float,
  influence: float,
) -> Doubtful:
  number, box = place + 1, candidates.boxes[place]
  rows, columns = np.nonzero(candidates.labels[box] == number)
  return Doubtful(
    id=number if candidates.are_objects else 0,
    almost_id=0 if candidates.are_objects else number,
    row_px=float(rows.mean() + box[0].start),
    column_px=float(columns.mean() + box[1].start),
    area_px=int(candidates.areas_px[place]),
    probability=probability,
    influence=influence,
  )


def _highest_probabilities(
  almost: np.ndarray, boxes: list[Any], probabilities: np.ndarray
) -> np.ndarray:
  """The highest probability of each region: float64 [regions]."""
  return np.array(
    [
      probabilities[box][almost[box] == number].max()
      for number, box in enumerate(boxes, start=1)
    ],
    float,
  )


def _shares(weights: np.ndarray, object_count: int) -> np.ndarray:
  """Parts of the weight of all objects; at least 1 / objects, at most 1."""
  whole = weights[:object_count].sum() or weights.sum() or 1.0
  return np.minimum(np.maximum(weights / whole, 1 / max(object_count, 1)), 1)


def _uncertainties(means: np.ndarray, threshold: float) -> np.ndarray:
  """1 at the threshold, and falling to 0 at probabilities of 0 and 1."""
  above = (means - threshold) / (1 - threshold)
  below = (threshold - means) / threshold
  return 1 - np.clip(np.where(means >= threshold, above, below), 0, 1)


def _nearness(highest: np.ndarray, needed: float) -> np.ndarray:
  """Of regions to what an object must reach: 0 to 1, which is on it or above.

  One that is above is no object for another reason, such as its size.
  """
  return np.clip(highest / needed, 0, 1)
