"""How well a network detects objects, from its development set.

The development set is the part of a data set on which settings are chosen.
"""

import dataclasses
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
  match_particles,
  matched_areas_px,
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
  """

  counts: Counts
  settings: QuantificationSettings


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
    Numbers of particles, and the settings with the smallest particle.

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
  each = np.sum(
    [
      _match_from(prediction, truth, settings, tried_px)
      for prediction, truth in zip(predictions, truths, strict=True)
    ],
    axis=0,
  ).tolist()
  counts, minimum_area_px = max(
    zip((Detection(*one) for one in each), tried_px, strict=True),
    key=lambda one: (f_score(one[0]), -one[1]),
  )
  return DevelopmentDetection(
    counts, dataclasses.replace(settings, minimum_area_px=minimum_area_px)
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


def _match_from(
  prediction: np.ndarray,
  truth: np.ndarray,
  settings: QuantificationSettings,
  tried_px: Sequence[int],
) -> np.ndarray:
  """Counts from each size on; small particles of the truth count all the same.

  Returns:
    int64 [sizes, 3], in the order of `Detection`.
  """
  predicted, count = _label_mask(prediction, settings, minimum_area_px=1)
  true, true_count = _label_mask(truth, settings, settings.minimum_area_px)
  matched_px = np.sort(matched_areas_px(predicted, true))
  predicted_px = np.sort(areas_px(predicted, count)[1:])
  matched = len(matched_px) - np.searchsorted(matched_px, tried_px)
  left = count - np.searchsorted(predicted_px, tried_px)
  return np.stack([matched, true_count - matched, left - matched], axis=1)


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
