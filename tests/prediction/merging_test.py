"""Objects of several scales: each is taken once, from the scale it suits."""

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.prediction.merging import merge_objects
from defectseg_jax.prediction.sure_regions import Hysteresis

SEEN = (5, 80)
ROWS, COLUMNS = np.mgrid[:300, :300]


def disc(row, column, diameter_px, probability=0.9):
  inside = np.hypot(ROWS - row, COLUMNS - column) < diameter_px / 2
  return np.where(inside, probability, 0.1).astype(np.float32)


def merge(maps, **more):
  limits = Hysteresis(0.5, more.pop('least_peak', 0.0))
  return merge_objects(maps, limits, **{'diameter_px': SEEN, **more})


def count(found):
  return ndimage.label(found.mask, np.ones((3, 3)))[1]


def test_a_large_object_is_not_cut_up():
  """The fine scale sees parts of it, each of a comfortable size."""
  large = disc(150, 150, 160)
  parts = np.maximum.reduce(
    [disc(150 + r, 150 + c, 30) for r in (-40, 0, 40) for c in (-40, 0, 40)]
  )
  found = merge({0.25: large, 1.0: parts})
  assert found.zooms == (0.25,)
  np.testing.assert_array_equal(found.mask, large >= 0.5)


def test_small_neighbours_are_not_melted_together():
  """The coarse scale sees one object where the fine one sees four."""
  four = np.maximum.reduce(
    [disc(140 + r, 140 + c, 18) for r in (0, 20) for c in (0, 20)]
  )
  melted = disc(150, 150, 44, probability=0.6)
  found = merge({0.25: melted, 1.0: four})
  assert found.zooms == (1.0,) and count(found) == 4


def test_an_object_is_found_once():
  """Scales disagree by some pixels on where it is."""
  maps = {
    0.5: disc(152, 150, 42),
    1.0: disc(150, 150, 40),
    2.0: disc(150, 153, 40),
  }
  found = merge(maps)
  assert count(found) == 1 and len(found.zooms) == 1


def test_speckle_of_the_finest_scale_does_not_stand():
  """Two pixels of the network are no object that it has seen."""
  speckle = np.maximum.reduce([disc(r, 90, 2) for r in range(20, 280, 20)])
  found = merge({0.5: np.zeros_like(speckle), 1.0: speckle})
  assert count(found) == 0 and found.zooms == ()
  # What it was is not hidden.
  np.testing.assert_array_equal(found.probabilities, speckle)


def test_speckle_of_a_coarse_scale_does_not_stand():
  """What has 12 pixels of the image has 3 of the network."""
  blob = disc(150, 150, 8)
  assert count(merge({0.25: blob, 1.0: disc(0, 0, 0)})) == 0
  assert count(merge({0.25: disc(0, 0, 0), 1.0: blob})) == 1


def test_an_object_larger_than_any_seen_waits_for_a_coarser_scale():
  large = disc(150, 150, 150)
  assert merge({0.5: large, 1.0: large}).zooms == (0.5,)
  # Where no coarser scale is left, it is believed.
  assert merge({1.0: large, 2.0: disc(0, 0, 0)}).zooms == (1.0,)


def test_what_the_edge_cuts_may_look_small():
  cut = disc(-5, 150, 16)
  inside = np.roll(cut, 60, axis=0)
  # 3 pixels wide, where single objects of 5 and more are believed.
  sizes = {'diameter_px': (10, 80)}
  assert count(merge({1.0: cut}, **sizes)) == 1
  inside = inside.astype(np.float32)
  assert count(merge({1.0: inside}, **sizes)) == 0


def test_objects_that_touch_are_no_large_one():
  """A chain of ten is as wide as one."""
  chain = np.maximum.reduce([disc(150, 20 + 28 * n, 30) for n in range(10)])
  found = merge({0.25: disc(0, 0, 0), 1.0: chain, 2.0: disc(0, 0, 0)})
  np.testing.assert_array_equal(found.mask, chain >= 0.5)


def test_sizes_mix_in_one_image():
  large, small = disc(170, 170, 200), disc(30, 30, 16)
  found = merge({0.25: large, 1.0: small})
  assert found.zooms == (0.25, 1.0) and count(found) == 2
  np.testing.assert_array_equal(found.mask, np.maximum(large, small) >= 0.5)


def test_neighbours_of_two_scales_stay_two():
  """They touch, and the one that weighs less is trimmed."""
  large, small = disc(150, 150, 160), disc(150, 150 + 80 + 8, 20)
  found = merge({0.25: large, 1.0: small})
  assert count(found) == 2


@pytest.mark.parametrize('zoom', [0.5, 2.0])
def test_the_smallest_particle_is_of_the_networks_pixels(zoom):
  blob = disc(150, 150, 30)
  area = int((blob >= 0.5).sum()) * zoom**2
  maps = {1.0: disc(0, 0, 0), zoom: blob}
  assert count(merge(maps, minimum_area_px=area)) == 1
  assert count(merge(maps, minimum_area_px=area + 1)) == 0


def test_an_object_must_be_sure_somewhere_at_its_own_scale():
  doubtful, sure = disc(80, 80, 40, 0.7), disc(220, 220, 40, 0.95)
  found = merge({1.0: np.maximum(doubtful, sure)}, least_peak=0.9)
  np.testing.assert_array_equal(found.mask, sure >= 0.5)
  assert found.probabilities[80, 80] == np.float32(0.7)


def test_the_maps_stay_as_they_are_and_the_bits_too():
  rng = np.random.default_rng(0)
  maps = {
    zoom: ndimage.gaussian_filter(rng.normal(size=(200, 150)), 3 / zoom)
    for zoom in (0.5, 1.0, 2.0)
  }
  maps = {
    z: (0.5 + m / m.std() / 5).astype(np.float32) for z, m in maps.items()
  }
  before = {zoom: one.copy() for zoom, one in maps.items()}
  first, again = merge(maps), merge(dict(reversed(maps.items())))
  np.testing.assert_array_equal(first.probabilities, again.probabilities)
  assert first.zooms == again.zooms and len(first.zooms) > 1
  for zoom, one in maps.items():
    np.testing.assert_array_equal(one, before[zoom])


def test_an_image_that_is_all_defect():
  full = np.ones((120, 120), np.float32)
  assert merge({1.0: full}).mask.all()
