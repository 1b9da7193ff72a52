"""Tests of objects of one defect at those of another."""

import math

import numpy as np
import pytest
from scipy import stats

from defectseg_jax.quantification.association import (
  Association,
  association,
  cross_k,
  pooled,
  random_centres,
)
from defectseg_jax.quantification.crowd import Crowd

_DISC_RADIUS_PX = 20.0


def _disc(shape: tuple[int, int], centre: tuple[float, float]) -> np.ndarray:
  rows, columns = np.mgrid[: shape[0], : shape[1]]
  return np.hypot(rows - centre[0], columns - centre[1]) <= _DISC_RADIUS_PX


def test_expected_number_at_random_is_that_of_areas():
  # A circle of 5 that touches a disc of 20 has its centre within 25 + 2 of
  # its centre, out of the area that its centre may be in.
  found = association(
    np.array([[150.0, 150.0]]),
    np.array([5.0]),
    _disc((300, 300), (150, 150)),
    distance_px=2,
    draws=9999,
  )
  expected = math.pi * 27**2 / 290**2
  error = math.sqrt(expected / 9999)
  assert found.near_random == pytest.approx(expected, abs=4 * error)
  assert found.near == 1
  # The one object is at B: as unlikely as chance has it there, on both sides.
  assert found.p_value == pytest.approx(expected, abs=8 * error)


def test_number_at_random_of_many_is_binomial():
  rng = np.random.default_rng(0)
  centres, radii = rng.uniform(5, 295, (12, 2)), np.full(12, 1.0)
  found = association(
    centres, radii, _disc((300, 300), (90, 200)), distance_px=20, draws=9999
  )
  # Circles so small do not hinder each other.
  chance = stats.binom(12, math.pi * 41**2 / 298**2)
  assert found.near_random == pytest.approx(chance.mean(), rel=0.05)
  assert found.random_interval == (chance.ppf(0.025), chance.ppf(0.975))


def test_random_positions_keep_clear_of_each_other_and_of_edges():
  valid = np.zeros((120, 160), bool)
  valid[10:100, 20:150] = True
  radii = np.array([4.0, 9.0, 6.0, 12.0, 5.0])
  start = np.tile([50.0, 60.0], (5, 1))
  found = random_centres(start, radii, valid.shape, valid=valid, draws=200)
  low, high = np.array([9.5, 19.5]), np.array([99.5, 149.5])
  # The edge is known to a pixel.
  assert (found >= low + radii[:, None] - 1).all()
  assert (found <= high - radii[:, None] + 1).all()
  for one in range(5):
    for other in range(one):
      apart = np.hypot(*(found[:, one] - found[:, other]).T)
      assert (apart >= radii[one] + radii[other]).all()


def test_a_crowd_has_room_where_no_circle_of_all_is_too_near():
  """Against a look at every circle that was added, in two images."""
  random = np.random.default_rng(0)
  radii = random.uniform(2, 12, 80)
  placed = random.uniform(-0.5, (59.5, 199.5), (2, 80, 2))
  crowd = Crowd(placed, radii, (60, 200))
  for one in range(40):
    crowd.add(one)
  images = np.repeat([1, 0], 200)
  points = random.uniform(-0.5, (59.5, 199.5), (400, 2))
  # Beside circles that were not added, too.
  apart = np.linalg.norm(placed[images, :40] - points[:, None], axis=-1)
  expected = (apart >= radii[:40] + 3.0).all(axis=1)
  assert 0.05 < expected.mean() < 0.95
  np.testing.assert_array_equal(crowd.has_room(images, points, 3.0), expected)


def test_what_finds_no_room_stays():
  start = np.array([[10.0, 10.0]])
  found = random_centres(start, np.array([50.0]), (21, 21), draws=3)
  np.testing.assert_array_equal(found, np.tile(start, (3, 1, 1)))


def test_without_either_there_is_nothing_to_test():
  nothing = np.zeros((20, 20), bool)
  some = np.array([[10.0, 10.0]]), np.array([2.0])
  for objects, others in (
    (some, nothing),
    ((np.empty((0, 2)), np.empty(0)), ~nothing),
  ):
    assert math.isnan(association(*objects, others, distance_px=1).p_value)


def test_same_seed_same_numbers():
  others = _disc((100, 100), (40, 40))
  objects = np.array([[70.0, 70.0], [20.0, 80.0]]), np.array([3.0, 4.0])
  first, again, other = (
    association(*objects, others, distance_px=30, seed=seed)
    for seed in (1, 1, 2)
  )
  np.testing.assert_array_equal(first.counts, again.counts)
  assert first.gap_random_px == again.gap_random_px
  assert first.gap_random_px != other.gap_random_px


def test_cross_k_is_a_sum_over_pairs():
  rng = np.random.default_rng(1)
  valid = np.ones((40, 60), bool)
  valid[:10, :20] = False
  first, second = rng.integers(0, 40, (6, 2)), rng.integers(0, 40, (7, 2))
  distances = np.array([5.0, 15.0, 30.0])
  found = cross_k(first, second, distances, valid)
  expected = np.zeros(3)
  for one in first:
    for other in second:
      down, right = other - one
      shifted = np.zeros_like(valid)
      rows = slice(max(down, 0), 40 + min(down, 0))
      columns = slice(max(right, 0), 60 + min(right, 0))
      from_rows = slice(max(-down, 0), 40 + min(-down, 0))
      from_columns = slice(max(-right, 0), 60 + min(-right, 0))
      shifted[rows, columns] = valid[from_rows, from_columns]
      common = (valid & shifted).sum()
      expected += (math.hypot(down, right) <= distances) / common
  np.testing.assert_allclose(found, valid.sum() ** 2 * expected / 42)


def test_cross_k_of_random_points_is_the_area_of_a_circle():
  rng = np.random.default_rng(2)
  valid = np.ones((200, 300), bool)
  points = rng.uniform(0, 1, (2, 800, 2)) * valid.shape - 0.5
  distances = np.array([20.0, 60.0])
  found = cross_k(points[0], points[1], distances, valid)
  np.testing.assert_allclose(found, math.pi * distances**2, rtol=0.05)


def test_images_are_added_draw_by_draw():
  first = Association(5, 3, np.array([0, 1, 2, 0]))
  second = Association(4, 1, np.array([1, 1, 0, 0]))
  untested = Association(9, 0, np.empty(0, int))
  found = pooled([first, untested, second])
  assert (found.objects, found.near) == (9, 4)
  np.testing.assert_array_equal(found.counts, [1, 2, 2, 0])
  # None of the 4 reaches 4; the real one counts for itself, by half.
  assert found.p_value == pytest.approx(2 * 0.5 / 5)
  assert math.isnan(pooled([untested]).p_value)
