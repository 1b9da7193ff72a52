"""Test lines over a mask, and how often dislocation lines cross them.

A crossing is an unbroken run of mask pixels along the test line, however long.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification import checks

# Along slanting test lines the mask is interpolated at such steps. A run begins
# where it reaches a half and ends where it falls to a quarter: with one limit,
# the stairs of the mask's edge would count as several crossings. By eye.
_STEP_PX = 0.5
_BEGINS = 0.5 - 1e-6
_ENDS = 0.25


class Crossings(NamedTuple):
  """Crossings of each test line; arrays [lines].

  Attributes:
    count: number of crossings on the test line.
    length_px: length of the test line.
  """

  count: np.ndarray
  length_px: np.ndarray


def grid_crossings(
  mask: np.ndarray, *, spacing_px: int = 32, valid: np.ndarray | None = None
) -> Crossings:
  """Crossings with horizontal and vertical test lines.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    spacing_px: between test lines; the first is half of it from the edge. An
      image smaller than that has one line through its middle.
    valid: bool [H, W], True on specimen, outside of which nothing is marked;
      lines have length only there. None where all is.

  Returns:
    Horizontal lines from the top, then vertical ones from the left.

  Raises:
    InputError: the mask is not a mask, or the spacing is below 1.

  Examples:
    A vertical line over 4 rows: both horizontal test lines cross it.

    >>> mask = np.zeros((4, 6), bool)
    >>> mask[:, 2] = True
    >>> grid_crossings(mask, spacing_px=2).count
    array([1, 1, 0, 0, 0])
  """
  mask = checks.boolean_mask(mask)
  height, width = mask.shape
  rows, columns = grid_lines(mask.shape, spacing_px=spacing_px)
  return Crossings(
    count=np.concatenate(
      [_count_runs(mask[rows]), _count_runs(mask[:, columns].T)]
    ),
    length_px=np.repeat(
      [float(width), float(height)], [len(rows), len(columns)]
    )
    if valid is None
    else np.concatenate(
      [valid[rows].sum(axis=1), valid[:, columns].sum(axis=0)], dtype=float
    ),
  )


def grid_lines(
  shape: tuple[int, int], *, spacing_px: int = 32
) -> tuple[np.ndarray, np.ndarray]:
  """Rows and columns of an image that the grid's test lines lie on.

  Args:
    shape: height and width of the image.
    spacing_px: as of `grid_crossings`.

  Raises:
    InputError: the spacing is below 1.

  Examples:
    >>> grid_lines((4, 6), spacing_px=2)
    (array([1, 3]), array([1, 3, 5]))
  """
  checks.require_whole(spacing_px, 'spacing_px')
  rows, columns = (
    np.arange(min(int(spacing_px), size) // 2, size, int(spacing_px))
    for size in shape
  )
  return rows, columns


def grid_intervals_px(
  mask: np.ndarray, *, spacing_px: int = 32, valid: np.ndarray | None = None
) -> np.ndarray:
  """Distances from one crossing to the next along the grid's test lines.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    spacing_px, valid: as of `grid_crossings`; what lies between may have passed
      unseen where it is not valid, and is left out.

  Returns:
    float64 [intervals], between the middles of the runs; on each test line one
    fewer than it has crossings.

  Raises:
    InputError: the mask is not a mask, or the spacing is below 1.

  Examples:
    >>> mask = np.zeros((3, 10), bool)
    >>> mask[:, [1, 7]] = True
    >>> grid_intervals_px(mask)
    array([6.])
  """
  mask = checks.boolean_mask(mask)
  rows, columns = grid_lines(mask.shape, spacing_px=spacing_px)
  gaps = np.zeros(mask.shape, bool) if valid is None else ~valid
  return np.concatenate(
    [
      _between_runs(mask[rows], gaps[rows]),
      _between_runs(mask[:, columns].T, gaps[:, columns].T),
    ]
  )


def random_crossings(
  mask: np.ndarray,
  *,
  lines: int = 64,
  seed: int = 0,
  valid: np.ndarray | None = None,
) -> Crossings:
  """Crossings with straight lines at random places, in random directions.

  All lines that meet the image are equally likely: direction and distance from
  the middle are uniform. So the mean count per length is the mean over all
  directions and places.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    lines: number of lines that meet the image.
    seed: of the lines.
    valid: as of `grid_crossings`.

  Returns:
    A count and a length for each line.

  Raises:
    InputError: the mask is not a mask, or the number of lines is below 1.
  """
  mask = checks.boolean_mask(mask)
  checks.require_whole(lines, 'lines')
  rng = np.random.default_rng(seed)
  counts, lengths = [], []
  while len(counts) < lines:
    angle = rng.uniform(0, math.pi)
    offset = rng.uniform(-0.5, 0.5) * math.hypot(*mask.shape)
    ends = _chord(mask.shape, angle, offset)
    if ends is not None:
      counts.append(_count_along(mask, *ends))
      length = math.hypot(*(ends[1] - ends[0]))
      lengths.append(length * _part_along(valid, *ends))
  return Crossings(np.array(counts, np.int64), np.array(lengths))


def _count_runs(lines: np.ndarray) -> np.ndarray:
  """Number of runs of True in each row of bool [lines, pixels]."""
  begins = lines[:, 1:] & ~lines[:, :-1]
  return begins.sum(axis=1) + lines[:, 0]


def _between_runs(lines: np.ndarray, gaps: np.ndarray) -> np.ndarray:
  """Distances between the middles of neighbours without a gap between."""
  edges = np.diff(np.pad(lines, ((0, 0), (1, 1))).astype(np.int8), axis=1)
  line, first = np.nonzero(edges == 1)
  _, after = np.nonzero(edges == -1)
  middle = (first + after - 1) / 2
  before = np.pad(np.cumsum(gaps, axis=1), ((0, 0), (1, 0)))[line, first]
  return np.diff(middle)[(np.diff(line) == 0) & (np.diff(before) == 0)]


def _chord(
  shape: tuple[int, ...], angle: float, offset: float
) -> tuple[np.ndarray, np.ndarray] | None:
  """Where a line enters and leaves [0, H] x [0, W]; None if it does not."""
  middle = np.array(shape) / 2
  along = np.array([math.sin(angle), math.cos(angle)])
  across = np.array([along[1], -along[0]])
  through = middle + offset * across
  low, high = -math.inf, math.inf
  for place, step, size in zip(through, along, shape):
    if abs(step) < 1e-12:
      if not 0 <= place <= size:
        return None
      continue
    ends = sorted(((0 - place) / step, (size - place) / step))
    low, high = max(low, ends[0]), min(high, ends[1])
  if high - low < 1e-9:
    return None
  return through + low * along, through + high * along


def _part_along(
  valid: np.ndarray | None, begin: np.ndarray, end: np.ndarray
) -> float:
  """The part of a straight line between two points that is valid."""
  if valid is None:
    return 1.0
  steps = max(1, math.ceil(math.hypot(*(end - begin)) / _STEP_PX))
  shares = (np.arange(steps) + 0.5) / steps
  places = (begin + shares[:, None] * (end - begin)).astype(int)
  rows, columns = np.minimum(places, np.array(valid.shape) - 1).T
  return float(valid[rows, columns].mean())


def _count_along(mask: np.ndarray, begin: np.ndarray, end: np.ndarray) -> int:
  """Number of runs on a straight line between two points on the edge."""
  steps = max(1, math.ceil(math.hypot(*(end - begin)) / _STEP_PX))
  shares = (np.arange(steps) + 0.5) / steps
  # Half a pixel less, since 0, 0 is the middle of the first pixel.
  places = begin + shares[:, None] * (end - begin) - 0.5
  found = ndimage.map_coordinates(
    mask.view(np.uint8),
    places.T,
    order=1,
    mode='nearest',
    output=np.float32,
  )
  inside = found >= _BEGINS
  # Between the limits, a place is like the last clear place before it.
  clear = inside | (found <= _ENDS)
  before = np.where(clear, np.arange(steps), 0)
  inside = inside[np.maximum.accumulate(before)]
  return int(_count_runs(inside[None])[0])
