"""Drift, against frames that were cut out of one image at known places."""

import functools

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.quantification.series.drift import (
  DriftFinder,
  detail,
  find_shift,
)

SIDE = 128


@functools.cache
def world(seed=0):
  """Blots of many sizes, larger than a frame."""
  values = np.random.default_rng(seed).normal(size=(320, 320))
  return ndimage.gaussian_filter(values, 3) * 40


def frame_at(row, column, *, seed=0, noise=0):
  frame = world(seed)[row : row + SIDE, column : column + SIDE]
  random = np.random.default_rng(noise)
  return frame + random.normal(scale=1.0, size=frame.shape)


def shift_of(one, other):
  return find_shift(detail(one), detail(other))


@pytest.mark.parametrize('down,right', [(0, 0), (3, -2), (-17, 22), (30, 5)])
def test_it_finds_whole_pixels(down, right):
  # The specimen moves down where the frame looks further up.
  found = shift_of(frame_at(60, 60), frame_at(60 - down, 60 - right, noise=1))
  assert found.is_sure
  assert (found.rows, found.columns) == pytest.approx((down, right), abs=0.1)
  assert found.overlap == pytest.approx(
    (1 - abs(down) / SIDE) * (1 - abs(right) / SIDE), abs=0.01
  )


def test_it_finds_parts_of_a_pixel():
  moved = ndimage.shift(world(), (2.3, -4.6), order=3)[60:188, 60:188]
  found = shift_of(frame_at(60, 60), moved)
  assert (found.rows, found.columns) == pytest.approx((2.3, -4.6), abs=0.1)


def test_other_places_are_not_taken_for_the_same():
  for seed in range(1, 6):
    assert not shift_of(frame_at(60, 60), frame_at(60, 60, seed=seed)).is_sure


def test_frames_of_nothing_are_not_taken_for_the_same():
  flat = np.full((SIDE, SIDE), 7.0)
  assert not shift_of(flat, flat).is_sure


def test_what_is_no_specimen_does_not_hold_the_frame_fast():
  valid = np.ones((SIDE, SIDE), bool)
  valid[-24:] = False
  one, other = frame_at(60, 60), frame_at(54, 60, noise=1)
  for frame in (one, other):
    # A data bar, which stays where it is.
    frame[-24:] = np.random.default_rng(5).normal(size=(24, SIDE)) * 200
  found = find_shift(detail(one, valid), detail(other, valid))
  assert (found.rows, found.columns) == pytest.approx((6, 0), abs=0.1)


def test_drift_adds_up_and_goes_on_after_a_frame_of_nothing():
  finder, found = DriftFinder(), []
  for number in range(12):
    frame = frame_at(20 + 9 * number, 60, noise=number)
    if number == 5:
      frame = np.random.default_rng(9).normal(size=frame.shape)
    found.append(finder.add(frame))
  assert [one.is_known for one in found] == [n != 5 for n in range(12)]
  # The frames end far outside of the first.
  assert found[-1].rows_px == pytest.approx(-99, abs=0.2)
  assert found[-1].columns_px == pytest.approx(0, abs=0.2)
