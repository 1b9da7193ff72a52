"""Lines one by one."""

import numpy as np
import pytest

from defectseg_jax.quantification.dislocations import skeletons
from defectseg_jax.quantification.dislocations.properties import measure_lines


def found_in(mask):
  return measure_lines(mask, skeletons.line_skeleton(mask), pixel_size_nm=0.5)


def test_lines_by_hand():
  mask = np.zeros((40, 100), bool)
  mask[10:13, 20:81] = True
  mask[30, 95:] = True
  found = found_in(mask)
  assert found.area_px.tolist() == [183, 5]
  # A line 3 pixels wide loses its half width at either end.
  assert found.length_px[0] == pytest.approx(60, abs=3)
  assert found.length_px[1] == pytest.approx(4, abs=0.5)
  assert (found.row_px[0], found.row_px[1]) == (11, 30)
  assert found.column_px[0] == pytest.approx(50, abs=3)
  columns = found.columns()
  assert columns['id'].tolist() == [1, 2]
  assert columns['touches_border'].tolist() == ['', 'right']
  np.testing.assert_allclose(columns['length_nm'], found.length_px / 2)
  assert columns['x_nm'][1] == (found.column_px[1] + 0.5) / 2
  for number in (1, 2):
    row, column = (int(found[k][number - 1]) for k in (2, 3))
    assert found.labels[row, column] == number


def test_lengths_add_up_to_the_skeleton():
  rng = np.random.default_rng(0)
  mask = np.zeros((200, 200), bool)
  for row, column in rng.integers(0, 150, (12, 2)):
    step = np.arange(40)
    mask[row + step, column + step // 2] = True
  skeleton = skeletons.line_skeleton(mask)
  found = measure_lines(mask, skeleton, pixel_size_nm=1)
  assert len(found.length_px) > 3
  assert found.length_px.sum() == pytest.approx(
    skeletons.skeleton_length_px(skeleton)
  )


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (30, 30)])
def test_nothing_and_everything(shape):
  none = found_in(np.zeros(shape, bool))
  assert len(none.area_px) == 0 and none.at_border.shape == (0, 4)
  assert all(len(values) == 0 for values in none.columns().values())
  everything = found_in(np.ones(shape, bool))
  assert everything.area_px.tolist() == [shape[0] * shape[1]]
  assert everything.columns()['touches_border'] == ['top+left+bottom+right']
