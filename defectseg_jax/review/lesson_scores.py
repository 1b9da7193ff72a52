"""How well the old and the new network do on images that were held back."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.particles.detection import Detection, f_score
from defectseg_jax.quantification.settings import QuantificationSettings

# Every object counts, and none is chosen by its size.
_ALL = QuantificationSettings(minimum_area_px=1)


@dataclasses.dataclass(frozen=True)
class Scores:
  """Of all images that were held back.

  Attributes:
    f1: of objects, 2 TP / (2 TP + FN + FP), an object being found if more than
      half of it and of its match are shared; of lines, of their length.
    iu: intersection over union of all pixels; None without any.
    found, missed, invented: numbers of objects, or pixels of length.
  """

  f1: float
  iu: float | None
  found: float
  missed: float
  invented: float


def score(
  masks: Sequence[np.ndarray], truths: Sequence[ObjectMask], defect: str
) -> Scores:
  """Compares what a network found with what a person accepted.

  Args:
    masks: bool [H, W], of each image.
    truths: of each image; what is not labelled counts for nothing.
    defect: that they show.

  Examples:
    >>> truth = np.zeros((64, 64), bool)
    >>> truth[10:20, 10:20] = truth[40:50, 40:50] = True
    >>> half = truth & (np.arange(64) < 30)
    >>> scores = score([half], [ObjectMask(truth)], 'voids')
    >>> scores.found, scores.missed, scores.invented, scores.iu
    (1.0, 1.0, 0.0, 0.5)
  """
  predicted = [
    mask if truth.labelled is None else mask & truth.labelled
    for mask, truth in zip(masks, truths, strict=True)
  ]
  true = [truth.apart() for truth in truths]
  counts = kind_of(defect).match_masks(predicted, true, _ALL).counts
  found, missed, invented = (float(np.sum(one)) for one in counts)
  intersection = union = 0
  for mask, truth in zip(predicted, truths, strict=True):
    intersection += int(np.count_nonzero(mask & truth.mask))
    union += int(np.count_nonzero(mask | truth.mask))
  return Scores(
    f1=f_score(Detection(found, missed, invented)),
    iu=intersection / union if union else None,
    found=found,
    missed=missed,
    invented=invented,
  )


def in_words(before: Scores, after: Scores, *, images: int, defect: str) -> str:
  """What a person reads before they decide.

  Args:
    before: of the old network.
    after: of the new one.
    images: that were held back.
    defect: that they show.

  Examples:
    >>> old = Scores(f1=0.5, iu=0.4, found=10, missed=20, invented=0)
    >>> new = Scores(f1=0.8, iu=0.7, found=20, missed=10, invented=0)
    >>> in_words(old, new, images=2, defect='voids')
    'better: F1 0.50 -> 0.80, IU 0.40 -> 0.70 on 2 images held back (30 voids)'
  """
  change = after.f1 - before.f1
  word = 'as good' if abs(change) < 0.005 else 'better'
  if change <= -0.005:
    word = 'WORSE'
  ius = [math.nan if one.iu is None else one.iu for one in (before, after)]
  amount = f'{before.found + before.missed:.0f} '
  amount += 'pixels of line' if kind_of(defect).has_test_lines else defect
  return (
    f'{word}: F1 {before.f1:.2f} -> {after.f1:.2f}, IU {ius[0]:.2f} -> '
    f'{ius[1]:.2f} on {images} image{"s" if images > 1 else ""} held back '
    f'({amount})'
  )
