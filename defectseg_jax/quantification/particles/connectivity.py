"""Whether it matters that pixels which touch at a corner belong together.

Programs differ in it: by 4 neighbours, particles that touch at a corner are
several, by 8 they are one. Where particles touch, counts and mean diameters
depend on it, and a paper should say which was taken.
"""

import math
from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification.particles.diameters import mean_or_nan
from defectseg_jax.quantification.particles.properties import Particles
from defectseg_jax.quantification.plausibility import QualityWarning

# By eye: a mean diameter that differs by more is another one in a paper.
LARGEST_CHANGE = 0.05
# Some MiB of working memory, whatever the size of the image; by eye.
_ROWS_AT_ONCE = 512


class Numbers(NamedTuple):
  """What depends on it.

  Attributes:
    count: of particles that the border rule counts.
    diameter: mean of those that touch no edge, in nanometres, or in pixels
      where the scale is not known; NaN of none.
  """

  count: int
  diameter: float


def numbers_of(found: Particles, border: str) -> Numbers:
  """What depends on the connectivity.

  Args:
    found: the particles.
    border: the border rule.
  """
  sizes = found.diameter_px[found.whole]
  if not math.isnan(found.pixel_size_nm):
    sizes = sizes * found.pixel_size_nm
  return Numbers(int(found.counted(border).sum()), mean_or_nan(sizes))


def connectivity_warnings(
  ours: Numbers, other: Numbers | None, connectivity: int, unit: str
) -> list[QualityWarning]:
  """Says if the other connectivity gives other numbers.

  Args:
    ours: by the connectivity that was taken.
    other: by the other one; None where it is known to be the same.
    connectivity: 4 or 8, which was taken.
    unit: of the diameters.

  Returns:
    One warning at most, `connectivity_matters`: the count differs by more than
    its counting error, which is the root of the count, or the mean diameter by
    more than `LARGEST_CHANGE`.

  Examples:
    >>> connectivity_warnings(Numbers(100, 20.0), Numbers(109, 19.5), 8, 'nm')
    []
    >>> [found] = connectivity_warnings(
    ...   Numbers(100, 20.0), Numbers(111, 19.5), 8, 'nm'
    ... )
    >>> found.name
    'connectivity_matters'
  """
  if other is None:
    return []
  if abs(other.count - ours.count) <= math.sqrt(ours.count) and not (
    abs(other.diameter / ours.diameter - 1) > LARGEST_CHANGE
  ):
    return []
  words = {8: 'are of one particle', 4: 'are of two particles'}
  instead = 12 - connectivity
  return [
    QualityWarning(
      'connectivity_matters',
      f'pixels that touch at a corner {words[connectivity]} here (connectivity '
      f'{connectivity}): {ours.count} counted, of {ours.diameter:.3g} {unit} '
      f'mean diameter. If they {words[instead]} ({instead}): {other.count}, of '
      f'{other.diameter:.3g} {unit}. Say which you took; --mode=quantify with '
      f'--config.quantification.connectivity={instead} takes the other',
    )
  ]


def touch_at_corners(labelled: np.ndarray) -> bool:
  """Whether any two pixels of a particle touch at a corner, and only there.

  Args:
    labelled: bool [H, W], or the id of the particle at each pixel.

  Returns:
    False only if all connectivities make the same particles.

  Examples:
    >>> touch_at_corners(np.array([[1, 0], [0, 1]], bool))
    True
    >>> touch_at_corners(np.array([[1, 1], [0, 1]], bool))
    False
  """
  labelled = np.asarray(labelled)
  return any(
    _corner_touches(labelled[top : top + _ROWS_AT_ONCE + 1])
    for top in range(0, len(labelled) - 1, _ROWS_AT_ONCE)
  )


def corner_touches_in(
  labelled: np.ndarray, box: tuple[int, int, int, int]
) -> int:
  """How many squares of 2 x 2 pixels in or beside a box have such a pair.

  Args:
    labelled: as of `touch_at_corners`.
    box: top, left, bottom, right; the row and column after the last.

  Examples:
    >>> corner_touches_in(np.eye(4, dtype=bool), (0, 0, 1, 1))
    1
  """
  top, left = max(0, box[0] - 1), max(0, box[1] - 1)
  return sum(
    _corner_touches(
      labelled[row : min(row + _ROWS_AT_ONCE, box[2]) + 1, left : box[3] + 1]
    )
    for row in range(top, box[2], _ROWS_AT_ONCE)
  )


def _corner_touches(rows: np.ndarray) -> int:
  """How many pairs touch at a corner, and only there."""
  upper, lower = rows[:-1], rows[1:]
  # Only beside the end of a particle's row; there are few.
  ends = np.flatnonzero(upper[:, 1:] != upper[:, :-1])
  row, column = np.divmod(ends, max(1, rows.shape[1] - 1))
  left, right = upper[row, column], upper[row, column + 1]
  below, beyond = lower[row, column], lower[row, column + 1]
  down = (left != 0) & (left == beyond) & (left != below)
  up = (right != 0) & (right == below) & (right != beyond)
  return int(np.count_nonzero(down)) + int(np.count_nonzero(up))
