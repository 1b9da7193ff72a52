"""Several images of one specimen to one number, and how far they differ."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import stats

from defectseg_jax.quantification import intervals


def over_images(
  rows: Sequence[Mapping[str, float]],
  names: Iterable[str],
  *,
  level: float = intervals.LEVEL,
) -> dict[str, dict[str, float]]:
  """Mean, spread and interval of each quantity over images.

  The interval is Student's, of the mean over images: it sees how the specimen
  differs from place to place, which no count in one image can, and knows
  nothing of what all images share, such as a wrong scale. It is cut off at 0,
  below which none of these quantities can be. Equal numbers, such as those of
  images in which nothing was found, give none: a few of them do not show that
  the specimen is the same everywhere.

  Args:
    rows: of numbers by name, one for each image.
    names: of the quantities that are wanted.
    level: of confidence.

  Returns:
    By name: `images` that have a number, their `mean`, `std` (n - 1) and the
    interval from `low` to `high`; NaN where there are too few, or all equal.
  """
  found = {}
  for name in names:
    values = np.array([row[name] for row in rows], float)
    values = values[~np.isnan(values)]
    count = len(values)
    mean = float(values.mean()) if count else math.nan
    spread = float(values.std(ddof=1)) if count > 1 else math.nan
    half = math.nan
    if count > 1 and values.min() < values.max():
      of_student = stats.t.isf((1 - level) / 2, count - 1)
      half = of_student * spread / math.sqrt(count)
    found[name] = {
      'images': count,
      'mean': mean,
      'std': spread,
      'low': mean - half if math.isnan(half) else max(mean - half, 0.0),
      'high': mean + half,
    }
  return found
