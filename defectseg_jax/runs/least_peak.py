"""How sure a network must be somewhere in a region that it finds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from defectseg_jax.prediction.sure_regions import keep_sure_regions
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.particles.detection import (
  Detection,
  f1_score,
)
from defectseg_jax.runs.detection_file import development_detection
from defectseg_jax.runs.settings import RunSettings

# By eye: from not at all to as sure as a network gets.
_PEAKS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)


def choose_least_peak(
  settings: RunSettings,
  maps: Sequence[np.ndarray],
  truths: Sequence[np.ndarray],
  threshold: float,
) -> dict[str, Any]:
  """Chooses what a region must reach, by the F1 of the development set.

  In micrographs of other microscopes a network half believes in many a speck.
  Only that of a domain is asked, and only for particles: of the others' masks
  every pixel counts, as in the paper, and lines have no peaks to speak of.

  Args:
    settings: of the run.
    maps: float32 [H, W], probabilities of each development region.
    truths: bool [H, W], likewise.
    threshold: from which on a pixel is taken for defect.

  Returns:
    The content of dev_detection.json. Of equal F1, the least peak.
  """
  particles = not kind_of(settings.defect).has_test_lines
  tried = _PEAKS if settings.domain is not None and particles else (0.0,)
  each = [
    development_detection(
      settings.defect,
      [
        keep_sure_regions(one, threshold=threshold, least_peak=least_peak)
        >= threshold
        for one in maps
      ],
      truths,
      settings.quantification,
      least_peak=least_peak,
    )
    for least_peak in tried
  ]
  return max(each, key=_f1) if len(each) > 1 else each[0]


def _f1(detection: dict[str, Any]) -> float:
  names = ('found', 'missed', 'invented')
  return f1_score(Detection(*(detection[name] for name in names)))
