"""Test lines over a mask, and how often dislocation lines cross them.

A crossing is an unbroken run of mask pixels along the test line, however long.
"""

from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification import checks


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
      [count_runs(mask[rows]), count_runs(mask[:, columns].T)]
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


def count_runs(lines: np.ndarray) -> np.ndarray:
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
