"""How well a network detects objects, from its development set.

The development set is the part of a data set on which settings are chosen.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from defectseg_jax.quantification.dislocations.detection import (
  LineDetection,
  match_lines,
  pool_lines,
)
from defectseg_jax.quantification.particles.components import (
  areas_px,
  label_regions,
)
from defectseg_jax.quantification.particles.detection import (
  Detection,
  f_score,
  match_labels,
  match_particles,
)
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.quantification.particles.size_classes import (
  MatchedSizes,
  count_by_size,
)
from defectseg_jax.quantification.settings import QuantificationSettings

# Tried where the settings leave the smallest particle open; the range is by
# eye.
_MINIMUM_AREAS_PX = tuple(2**i for i in range(13))

# From this IU on, an object was found: much of it and of its match is shared.
# Of small objects, a pixel all around costs more than half of the IU.
FOUND_IU = 0.3
# A line was found if it is no farther away.
FOUND_PX = 2.0

Counts = TypeVar('Counts', Detection, LineDetection)


class DevelopmentDetection(NamedTuple, Generic[Counts]):
  """What a development set says of a network.

  Attributes:
    counts: true positives, false negatives and false positives over all
      regions.
    settings: those of the objects that were counted; with the smallest
      particle that was chosen.
    by_size: the same of particles of each size; None where the truth has none,
      and of lines.
  """

  counts: Counts
  settings: QuantificationSettings
  by_size: DetectionBySize | None = None


class _Matched(NamedTuple):
  """The particles of one region.

  Attributes:
    predicted_px, true_px: int64 [n], [m], their areas.
    pairs: int [2, matched], places in the former of those that are the same.
  """

  predicted_px: np.ndarray
  true_px: np.ndarray
  pairs: np.ndarray

  def counts_from(self, least_px: int) -> tuple[int, int, int]:
    """In the order of `Detection`, of predicted ones from a size on."""
    left = int(np.count_nonzero(self.predicted_px >= least_px))
    areas_px = self.predicted_px[self.pairs[0]]
    matched = int(np.count_nonzero(areas_px >= least_px))
    return matched, len(self.true_px) - matched, left - matched

  def sizes_from(self, least_px: int) -> MatchedSizes:
    """Diameters, of predicted ones from a size on."""
    left = self.predicted_px >= least_px
    pairs = self.pairs[:, left[self.pairs[0]]]
    found, real = (np.zeros(len(one), bool) for one in (self.true_px, left))
    real[pairs[0]] = found[pairs[1]] = True
    return MatchedSizes(
      _diameters_px(self.true_px),
      found,
      _diameters_px(self.predicted_px[left]),
      real[left],
    )


def match_particle_masks(
  predictions: Sequence[np.ndarray],
  truths: Sequence[np.ndarray],
  settings: QuantificationSettings,
) -> DevelopmentDetection[Detection]:
  """Matches the particles of predictions with those of their truths.

  Where the settings leave the smallest particle open (0), that of the best F1
  is chosen, 2 TP / (2 TP + FN + FP), and of equal ones the smallest: a network
  draws specks that nobody would count, and a person does not. Small particles
  of a truth always count.

  Args:
    predictions: masks [H, W] of each development region.
    truths: masks [H, W], likewise.
    settings: which objects there are.

  Returns:
    Numbers of particles, also by their sizes, and the settings with the
    smallest particle.

  Raises:
    InputError: a mask is wrong, or two shapes differ.

  Examples:
    A network that finds one of two particles and draws a speck. The speck has
    4 pixels, and 8 is the first size tried that leaves it out.

    >>> truth = np.zeros((40, 40), bool)
    >>> truth[5:15, 5:15] = truth[20:30, 20:30] = True
    >>> prediction = np.zeros((40, 40), bool)
    >>> prediction[5:15, 5:15] = prediction[35:37, 35:37] = True
    >>> found = match_particle_masks(
    ...   [prediction], [truth], QuantificationSettings()
    ... )
    >>> found.counts
    Detection(true_positives=1, false_negatives=1, false_positives=0)
    >>> found.settings.minimum_area_px
    8
  """
  tried_px = _MINIMUM_AREAS_PX
  if settings.minimum_area_px:
    tried_px = (settings.minimum_area_px,)
  each = [
    _match(prediction, truth, settings)
    for prediction, truth in zip(predictions, truths, strict=True)
  ]
  counts = [
    Detection(*map(sum, zip(*(one.counts_from(px) for one in each))))
    for px in tried_px
  ]
  best, minimum_area_px = max(
    zip(counts, tried_px, strict=True),
    key=lambda one: (f_score(one[0]), -one[1]),
  )
  return DevelopmentDetection(
    best,
    dataclasses.replace(settings, minimum_area_px=minimum_area_px),
    count_by_size([one.sizes_from(minimum_area_px) for one in each]),
  )


def match_line_masks(
  predictions: Sequence[np.ndarray],
  truths: Sequence[np.ndarray],
  settings: QuantificationSettings,
) -> DevelopmentDetection[LineDetection]:
  """Matches the lines of predictions with those of their truths.

  Args:
    predictions: masks [H, W] of each development region.
    truths: masks [H, W], likewise.
    settings: which objects there are.

  Returns:
    Pixels of length in parts of the regions, and the settings as they are.

  Raises:
    InputError: a mask is wrong, or two shapes differ.
  """
  counts = pool_lines(
    [
      match_lines(prediction, truth, spur_px=settings.spur_px)
      for prediction, truth in zip(predictions, truths, strict=True)
    ]
  )
  return DevelopmentDetection(counts, settings)


def particle_f1(
  prediction: np.ndarray, truth: np.ndarray, settings: QuantificationSettings
) -> float:
  """F1 of particles: 2 TP / (2 TP + FN + FP), by an IU of `FOUND_IU`.

  Args:
    prediction: mask [H, W].
    truth: mask [H, W].
    settings: which objects there are; small ones of the truth count.

  Returns:
    From 0 to 1; 1 where there is nothing in either.
  """
  predicted, _ = _label_mask(prediction, settings, settings.minimum_area_px)
  true, _ = _label_mask(truth, settings, 0)
  return f_score(match_particles(predicted, true, least_iu=FOUND_IU))


def line_f1(
  prediction: np.ndarray, truth: np.ndarray, settings: QuantificationSettings
) -> float:
  """F1 of the length of lines, within `FOUND_PX`; as `particle_f1`."""
  matched = match_lines(
    prediction, truth, tolerance_px=FOUND_PX, spur_px=settings.spur_px
  )
  return f_score(Detection(*(float(one.sum()) for one in matched)))


def _match(
  prediction: np.ndarray, truth: np.ndarray, settings: QuantificationSettings
) -> _Matched:
  """Of all sizes; small particles of the truth count all the same."""
  predicted, count = _label_mask(prediction, settings, minimum_area_px=1)
  true, true_count = _label_mask(truth, settings, settings.minimum_area_px)
  return _Matched(
    areas_px(predicted, count)[1:],
    areas_px(true, true_count)[1:],
    match_labels(predicted, true) - 1,
  )


def _diameters_px(areas: np.ndarray) -> np.ndarray:
  """Of the circles of the same areas."""
  return np.sqrt(4 * areas / math.pi)


def _label_mask(
  mask: np.ndarray, settings: QuantificationSettings, minimum_area_px: int
) -> tuple[np.ndarray, int]:
  return label_regions(
    mask,
    connectivity=settings.connectivity,
    minimum_area_px=minimum_area_px,
    fill_holes=settings.fill_holes,
    separate=settings.separate,
  )
