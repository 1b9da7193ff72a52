"""Confusion counts first, ratios last.

The four ratios are those of Roberts et al. (Scientific Reports 2019), section
"Performance evaluation". Where a ratio has no denominator its value follows
from one rule: there was nothing to find and nothing was claimed, which is
perfect (1); in every other case of 0/0 the ratio is 0.

  truth empty, prediction empty: precision, recall and IU are 1
  truth empty, prediction not:   precision 0, recall 0, IU 0
  prediction empty, truth not:   precision 0, recall 0, IU 0
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RATIOS = ('pixel_accuracy', 'precision', 'recall', 'iu')


class Confusion(NamedTuple):
  """Numbers of pixels; the positive class is the defect."""

  true_positives: int
  false_positives: int
  false_negatives: int
  true_negatives: int


def confusion(prediction: np.ndarray, truth: np.ndarray) -> Confusion:
  """Counts the pixels of one image.

  Args:
    prediction: bool [...].
    truth: bool, of the same shape.

  Returns:
    The four counts; their sum is the number of pixels.

  Raises:
    ValueError: the shapes differ.
  """
  if prediction.shape != truth.shape:
    raise ValueError(
      f'a prediction of shape {prediction.shape} for a truth of shape '
      f'{truth.shape}: they must be equal'
    )
  prediction, truth = prediction.astype(bool), truth.astype(bool)
  tp = int(np.count_nonzero(prediction & truth))
  fp = int(np.count_nonzero(prediction)) - tp
  fn = int(np.count_nonzero(truth)) - tp
  return Confusion(tp, fp, fn, truth.size - tp - fp - fn)


def pool(counts: Sequence[Confusion]) -> Confusion:
  """The counts of several images as if they were one."""
  return Confusion(*(sum(column) for column in zip(*counts, strict=True)))


def ratios(counts: Confusion) -> dict[str, float]:
  """Pixel accuracy, precision, recall and IU, each in [0, 1].

  Args:
    counts: of one image, or pooled; at least one pixel.

  Returns:
    The four ratios by name; see the module's docstring for 0/0.
  """
  tp, fp, fn, tn = counts
  nothing_to_find_or_claim = 0.0 if tp + fp + fn else 1.0

  def ratio(numerator, denominator):
    if denominator == 0:
      return nothing_to_find_or_claim
    return numerator / denominator

  return {
    'pixel_accuracy': (tp + tn) / (tp + fp + fn + tn),
    'precision': ratio(tp, tp + fp),
    'recall': ratio(tp, tp + fn),
    'iu': ratio(tp, tp + fp + fn),
  }


def summary(counts: Sequence[Confusion]) -> dict:
  """Table 1 of the paper for a set of images.

  Args:
    counts: one per image.

  Returns:
    `per_image` (a list), `mean` and `std` over the images, and `pool`, each
    with the four ratios. `std` is the sample standard deviation (n - 1), None
    where there is only one image.
  """
  per_image = [ratios(c) for c in counts]
  columns = {name: [row[name] for row in per_image] for name in RATIOS}
  several = len(per_image) > 1
  return {
    'per_image': per_image,
    'mean': {name: float(np.mean(v)) for name, v in columns.items()},
    'std': {
      name: float(np.std(v, ddof=1)) if several else None
      for name, v in columns.items()
    },
    'pooled': ratios(pool(counts)),
  }
