"""Outlines of a smoother look, and no other objects than before."""

import numpy as np
from scipy import ndimage

from defectseg_jax.prediction.merging import Merged
from defectseg_jax.prediction.outlines import take_outlines

ROWS, COLUMNS = np.mgrid[:80, :100]


def disc(top, left, radius_px):
  return np.hypot(ROWS - top, COLUMNS - left) <= radius_px


def look(*objects, probability=0.9, zooms=(0.5, 1.0)):
  mask = np.any(objects, axis=0)
  return Merged(mask, np.where(mask, probability, 0).astype(np.float32), zooms)


def test_an_object_that_both_show_has_the_other_outline():
  found = take_outlines(
    look(disc(20, 20, 9)), look(disc(21, 20, 7), probability=0.7)
  )
  np.testing.assert_array_equal(found.mask, disc(21, 20, 7))
  # Nothing of the wider outline is left for interpolation to find.
  np.testing.assert_array_equal(found.probabilities >= 0.6, disc(21, 20, 7))
  assert found.probabilities.max() == np.float32(0.7)
  assert found.zooms == (0.5, 1.0)


def test_what_one_look_shows_alone_stays_or_is_left_out():
  first = look(disc(20, 20, 9), disc(60, 20, 6))
  found = take_outlines(first, look(disc(20, 20, 8), disc(20, 70, 8)))
  np.testing.assert_array_equal(found.mask, disc(20, 20, 8) | disc(60, 20, 6))
  assert not found.probabilities[disc(20, 70, 8)].any()


def test_two_that_are_one_in_the_other_look_stay_two_and_the_other_way():
  two = look(disc(40, 30, 8), disc(40, 50, 8))
  one = look(disc(40, 40, 20))
  for first, second in ((two, one), (one, two)):
    found = take_outlines(first, second)
    np.testing.assert_array_equal(found.mask, first.mask)
    np.testing.assert_array_equal(found.probabilities, first.probabilities)


def test_a_neighbour_that_only_the_other_look_shows_is_not_taken_in():
  first = look(disc(40, 40, 8))
  found = take_outlines(first, look(disc(40, 40, 8), disc(40, 54, 9)))
  np.testing.assert_array_equal(found.mask, first.mask)


def test_objects_stay_apart_where_outlines_would_meet():
  found = take_outlines(
    look(disc(40, 30, 8), disc(40, 50, 8)),
    look(disc(40, 32, 10), disc(40, 50, 6)),
  )
  labels = np.empty(found.mask.shape, np.int32)
  assert ndimage.label(found.mask, np.ones((3, 3)), output=labels) == 2
  assert 0 < labels[40, 36] != labels[40, 50] > 0


def test_nothing_found_is_nothing():
  nothing = look(np.zeros(ROWS.shape, bool))
  assert not take_outlines(nothing, look(disc(40, 40, 9))).mask.any()
  some = look(disc(40, 40, 9))
  np.testing.assert_array_equal(take_outlines(some, nothing).mask, some.mask)
