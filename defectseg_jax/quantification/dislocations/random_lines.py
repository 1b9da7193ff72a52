"""Straight test lines at random places, in random directions."""

import math

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification import checks
from defectseg_jax.quantification.dislocations.line_intercepts import (
  Crossings,
  count_runs,
)

# Along slanting test lines the mask is interpolated at such steps. A run begins
# where it reaches a half and ends where it falls to a quarter: with one limit,
# the stairs of the mask's edge would count as several crossings. By eye.
_STEP_PX = 0.5
_BEGINS = 0.5 - 1e-6
_ENDS = 0.25


def random_crossings(
  mask: np.ndarray,
  *,
  lines: int = 64,
  seed: int = 0,
  valid: np.ndarray | None = None,
) -> Crossings:
  """Crossings with straight lines at random places, in random directions.

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
  drawn = random_lines(mask.shape, lines=lines, seed=seed)
  return Crossings(
    np.array([_count_along(mask, *ends) for ends in drawn], np.int64),
    random_lengths_px(drawn, valid),
  )


def random_lines(
  shape: tuple[int, ...], *, lines: int = 64, seed: int = 0
) -> np.ndarray:
  """Straight lines at random places, in random directions, over an image.

  All lines that meet the image are equally likely: direction and distance from
  the middle are uniform. So the mean count per length is the mean over all
  directions and places.

  Args:
    shape: height and width of the image.
    lines: number of lines that meet it.
    seed: of the lines.

  Returns:
    float64 [lines, 2, 2], row and column where each enters and leaves.

  Raises:
    InputError: the number of lines is below 1.
  """
  checks.require_whole(lines, 'lines')
  rng = np.random.default_rng(seed)
  found = []
  while len(found) < lines:
    angle = rng.uniform(0, math.pi)
    offset = rng.uniform(-0.5, 0.5) * math.hypot(*shape)
    ends = _chord(shape, angle, offset)
    if ends is not None:
      found.append(np.stack(ends))
  return np.stack(found)


def random_lengths_px(
  drawn: np.ndarray, valid: np.ndarray | None
) -> np.ndarray:
  """Lengths of lines on specimen.

  Args:
    drawn: from `random_lines`.
    valid: as of `grid_crossings`.
  """
  return np.array(
    [
      math.hypot(*(ends[1] - ends[0])) * _part_along(valid, *ends)
      for ends in drawn
    ]
  )


def recount(
  counts: np.ndarray,
  mask: np.ndarray,
  drawn: np.ndarray,
  box: tuple[int, int, int, int],
) -> np.ndarray:
  """Crossings of random lines with a mask that changed in a box.

  Args:
    counts: before the change.
    mask: bool [H, W], after it.
    drawn: from `random_lines`.
    box: top, left, bottom, right; the row and column after the last.
  """
  counts = counts.copy()
  for place in np.flatnonzero(_meet(drawn, box)):
    counts[place] = _count_along(mask, *drawn[place])
  return counts


def _meet(drawn: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
  """bool [lines]: which pass through a box, or close by it."""
  # Between pixels the mask is interpolated.
  low, high = np.array(box[:2]) - 2.0, np.array(box[2:]) + 2.0
  begin, along = drawn[:, 0], drawn[:, 1] - drawn[:, 0]
  with np.errstate(divide='ignore', invalid='ignore'):
    one, two = (low - begin) / along, (high - begin) / along
  inside = (low <= begin) & (begin <= high)
  still = along == 0
  first = np.where(still, np.where(inside, 0, np.inf), np.minimum(one, two))
  last = np.where(still, np.where(inside, 1, -np.inf), np.maximum(one, two))
  return np.maximum(first.max(axis=1), 0) <= np.minimum(last.min(axis=1), 1)


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
  return int(count_runs(inside[None])[0])
