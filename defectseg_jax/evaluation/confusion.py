"""Confusion counts first, ratios last.

The four ratios are those of Roberts et al. (Scientific Reports 2019), section
"Performance evaluation". One rule says what 0/0 is: 1 (perfect) where neither
truth nor prediction has a defect pixel, 0 in every other case.

  truth empty, prediction empty: precision, recall and IU are 1
  truth empty, prediction not:   precision 0, recall 0, IU 0
  prediction empty, truth not:   precision 0, recall 0, IU 0
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

RATIOS = ('pixel_accuracy', 'precision', 'recall', 'iu')


class Confusion(NamedTuple):
  """Numbers of pixels; the positive class is the defect.

  Attributes:
    true_positives: defect in the truth and in the prediction.
    false_positives: defect in the prediction only.
    false_negatives: defect in the truth only.
    true_negatives: background in both.
  """

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

  Examples:
    >>> prediction = np.array([[1, 1, 0], [0, 0, 1]], bool)
    >>> truth = np.array([[1, 0, 0], [1, 0, 1]], bool)
    >>> confusion(prediction, truth)
    Confusion(true_positives=2, false_positives=1, false_negatives=1,
              true_negatives=2)
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
  """The counts of several images as if they were one.

  Examples:
    >>> tuple(pool([Confusion(1, 2, 3, 4), Confusion(10, 20, 30, 40)]))
    (11, 22, 33, 44)
  """
  return Confusion(*(sum(column) for column in zip(*counts, strict=True)))


def ratios(counts: Confusion) -> dict[str, float]:
  """Pixel accuracy, precision, recall and IU, each in [0, 1].

  Args:
    counts: of one image, or pooled; at least one pixel.

  Returns:
    The four ratios by name; see the module's docstring for 0/0.

  Examples:
    >>> ratios(Confusion(6, 2, 4, 88))
    {'pixel_accuracy': 0.94, 'precision': 0.75, 'recall': 0.6, 'iu': 0.5}

  References:
    Roberts et al., Scientific Reports 9, 12744 (2019), "Performance
    evaluation".
  """
  tp, fp, fn, tn = counts
  without_denominator = 0.0 if tp + fp + fn else 1.0

  def ratio(numerator: int, denominator: int) -> float:
    if denominator == 0:
      return without_denominator
    return numerator / denominator

  return {
    'pixel_accuracy': (tp + tn) / (tp + fp + fn + tn),
    'precision': ratio(tp, tp + fp),
    'recall': ratio(tp, tp + fn),
    'iu': ratio(tp, tp + fp + fn),
  }


def summary(counts: Sequence[Confusion]) -> dict[str, Any]:
  """Table 1 of the paper for a set of images.

  Args:
    counts: one per image.

  Returns:
    `per_image` (a list), `mean` and `std` over the images, and `pooled` (of the
    pixels of all images together), each with the four ratios. `std` is the
    sample standard deviation (n - 1), None where there is only one image.

  Examples:
    >>> scores = summary([Confusion(1, 1, 0, 8), Confusion(6, 0, 0, 4)])
    >>> scores['mean']['iu'], scores['pooled']['iu']
    (0.75, 0.875)
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
