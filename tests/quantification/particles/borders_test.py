import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.particles.borders import select_counted
from defectseg_jax.quantification.particles.properties import measure_particles


def test_rules_by_hand():
  mask = np.zeros((30, 30), bool)
  mask[0:3, 10:13] = True  # top
  mask[10:13, 0:3] = True  # left
  mask[27:30, 10:13] = True  # bottom
  mask[10:13, 27:30] = True  # right
  mask[0:3, 27:30] = True  # top and right
  mask[15:18, 15:18] = True  # none
  found = measure_particles(mask, pixel_size_nm=1.0)
  where = found.columns()['touches_border']
  assert select_counted(found.at_border, 'all').all()
  assert where[select_counted(found.at_border, 'exclude')].tolist() == ['']
  assert sorted(where[select_counted(found.at_border, 'frame')]) == [
    '',
    'left',
    'top',
  ]


def test_the_frame_counts_without_bias_and_the_others_do_not():
  """Tiles of a torus, each with the next ones' first row and column: a frame
  leaves out what touches those, and so counts each particle once. But those
  that go round a corner of a tile without covering it are counted on both of
  its sides: the part (1 - pi / 4) d^2 of a square of d, of 64 corners, is 6."""
  rng = np.random.default_rng(0)
  size, tile = 400, 50
  y, x = np.mgrid[:size, :size]
  mask = np.zeros((size, size), bool)
  centres = [
    (row + rng.integers(4), column + rng.integers(4))
    for row in range(0, size, 16)
    for column in range(0, size, 16)
  ]
  for row, column in centres:
    dy = (y - row + size // 2) % size - size // 2
    dx = (x - column + size // 2) % size - size // 2
    mask |= dy**2 + dx**2 <= 25
  around = np.pad(mask, (0, 1), mode='wrap')
  totals = dict.fromkeys(('all', 'exclude', 'frame'), 0)
  for top in range(0, size, tile):
    for left in range(0, size, tile):
      part = around[top : top + tile + 1, left : left + tile + 1]
      found = measure_particles(part, pixel_size_nm=1.0)
      for rule in totals:
        totals[rule] += int(select_counted(found.at_border, rule).sum())
  assert len(centres) == 625
  assert 625 <= totals['frame'] <= 625 + 2 * 6
  assert totals['exclude'] < 600 and totals['all'] > 650


def test_an_unknown_rule():
  with pytest.raises(
    InputError, match='border=half: choose one of all, exclude, frame'
  ):
    select_counted(np.zeros((2, 4), bool), 'half')
