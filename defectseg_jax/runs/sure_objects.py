"""Which threshold, and how sure a network must be somewhere in a region."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.particles.detection import (
  Detection,
  f_score,
)
from defectseg_jax.runs.detection_file import development_detection
from defectseg_jax.runs.settings import RunSettings

# By eye: from not at all to as sure as a network gets.
_PEAKS = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
_THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)
# Precision counts twice as much as recall. A domain's micrographs are full of
# objects; those of users are mostly empty, and the number of false positives
# grows with the area in which there is nothing.
_BETA = 0.5


def choose_sure_objects(
  settings: RunSettings,
  maps: Sequence[np.ndarray],
  truths: Sequence[np.ndarray],
  threshold: float,
) -> dict[str, Any]:
  """Chooses the threshold and the peak by the objects of the development set.

  In micrographs of other microscopes a network half believes in many a speck,
  and the pooled IU of pixels, by which an epoch's threshold is chosen, does not
  say how large the many small objects are. An object counts here only if more
  than half of it and of its match are shared, so that a wrong size is a miss.
  Only networks of a domain are asked, and only for particles: of the others'
  masks every pixel counts, as in the paper, and lines have no peaks to speak
  of.

  Args:
    settings: of the run.
    maps: float32 [H, W], probabilities of each development region.
    truths: bool [H, W], likewise.
    threshold: of the best epoch.

  Returns:
    The content of dev_detection.json. Of equal F0.5, the lowest threshold with
    the least peak.
  """
  if settings.domain is None or kind_of(settings.defect).has_test_lines:
    return development_detection(
      settings.defect,
      [one >= threshold for one in maps],
      truths,
      settings.quantification,
    )
  each = [
    _detection(settings, maps, truths, threshold=lowest, least_peak=peak)
    for lowest, peak in itertools.product(_THRESHOLDS, _PEAKS)
    if peak == 0 or peak > lowest
  ]
  return max(each, key=_score)


def _detection(
  settings: RunSettings,
  maps: Sequence[np.ndarray],
  truths: Sequence[np.ndarray],
  *,
  threshold: float,
  least_peak: float,
) -> dict[str, Any]:
  masks = [sure_mask(one, Hysteresis(threshold, least_peak)) for one in maps]
  intersection = union = 0
  for mask, truth in zip(masks, truths, strict=True):
    intersection += np.count_nonzero(mask & truth)
    union += np.count_nonzero(mask | truth)
  return {
    **development_detection(
      settings.defect,
      masks,
      truths,
      settings.quantification,
      least_peak=least_peak,
    ),
    'threshold': threshold,
    'iu': intersection / max(union, 1),
  }


def _score(detection: dict[str, Any]) -> float:
  names = ('found', 'missed', 'invented')
  counts = Detection(*(detection[name] for name in names))
  return f_score(counts, beta=_BETA)
