"""Regions that a network is nowhere sure of are taken out of a map."""

import numpy as np
import pytest

from defectseg_jax.prediction.sure_regions import (
  keep_sure_regions,
  region_peaks,
)


@pytest.fixture
def three_regions():
  """Of peaks 0.9, 0.7 and 0.6; the first two touch at a corner."""
  found = np.full((12, 12), 0.1, np.float32)
  found[1:4, 1:4] = 0.55
  found[2, 2] = 0.9
  found[4:6, 4:6] = 0.7
  found[8:11, 8:11] = 0.6
  return found


def test_a_region_is_judged_by_its_surest_pixel(three_regions):
  kept = keep_sure_regions(three_regions, threshold=0.5, least_peak=0.8)
  assert kept.dtype == np.float32
  expected = three_regions >= 0.5
  expected[8:11, 8:11] = False
  np.testing.assert_array_equal(kept >= 0.5, expected)
  # What stays has its probabilities, and what goes is nearly found.
  np.testing.assert_array_equal(kept[:8], three_regions[:8])
  assert (kept[8:11, 8:11] > 0.49).all()


@pytest.mark.parametrize('least_peak', [0.0, 0.5])
def test_a_peak_below_the_threshold_asks_for_nothing(three_regions, least_peak):
  kept = keep_sure_regions(three_regions, threshold=0.5, least_peak=least_peak)
  assert kept is three_regions


def test_a_peak_that_is_just_reached_is_reached(three_regions):
  kept = keep_sure_regions(three_regions, threshold=0.5, least_peak=0.9)
  assert kept[2, 2] == np.float32(0.9) and kept[9, 9] < 0.5


def test_peaks_are_those_of_regions(three_regions):
  peaks = region_peaks(three_regions, 0.5)
  assert peaks[1, 1] == peaks[5, 5] == np.float32(0.9)
  assert peaks[9, 9] == np.float32(0.6)
  assert (peaks[three_regions < 0.5] == 0).all()


def test_an_empty_map_stays_empty():
  nothing = np.zeros((5, 7), np.float32)
  kept = keep_sure_regions(nothing, threshold=0.5, least_peak=0.9)
  np.testing.assert_array_equal(kept, nothing)
