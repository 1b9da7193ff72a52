import numpy as np
import pytest
from skimage import measure, morphology

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.particles.components import label_regions


def discs(shape, *circles):
  y, x = np.mgrid[: shape[0], : shape[1]]
  mask = np.zeros(shape, bool)
  for row, column, radius in circles:
    mask |= np.hypot(y - row, x - column) <= radius
  return mask


DIAGONAL = np.eye(4, dtype=bool)
RING = discs((40, 40), (20, 20, 15)) & ~discs((40, 40), (20, 20, 6))


@pytest.mark.parametrize('connectivity, count', [(8, 1), (4, 4)])
def test_corners_join_with_eight_neighbours(connectivity, count):
  labels, found = label_regions(DIAGONAL, connectivity=connectivity)
  assert found == count
  np.testing.assert_array_equal(np.unique(labels), np.arange(count + 1))


def test_labels_are_those_of_scikit_image():
  mask = np.random.default_rng(0).random((80, 90)) < 0.4
  for connectivity in (4, 8):
    labels, count = label_regions(mask, connectivity=connectivity)
    expected = measure.label(mask, connectivity=connectivity // 4)
    np.testing.assert_array_equal(labels, expected)
    assert count == expected.max()


def test_holes_are_filled_on_request():
  assert label_regions(RING)[0][20, 20] == 0
  labels, count = label_regions(RING, fill_holes=True)
  np.testing.assert_array_equal(labels > 0, discs((40, 40), (20, 20, 15)))
  assert count == 1


def test_a_diagonal_fence_holds_with_eight_neighbours_only():
  """A diamond of pixels that touch at corners encloses its inside."""
  y, x = np.mgrid[-5:6, -5:6]
  fence = abs(x) + abs(y) == 4
  assert label_regions(fence, fill_holes=True)[0][5, 5] == 1
  filled = label_regions(fence, fill_holes=True, connectivity=4)[0]
  assert filled[5, 5] == 0


def test_small_regions_are_dropped_and_the_rest_counted_on():
  mask = np.zeros((9, 20), bool)
  mask[1, 1], mask[3:6, 3:6], mask[1, 12:14], mask[5:7, 14:18] = True, 1, 1, 1
  labels, count = label_regions(mask, minimum_area_px=3)
  expected = morphology.remove_small_objects(
    measure.label(mask, connectivity=2), max_size=2
  )
  np.testing.assert_array_equal(labels > 0, expected > 0)
  assert count == 2 and labels[4, 4] == 1 and labels[5, 15] == 2
  assert label_regions(mask, minimum_area_px=9)[1] == 1


def test_touching_discs_are_cut_where_they_meet():
  """Two discs of 20, 32 apart: the neck is 24 wide, half of it 8 below 20."""
  mask = discs((60, 100), (30, 30, 20), (30, 62, 20))
  labels, count = label_regions(mask, separate=True)
  assert count == 2
  assert labels[30, 30] == 1 and labels[30, 62] == 2
  # The cut lies half way, to a pixel, and takes no pixel away.
  np.testing.assert_array_equal(labels > 0, mask)
  areas = np.bincount(labels.ravel())[1:]
  assert abs(areas[0] - areas[1]) <= 2 * 24


def test_what_is_convex_stays_whole():
  mask = discs((60, 120), (30, 30, 20))
  mask[20:30, 70:115] = True
  assert label_regions(mask, separate=True)[1] == 2


def test_ids_are_in_the_order_of_reading_after_separation():
  mask = discs((80, 130), (25, 25, 15), (25, 50, 15), (60, 100, 12))
  labels, count = label_regions(mask, separate=True)
  firsts = [np.flatnonzero(labels == n)[0] for n in range(1, count + 1)]
  assert count == 3 and firsts == sorted(firsts)


def test_discs_cut_by_the_edge_are_separated_too():
  mask = discs((40, 100), (0, 30, 20), (0, 62, 20))
  assert label_regions(mask, separate=True)[1] == 2


@pytest.mark.parametrize(
  'fields, said',
  [
    ({'connectivity': 6}, 'connectivity=6: choose one of 4, 8'),
    ({'minimum_area_px': -1}, 'minimum_area_px=-1'),
    ({'minimum_area_px': np.nan}, 'minimum_area_px=nan'),
  ],
)
def test_options_out_of_range(fields, said):
  with pytest.raises(InputError, match=said):
    label_regions(DIAGONAL, **fields)
