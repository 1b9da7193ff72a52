"""Thinned lines and their lengths, against geometry and scikit-image."""

import math

import numpy as np
import pytest
from skimage import morphology

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.dislocations.skeletons import (
  line_skeleton,
  skeleton_length_px,
  tile_lengths_px,
)


def segment(start, end, shape=(300, 300), width_px=3.0):
  """Pixels within half a width of a straight line from (row, column)."""
  y, x = np.mgrid[: shape[0], : shape[1]]
  (r0, c0), (r1, c1) = start, end
  along = np.array([r1 - r0, c1 - c0], float)
  share = ((y - r0) * along[0] + (x - c0) * along[1]) / (along @ along)
  share = np.clip(share, 0, 1)
  distance = np.hypot(y - r0 - share * along[0], x - c0 - share * along[1])
  return distance <= width_px / 2


def pixels(skeleton, shape):
  mask = np.zeros(shape, bool)
  mask[skeleton.row, skeleton.column] = True
  return mask


def network(shape=(300, 300)):
  rng = np.random.default_rng(0)
  mask = np.zeros(shape, bool)
  for _ in range(25):
    mask |= segment(rng.uniform(0, 300, 2), rng.uniform(0, 300, 2), shape)
  return mask


def test_before_pruning_it_is_scikit_images():
  mask = network()
  np.testing.assert_array_equal(
    pixels(line_skeleton(mask, spur_px=0), mask.shape),
    morphology.skeletonize(mask),
  )


@pytest.mark.parametrize('degrees', range(0, 180, 15))
def test_straight_lines(degrees):
  """The estimator is at most 2% off for a straight line (worst along an axis);
  thinning takes at most half the width, 1.5 px, and a pixel off each end."""
  angle = math.radians(degrees)
  half = 110 * np.array([math.sin(angle), math.cos(angle)])
  mask = segment(150 - half, 150 + half)
  found = skeleton_length_px(line_skeleton(mask))
  assert abs(found - 220) <= 0.02 * 220 + 2 * 2.5


def test_lines_in_all_directions_together():
  """Errors of directions average out: half a percent, and the ends' 5 px."""
  total = 0.0
  for degrees in range(0, 180, 5):
    angle = math.radians(degrees + 1.7)
    half = 130 * np.array([math.sin(angle), math.cos(angle)])
    total += skeleton_length_px(line_skeleton(segment(150 - half, 150 + half)))
  assert abs(total / 36 - 260) <= 0.005 * 260 + 5


def test_a_circle_is_as_long_as_its_circumference():
  """All directions, no ends: unbiased, to half a percent."""
  y, x = np.mgrid[:300, :300] - 149.5
  mask = np.abs(np.hypot(y, x) - 120) <= 1.5
  found = skeleton_length_px(line_skeleton(mask))
  assert found == pytest.approx(2 * math.pi * 120, rel=0.005)


def test_spurs_are_pruned_and_lines_are_not():
  thin = np.zeros((60, 120), bool)
  thin[30, 10:110] = True
  thin[26:30, 50] = True  # a spur of 4 px
  thin[20:30, 80] = True  # a branch of 10 px
  thin[50, 10:13] = True  # a line of 3 px of its own
  expected = thin.copy()
  expected[26:30, 50] = False
  found = line_skeleton(thin, spur_px=5)
  np.testing.assert_array_equal(pixels(found, thin.shape), expected)
  kept = line_skeleton(thin, spur_px=3)
  np.testing.assert_array_equal(pixels(kept, thin.shape), thin)
  shorter = line_skeleton(thin, spur_px=12)
  expected[20:30, 80] = False
  # The line's own right end stays: it is 30 px from the junction.
  np.testing.assert_array_equal(pixels(shorter, thin.shape), expected)


def test_steps_by_hand():
  thin = np.zeros((6, 9), bool)
  thin[1, 1:4] = thin[2, 4] = thin[3, 5] = True
  # Two steps along the row, two diagonal ones, one corner.
  assert skeleton_length_px(line_skeleton(thin)) == pytest.approx(
    2 * 0.980 + 2 * 1.406 - 0.091
  )


def test_the_way_round_a_corner_is_not_cut_short():
  thin = np.zeros((6, 6), bool)
  thin[1, 1:4] = thin[1:5, 3] = True
  skeleton = line_skeleton(thin, spur_px=0)
  kept = pixels(skeleton, thin.shape)
  steps = sum(
    bool(kept[r, c] and kept[r + dr, c + dc])
    for r in range(5)
    for c in range(5)
    for dr, dc in ((0, 1), (1, 0))
  )
  assert (~skeleton.diagonal).sum() == steps


def test_parts_add_up_to_the_whole():
  mask = network()
  skeleton = line_skeleton(mask)
  parts = tile_lengths_px(skeleton, mask.shape)
  assert len(parts) == 64
  assert parts.sum() == pytest.approx(skeleton_length_px(skeleton))
  half = tile_lengths_px(skeleton, mask.shape, tiles=2)
  assert half[0] == pytest.approx(parts.reshape(8, 8)[:4, :4].sum(), rel=0.02)


@pytest.mark.parametrize(
  'mask',
  [
    np.zeros((5, 7), bool),
    np.ones((1, 1), bool),
    np.eye(1, 9, 4, dtype=bool),
    np.pad(np.ones((1, 1), bool), 3),
  ],
)
def test_nothing_and_one_pixel_have_no_length(mask):
  skeleton = line_skeleton(mask)
  assert skeleton_length_px(skeleton) == 0
  assert tile_lengths_px(skeleton, mask.shape).sum() == 0


def test_a_row_of_one_pixel_and_a_full_image():
  row = line_skeleton(np.ones((1, 50), bool))
  assert skeleton_length_px(row) == pytest.approx(0.98 * 49, abs=2)
  full = skeleton_length_px(line_skeleton(np.ones((30, 30), bool)))
  assert np.isfinite(full)


def test_spur_length_must_be_a_length():
  with pytest.raises(InputError, match='spur_px=-1'):
    line_skeleton(np.zeros((3, 3), bool), spur_px=-1)
