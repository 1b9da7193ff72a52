"""Lines of a mask against those of another, by length."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage import morphology

# Two lines are the same where they are not farther apart.
TOLERANCE_PX = 2.0


def score_lines(
  predictions: Sequence[np.ndarray], truths: Sequence[np.ndarray]
) -> tuple[float, float]:
  """How much of the lines is found, and how much of what is found is a line.

  Masks are thinned to lines of one pixel. What of them lies within
  `TOLERANCE_PX` of the other's counts as found.

  Args:
    predictions: bool [H, W] of each image.
    truths: bool [H, W], likewise.

  Returns:
    Recall and precision over all images; NaN where there is no line. Where
    labels are not whole, precision says nothing.

  Examples:
    Of two lines one is found, a pixel beside where it is:

    >>> truth = np.zeros((40, 40), bool)
    >>> truth[10, 5:35] = truth[30, 5:35] = True
    >>> prediction = np.zeros((40, 40), bool)
    >>> prediction[11, 5:35] = True
    >>> score_lines([prediction], [truth])
    (0.5, 1.0)
  """
  counts = np.zeros(4)
  for prediction, truth in zip(predictions, truths, strict=True):
    found, real = (
      morphology.skeletonize(mask.astype(bool)) for mask in (prediction, truth)
    )
    counts += (
      *((real & _near(found)).sum(), real.sum()),
      *((found & _near(real)).sum(), found.sum()),
    )
  recalled, length, right, drawn = counts.tolist()
  return (
    recalled / length if length else float('nan'),
    right / drawn if drawn else float('nan'),
  )


def _near(lines: np.ndarray) -> np.ndarray:
  if not lines.any():
    return lines
  return np.asarray(ndimage.distance_transform_edt(~lines)) <= TOLERANCE_PX
