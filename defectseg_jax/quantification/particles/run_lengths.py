"""A label image as runs: where each row of each particle begins and ends.

A run is an unbroken stretch of one label in a row. There are far fewer runs
than pixels, so that what is computed from runs takes less time and memory.
"""

from typing import NamedTuple

import numpy as np

# Some MiB of working memory, whatever the size of the image; by eye.
_BLOCK_PX = 1 << 21


class Runs(NamedTuple):
  """Runs in the order of label, then row, then column; int64 [runs] each.

  Attributes:
    label: 1 or more.
    row: of the image.
    first: column of the first pixel.
    last: column of the last pixel.
  """

  label: np.ndarray
  row: np.ndarray
  first: np.ndarray
  last: np.ndarray


def find_runs(labels: np.ndarray) -> Runs:
  """The runs of a label image.

  Args:
    labels: integer or bool [H, W], 0 in the background.

  Returns:
    The runs.

  Examples:
    >>> find_runs(np.array([[2, 2, 0, 1, 1, 1]]))
    Runs(label=array([1, 2]), row=array([0, 0]), first=array([3, 0]),
         last=array([5, 1]))
  """
  height, width = labels.shape
  rows_at_once = max(1, _BLOCK_PX // width)
  found = [
    _runs_in_rows(labels[top : top + rows_at_once], top)
    for top in range(0, height, rows_at_once)
  ]
  label, row, first, last = (np.concatenate(part) for part in zip(*found))
  # A stable sort keeps the order of rows in each label.
  order = np.argsort(label, kind='stable')
  return Runs(label[order], row[order], first[order], last[order])


def run_boxes(runs: Runs, count: int) -> np.ndarray:
  """The bounding box of each label, from 1 to a count.

  Args:
    runs: of the labels.
    count: number of labels; each of them must occur.

  Returns:
    int64 [count, 4]: first row and column, and the row and column after the
    last.

  Examples:
    >>> run_boxes(find_runs(np.array([[0, 1, 1], [0, 1, 0]])), 1)
    array([[0, 1, 2, 3]])
  """
  if count == 0:
    return np.zeros((0, 4), np.int64)
  starts = np.searchsorted(runs.label, np.arange(1, count + 1))
  return np.stack(
    [
      np.minimum.reduceat(runs.row, starts),
      np.minimum.reduceat(runs.first, starts),
      np.maximum.reduceat(runs.row, starts) + 1,
      np.maximum.reduceat(runs.last, starts) + 1,
    ],
    axis=1,
  )


def paint_runs(runs: Runs, shape: tuple[int, int]) -> np.ndarray:
  """The label image of some runs: int32 of a shape.

  Examples:
    >>> labels = np.array([[2, 2, 0, 1, 1, 1]])
    >>> paint_runs(find_runs(labels), (1, 6))
    array([[2, 2, 0, 1, 1, 1]], dtype=int32)
  """
  labels = np.zeros(shape, np.int32)
  length = runs.last - runs.first + 1
  before = np.cumsum(length) - length
  begin = runs.row * shape[1] + runs.first
  places = np.arange(length.sum()) + np.repeat(begin - before, length)
  labels.put(places, np.repeat(runs.label, length))
  return labels


def _runs_in_rows(
  labels: np.ndarray, top: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
  """Label, row, first and last column of the runs of some rows."""
  width = labels.shape[1]
  changes = labels[:, 1:] != labels[:, :-1]
  ends = labels != 0
  begins = ends.copy()
  begins[:, 1:] &= changes
  ends[:, :-1] &= changes
  begin, end = np.flatnonzero(begins), np.flatnonzero(ends)
  row, first = np.divmod(begin, width)
  label = labels[row, first].astype(np.int64)
  return label, row + top, first, end - row * width
