"""Lines that touch: counts of ids that change, by those of whole masks."""

import numpy as np
from skimage import measure as regions

from defectseg_jax.quantification.dislocations.joined_lines import (
  ChangingJoins,
  JoinedLines,
  joined_lines,
)


def test_lines_that_touch_at_a_corner_are_joined():
  ids = np.array([[1, 0, 0, 4], [0, 2, 0, 4], [0, 0, 0, 0]])
  assert joined_lines(ids > 0, ids) == JoinedLines(3, 2)
  assert ChangingJoins(ids).count() == JoinedLines(3, 2)


def test_nothing_marked_is_no_line():
  ids = np.zeros((3, 4), np.int32)
  joins = ChangingJoins(ids)
  assert joins.count() == JoinedLines(0, 0)
  joins.before((0, 0, 1, 4))
  ids[0] = 7
  joins.change((0, 0, 1, 4))
  assert joins.count() == JoinedLines(1, 1)


def test_changes_keep_the_counts_of_the_whole():
  """Random boxes at the sides, too, numbered by skimage."""
  rng = np.random.default_rng(0)
  ids, touched = np.zeros((30, 40), np.int32), 0
  joins = ChangingJoins(ids)
  for _ in range(60):
    top, left = rng.integers(0, 28), rng.integers(0, 38)
    drawn = ids.copy()
    drawn[top : top + rng.integers(1, 9), left : left + rng.integers(1, 9)] = (
      rng.integers(0, 6)
    )
    # Each piece of an id is a line of its own.
    after = np.asarray(regions.label(drawn, connectivity=2, background=0))
    rows, columns = np.nonzero(after != ids)
    if not len(rows):
      continue
    first, last = (rows.min(), columns.min()), (rows.max(), columns.max())
    box = (
      *(int(first[0]), int(first[1])),
      *(int(last[0]) + 1, int(last[1]) + 1),
    )
    joins.before(box)
    ids[:] = after
    joins.change(box)
    numbered = len(np.unique(after[after > 0]))
    joined = np.asarray(regions.label(after > 0, connectivity=2)).max()
    assert joins.count() == (numbered, joined) == joined_lines(ids > 0, ids)
    touched += numbered > joined
  assert touched > 20
