"""A process that is killed while it edits loses nothing that it answered."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from defectseg_jax.review.review import Review

PROGRAM = """
import sys
from defectseg_jax.review.review import Review
with Review.open(sys.argv[1]) as review:
  document = review.document('x')
  for number in range(10**6):
    row = 5 + 9 * number % 110
    stroke = [[row, 10], [row, 140]]
    change = document.apply({
      'kind': 'paint', 'points': stroke, 'radius_px': 1.5,
      'erase': number % 3 == 2, 'version': document.version,
    }) if number % 5 else document.apply({
      'kind': 'done', 'value': not document.done, 'version': document.version,
    })
    print(change.version, int(document.ids.astype('int64').sum()), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize('answers', [1, 4, 9])
def test_a_killed_review_loses_no_change_that_it_answered(session, answers):
  with subprocess.Popen(
    [sys.executable, '-c', PROGRAM, str(session)],
    stdout=subprocess.PIPE,
    text=True,
  ) as process:
    told = [process.stdout.readline() for _ in range(answers)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.readlines()
  sums = dict(map(int, one.split()) for one in told if one.endswith('\n'))
  last = max(sums)
  with Review.open(session) as review:
    document = review.document('x')
    # The change under way may be there, or not.
    assert last <= document.version <= last + 1
    if document.version > last:
      document.undo()
    assert int(document.ids.astype(np.int64).sum()) == sums[last]
