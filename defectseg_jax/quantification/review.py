"""Which objects a person should look at first.

In the paper two voids that the network missed were 20% of the answer. What
moves an answer is what is large, or one of few, and of which the network was
not sure; found or, just below the threshold, not.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification import checks
from defectseg_jax.quantification.particles import components

# What reaches this part of the threshold, and not the threshold, may be there.
_ALMOST = 0.5


class Doubtful(NamedTuple):
  """One object, or what may be one.

  Attributes:
    id: of the object, from 1; 0 of what was not found.
    almost_id: of what was not found, from 1; 0 of an object.
    row_px, column_px: its middle.
    area_px: number of its pixels.
    probability: the mean over a found one; the highest of one not found.
    influence: part of the answer that depends on it, times how unsure it is;
      from 0 to about 1.
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
  """The mean probability of each object: float64 [count]; NaN of no pixels."""
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
  """Regions that half the threshold would find, apart from all that is found.

  Args:
    labels: int [H, W], the object's id at each pixel, 0 in the background.
    probabilities: float [H, W].
    threshold: above which pixels were taken.
    minimum_area_px: smaller regions are left out.

  Returns:
    int32 [H, W], from 1; 0 elsewhere.
  """
  lower = np.empty(labels.shape, np.int32)
  count = ndimage.label(
    (probabilities >= _ALMOST * threshold) | (labels > 0),
    np.ones((3, 3)),
    output=lower,
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
  power: float,
  most: int = 12,
) -> list[Doubtful]:
  """Found and almost found objects, those that move the answer most first.

  Args:
    labels: int [H, W], of the objects.
    almost: int [H, W], from `nearly_found_regions`.
    probabilities: float [H, W].
    threshold: above which pixels were taken.
    power: of the area, that an object counts by: 1.5 by volume, 1 by area.
    most: how many are named.

  Returns:
    By falling influence; at most `most`. Objects without pixels are left out.

  Raises:
    InputError: the threshold is not between 0 and 1.
  """
  checks.require_positive(threshold, 'threshold')
  checks.require_below(threshold, 1.0, 'threshold')
  found_count, almost_count = int(labels.max()), int(almost.max())
  if not found_count + almost_count:
    return []
  areas = np.concatenate(
    [
      components.areas_px(labels, found_count)[1:],
      components.areas_px(almost, almost_count)[1:],
    ]
  )
  means = mean_probabilities(labels, probabilities, found_count)
  boxes = [*ndimage.find_objects(labels), *ndimage.find_objects(almost)]
  highest = [
    probabilities[box][almost[box] == number].max()
    for number, box in enumerate(boxes[found_count:], start=1)
  ]
  probability = np.concatenate([means, np.array(highest, float)])
  above = (probability - threshold) / (1 - threshold)
  below = (threshold - probability) / threshold
  unsure = 1 - np.clip(np.where(probability >= threshold, above, below), 0, 1)
  weights = areas.astype(float) ** power
  whole = weights[:found_count].sum() or weights.sum()
  share = np.maximum(weights / whole, 1 / max(found_count, 1))
  influence = np.minimum(share, 1) * unsure
  order = np.argsort(-influence, kind='stable')
  order = order[~np.isnan(influence[order])][:most]
  middles = {
    i: _middle(labels, boxes[i], i + 1)
    if i < found_count
    else _middle(almost, boxes[i], i - found_count + 1)
    for i in order
  }
  return [
    Doubtful(
      id=int(i) + 1 if i < found_count else 0,
      almost_id=0 if i < found_count else int(i) - found_count + 1,
      row_px=float(middles[i][0]),
      column_px=float(middles[i][1]),
      area_px=int(areas[i]),
      probability=float(probability[i]),
      influence=float(influence[i]),
    )
    for i in order
  ]


def _middle(labels, box, number):
  rows, columns = np.nonzero(labels[box] == number)
  return rows.mean() + box[0].start, columns.mean() + box[1].start
