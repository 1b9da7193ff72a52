"""A label image as runs: how each row of each particle lies in it.

A run is a row's unbroken stretch of one label. There are as many as boundary
pixels on one side, so that everything computed from them costs far less time
and memory than from pixels.
"""

from typing import NamedTuple

import numpy as np

# Pixels looked at in one go: some MiB of working memory whatever the image.
_BLOCK_PX = 1 << 21


class Runs(NamedTuple):
  """Runs in order of label, then row, then column; int64 [runs] each.

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


def runs_of(labels: np.ndarray) -> Runs:
  """The runs of a label image.

  Args:
    labels: integer or bool [H, W], 0 in the background.

  Returns:
    The runs.
  """
  height, width = labels.shape
  rows_at_once = max(1, _BLOCK_PX // width)
  found = [
    _runs_in_rows(labels[top : top + rows_at_once], top)
    for top in range(0, height, rows_at_once)
  ]
  label, row, first, last = (np.concatenate(part) for part in zip(*found))
  # They come in order of rows, and a stable sort keeps that.
  order = np.argsort(label, kind='stable')
  return Runs(label[order], row[order], first[order], last[order])


def _runs_in_rows(labels, top):
  width = labels.shape[1]
  changes = labels[:, 1:] != labels[:, :-1]
  begins = np.ones(labels.shape, bool)
  begins[:, 1:] = changes
  begins &= labels != 0
  ends = np.ones(labels.shape, bool)
  ends[:, :-1] = changes
  ends &= labels != 0
  begin, end = np.flatnonzero(begins), np.flatnonzero(ends)
  row, first = np.divmod(begin, width)
  label = labels[row, first].astype(np.int64)
  return label, row + top, first, end - row * width
