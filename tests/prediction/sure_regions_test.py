"""Regions that a network is nowhere sure of are taken out of a map."""

import numpy as np
import pytest
import skimage

from defectseg_jax.prediction.sure_regions import (
  Hysteresis,
  sure_mask,
  sure_regions,
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
  mask = sure_mask(three_regions, Hysteresis(0.5, 0.8))
  expected = three_regions >= 0.5
  expected[8:11, 8:11] = False
  np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize('least_peak', [0.0, 0.5])
def test_a_peak_below_the_threshold_asks_for_nothing(three_regions, least_peak):
  mask = sure_mask(three_regions, Hysteresis(0.5, least_peak))
  np.testing.assert_array_equal(mask, three_regions >= 0.5)


def test_a_peak_that_is_just_reached_is_reached(three_regions):
  mask = sure_mask(three_regions, Hysteresis(0.5, 0.9))
  assert mask[2, 2] and not mask[9, 9]


def test_peaks_are_those_of_regions(three_regions):
  two, three = (
    sure_regions(three_regions, Hysteresis(0.5, peak)) for peak in (0.9, 0.6)
  )
  assert two[1, 1] == two[5, 5] == 1 and two[9, 9] == 0
  assert three[1, 1] == three[5, 5] == 1 and three[9, 9] == 2
  above = sure_regions(three_regions, Hysteresis(0.5, 0.901))
  assert not above.any()
  assert not three[three_regions < 0.5].any()


def test_an_empty_map_stays_empty():
  nothing = np.zeros((5, 7), np.float32)
  assert not sure_mask(nothing, Hysteresis(0.5, 0.9)).any()


@pytest.mark.parametrize('threshold', [-0.1, 0.0, 0.3, 0.6, 1.0, 1.1])
@pytest.mark.parametrize('least_peak', [0.0, 0.05, 0.8, 1.0])
def test_regions_are_those_of_the_mask(threshold, least_peak):
  rng = np.random.default_rng(0)
  found = np.round(rng.random((40, 60)) ** 2, 1).astype(np.float32)
  limits = Hysteresis(threshold, least_peak)
  labels = skimage.measure.label(found >= threshold, connectivity=2)
  for one in range(1, labels.max() + 1):
    peak = found[labels == one].max()
    if least_peak > threshold and (peak <= 0 or peak < np.float32(least_peak)):
      labels[labels == one] = 0
  np.testing.assert_array_equal(sure_mask(found, limits), labels > 0)
  expected = skimage.measure.label(labels > 0, connectivity=2)
  regions = sure_regions(found, limits)
  np.testing.assert_array_equal(regions, expected)
  assert regions.dtype == np.int32
