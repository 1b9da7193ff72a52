"""Objects of a mask against those of another: F1, diameters, pixels."""

import dataclasses
import math

import numpy as np
from skimage import measure

# Two regions are the same object from this intersection over union on.
LEAST_IU = 0.3
# Smaller regions of a prediction are no objects.
LEAST_PX = 12


@dataclasses.dataclass(frozen=True)
class Scores:
  """Counts of objects and of pixels; those of several images add up.

  Attributes:
    found: objects of the truth that the prediction has.
    missed: objects of the truth that it has not.
    false: objects of the prediction that are none.
    intersection_px: pixels in both masks.
    union_px: pixels in either.
    relative_errors: of the diameter of each object that was found.
  """

  found: int = 0
  missed: int = 0
  false: int = 0
  intersection_px: int = 0
  union_px: int = 0
  relative_errors: tuple[float, ...] = ()

  def __add__(self, other: 'Scores') -> 'Scores':
    return Scores(
      *(
        getattr(self, field.name) + getattr(other, field.name)
        for field in dataclasses.fields(self)
      )
    )

  @property
  def f1(self) -> float:
    """2 found / (2 found + missed + false); NaN without any object."""
    total = 2 * self.found + self.missed + self.false
    return 2 * self.found / total if total else math.nan

  @property
  def precision(self) -> float:
    """Of the objects of the prediction, the fraction that are some."""
    total = self.found + self.false
    return self.found / total if total else math.nan

  @property
  def recall(self) -> float:
    """Of the objects of the truth, the fraction that are found."""
    total = self.found + self.missed
    return self.found / total if total else math.nan

  @property
  def iu(self) -> float:
    """Intersection over union of all pixels."""
    return self.intersection_px / self.union_px if self.union_px else math.nan

  @property
  def number_error(self) -> float:
    """Relative error of the number of objects, and so of their density."""
    total = self.found + self.missed
    return (self.false - self.missed) / total if total else math.nan

  @property
  def diameter_error(self) -> float:
    """Mean relative error of the diameters of what is found."""
    errors = self.relative_errors
    return float(np.mean(errors)) if errors else math.nan


def score_mask(prediction: np.ndarray, truth: np.ndarray) -> Scores:
  """Matches the regions of two masks.

  A region of the prediction matches a region of the truth if their intersection
  is at least `LEAST_IU` of their union. Each matches once, the best first.

  Args:
    prediction: bool [H, W].
    truth: bool [H, W].

  Returns:
    The scores of this image.

  Examples:
    >>> truth = np.zeros((20, 20), bool)
    >>> truth[2:8, 2:8] = True
    >>> scores = score_mask(np.roll(truth, 1, axis=0), truth)
    >>> scores.found, scores.missed, scores.false, round(scores.iu, 3)
    (1, 0, 0, 0.714)
  """
  predicted = np.asarray(measure.label(prediction, connectivity=2))
  actual = np.asarray(measure.label(truth, connectivity=2))
  predicted_px = np.bincount(predicted.ravel())
  actual_px = np.bincount(actual.ravel())
  both = (predicted > 0) & (actual > 0)
  pairs, shared = np.unique(
    np.stack([predicted[both], actual[both]]), axis=1, return_counts=True
  )
  iu = shared / (predicted_px[pairs[0]] + actual_px[pairs[1]] - shared)
  used: tuple[set[int], set[int]] = (set(), set())
  errors = []
  for place in np.argsort(-iu, kind='stable'):
    first, second = int(pairs[0, place]), int(pairs[1, place])
    if iu[place] < LEAST_IU:
      break
    if first in used[0] or second in used[1]:
      continue
    used[0].add(first)
    used[1].add(second)
    errors.append(math.sqrt(predicted_px[first] / actual_px[second]) - 1)
  return Scores(
    found=len(errors),
    missed=len(actual_px) - 1 - len(errors),
    false=sum(
      1
      for k in range(1, len(predicted_px))
      if predicted_px[k] >= LEAST_PX and k not in used[0]
    ),
    intersection_px=int((prediction & truth).sum()),
    union_px=int((prediction | truth).sum()),
    relative_errors=tuple(errors),
  )
