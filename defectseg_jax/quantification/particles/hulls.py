"""Convex hulls of all particles at once, and their Feret diameters.

A pixel stands for the middles of its four sides, as in
skimage.measure.regionprops: its corners would make slanting edges too long.
"""

from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification.particles.run_lengths import Runs

# Runs whose hulls are found at once: some dozen MiB; by eye.
_RUNS = 1 << 18
# Pairs of corners that are compared at once: some MiB; by eye.
_PAIRS = 1 << 20


class Hulls(NamedTuple):
  """Measures of the convex hulls of particles 1 to n; float64 [n] each.

  Attributes:
    feret_maximum_px: the largest distance of two points.
    feret_minimum_px: the smallest distance of two parallel tangents.
    area_px: area of the hull.
    mean_width_px: mean width over all directions: perimeter / pi (Cauchy).
  """

  feret_maximum_px: np.ndarray
  feret_minimum_px: np.ndarray
  area_px: np.ndarray
  mean_width_px: np.ndarray


def measure_hulls(runs: Runs, count: int) -> Hulls:
  """Feret diameters, area and mean width of the hulls.

  Args:
    runs: of labels 1 to count; each of them must occur.
    count: number of labels.

  Returns:
    The measures of each hull.

  Examples:
    Four pixels in a row: the corners of the hull are at (0, +-1/2), (3, +-1/2),
    (-1/2, 0) and (7/2, 0).

    >>> from defectseg_jax.quantification.particles.run_lengths import find_runs
    >>> hulls = measure_hulls(find_runs(np.array([[1, 1, 1, 1]])), 1)
    >>> hulls.feret_maximum_px, hulls.feret_minimum_px, hulls.area_px
    (array([4.]), array([1.]), array([3.5]))
  """
  if count == 0:
    return Hulls(*(np.zeros(0) for _ in Hulls._fields))
  parts = []
  low = 0
  ends = np.searchsorted(runs.label, np.arange(1, count + 1), 'right')
  while low < count:
    begin = ends[low - 1] if low else 0
    high = max(low + 1, int(np.searchsorted(ends, begin + _RUNS, 'right')))
    part = Runs(*(one[begin : ends[high - 1]] for one in runs))
    part = part._replace(label=part.label - low)
    parts.append(_hulls_at_once(part, high - low))
    low = high
  return Hulls(*(np.concatenate(one) for one in zip(*parts)))


def _hulls_at_once(runs: Runs, count: int) -> Hulls:
  label, row, first, last = _extremes(runs)
  # Coordinates times 2 are whole numbers, so that comparisons are exact.
  left = _chain(label, row, 2 * first, outward=-1)
  right = _chain(label, row, 2 * last, outward=1)
  label, x, y = _join(left, right)
  starts = np.searchsorted(label, np.arange(1, count + 2))
  after = np.arange(1, len(x) + 1)
  after[starts[1:] - 1] = starts[:-1]
  sides = np.hypot(x[after] - x, y[after] - y) / 2
  areas = (x * y[after] - x[after] * y) / 8
  largest, smallest = _ferets(x, y, after, starts)
  return Hulls(
    feret_maximum_px=largest,
    feret_minimum_px=smallest,
    area_px=np.abs(np.add.reduceat(areas, starts[:-1])),
    mean_width_px=np.add.reduceat(sides, starts[:-1]) / np.pi,
  )


def _extremes(
  runs: Runs,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
  """Label, row, first and last column of each row of each label."""
  new = np.ones(len(runs.label), bool)
  new[1:] = np.diff(runs.label).astype(bool) | np.diff(runs.row).astype(bool)
  starts = np.flatnonzero(new)
  return (
    runs.label[starts],
    runs.row[starts],
    np.minimum.reduceat(runs.first, starts),
    np.maximum.reduceat(runs.last, starts),
  )


def _chain(
  label: np.ndarray, row: np.ndarray, x: np.ndarray, *, outward: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Corners of the hull on one side, from top to bottom, of every label.

  A point that is not outside the line through its two neighbours lies in the
  hull of the other points. All such points can be removed at once.
  """
  y = 2 * row[:, None] + np.array([-1, 0, 1])
  x = x[:, None] + np.array([0, outward, 0])
  label, x, y = np.repeat(label, 3), x.ravel(), y.ravel()
  while True:
    ax, ay, bx, by = x[:-2], y[:-2], x[2:], y[2:]
    beyond = (bx - ax) * (y[1:-1] - ay) - (by - ay) * (x[1:-1] - ax)
    keep = np.ones(len(x), bool)
    keep[1:-1] = (
      (-outward * beyond > 0)
      | (label[1:-1] != label[:-2])
      | (label[1:-1] != label[2:])
    )
    if keep.all():
      return label, x, y
    label, x, y = label[keep], x[keep], y[keep]


def _join(
  left: tuple[np.ndarray, np.ndarray, np.ndarray],
  right: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Corners of each label: down on the left, then up on the right."""
  label = np.concatenate([left[0], right[0][::-1]])
  order = np.argsort(label, kind='stable')
  x = np.concatenate([left[1], right[1][::-1]])
  y = np.concatenate([left[2], right[2][::-1]])
  return label[order], x[order], y[order]


def _ferets(
  x: np.ndarray, y: np.ndarray, after: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Largest and smallest Feret diameters, some labels at a time."""
  corners = np.diff(starts)
  largest, smallest = np.empty(len(corners)), np.empty(len(corners))
  pairs_before = np.concatenate([[0], np.cumsum(corners**2)])
  low = 0
  while low < len(corners):
    limit = pairs_before[low] + _PAIRS
    high = max(low + 1, int(np.searchsorted(pairs_before, limit, 'right')) - 1)
    largest[low:high], smallest[low:high] = _ferets_at_once(
      x, y, after, starts[low : high + 1]
    )
    low = high
  return largest, smallest


def _ferets_at_once(
  x: np.ndarray, y: np.ndarray, after: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Compares every corner with every corner and every side of its label."""
  corners = np.diff(starts)
  each = np.repeat(corners, corners)
  begin = np.repeat(starts[:-1], corners)
  one = np.repeat(np.arange(starts[0], starts[-1]), each)
  turn = np.cumsum(each) - each
  other = np.arange(each.sum()) - np.repeat(turn - begin, each)
  dx, dy = x[other] - x[one], y[other] - y[one]
  by_label = np.concatenate([[0], np.cumsum(corners**2)[:-1]])
  largest = np.sqrt(np.maximum.reduceat(dx * dx + dy * dy, by_label)) / 2
  side_x, side_y = (x[after] - x)[one], (y[after] - y)[one]
  across = np.maximum.reduceat(np.abs(side_x * dy - side_y * dx), turn)
  range_ = slice(starts[0], starts[-1])
  length = np.hypot((x[after] - x)[range_], (y[after] - y)[range_])
  # Two corners at the same place have no side between them.
  width = np.where(length > 0, across / np.maximum(length, 1), np.inf) / 2
  return largest, np.minimum.reduceat(width, starts[:-1] - starts[0])
