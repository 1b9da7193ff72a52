"""At which scales an image is looked at, and what becomes of it there."""

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.prediction.scales import (
  SeenSizes,
  choose_zooms,
  maps_at_scales,
  resample,
)

ANY = SeenSizes(diameter_px=(5, 80))
ONE = SeenSizes(pixel_size_nm=(0.2, 0.4))


@pytest.mark.parametrize(
  ('pixel_size_nm', 'zooms'),
  [
    (None, (1.0,)),
    (0.2, (1.0,)),
    (0.3, (1.0,)),
    (0.41, (1.0,)),
    (0.8, (2.0,)),
    (0.1, (0.5,)),
    (1.6, (4.0,)),
  ],
)
def test_pixels_as_in_training(pixel_size_nm, zooms):
  found = choose_zooms((500, 500), ONE, pixel_size_nm=pixel_size_nm)
  assert found == pytest.approx(zooms)
  assert (1.0 in zooms) == (1.0 in found)


@pytest.mark.parametrize('pixel_size_nm', [100.0, 1.65, 1e-3])
def test_a_scale_that_is_too_far_away_is_refused(pixel_size_nm):
  with pytest.raises(InputError, match=r'0\.0625 to 4 is possible'):
    choose_zooms((500, 500), ONE, pixel_size_nm=pixel_size_nm)


@pytest.mark.parametrize(
  ('shape', 'zooms'),
  [
    ((1024, 1024), (0.25, 0.5, 1.0)),
    ((1024, 300), (0.5, 1.0)),
    ((2048, 384), (0.25, 0.5, 1.0)),
    ((100, 100), (1.0,)),
    ((5000, 40), (1.0,)),
  ],
)
def test_several_scales_where_nothing_is_known(shape, zooms):
  assert choose_zooms(shape, ANY) == zooms
  assert choose_zooms(shape, ANY, pixel_size_nm=0.3) == zooms


@pytest.mark.parametrize(
  ('diameter_nm', 'zoom'),
  [
    # 160 pixels become 32, the size that is known best.
    (80, 0.198),
    (16, 0.992),
    # 20 pixels are known well enough; 4 are enlarged to 10.
    (10, 1.0),
    (2, 2.5),
  ],
)
def test_a_diameter_chooses_one_scale(diameter_nm, zoom):
  (found,) = choose_zooms(
    (900, 900), ANY, pixel_size_nm=0.5, object_diameter_nm=diameter_nm
  )
  assert found == pytest.approx(zoom, rel=0.01)
  # Nearly 1 is 1: the network sees the very pixels.
  assert found == 1 or abs(zoom - 1) > 0.05


def test_without_sizes_the_image_is_as_it_is():
  assert choose_zooms((90, 90), SeenSizes(), pixel_size_nm=0.3) == (1.0,)


def test_a_diameter_that_nobody_can_use():
  with pytest.raises(InputError, match='does not know objects'):
    choose_zooms((90, 90), ONE, pixel_size_nm=1, object_diameter_nm=5)
  with pytest.raises(InputError, match='give pixel_size_nm'):
    choose_zooms((90, 90), ANY, object_diameter_nm=5)


@pytest.mark.parametrize('sizes', [(0, 1), (2, 1), (1,), (1, np.inf)])
def test_sizes_that_are_none(sizes):
  with pytest.raises(InputError, match=r'pixel_size_nm=.*the smaller first'):
    SeenSizes(pixel_size_nm=sizes)


def test_reducing_by_a_whole_number_is_binning():
  rng = np.random.default_rng(0)
  pixels = rng.normal(size=(12, 20))
  binned = pixels.reshape(3, 4, 5, 4).mean((1, 3))
  np.testing.assert_allclose(resample(pixels, (3, 5)), binned, atol=1e-6)


def test_enlarging_keeps_places():
  """A ramp stays a ramp: nothing moves by half a pixel."""
  ramp = np.broadcast_to(np.arange(20.0), (20, 20))
  large = resample(ramp, (40, 40))
  np.testing.assert_allclose(
    large[20, 2:-2], (np.arange(40)[2:-2] - 0.5) / 2, atol=1e-5
  )


def test_scale_1_shows_the_network_the_very_pixels():
  pixels = np.arange(100, dtype=np.uint8).reshape(10, 10)
  seen = []

  def network(image, valid, on_tiles):
    assert valid is None
    seen.append(image)
    on_tiles(1, 2)
    on_tiles(2, 2)
    return np.asarray(image, np.float32)

  done = []
  maps = maps_at_scales(
    pixels, network, (0.5, 1.0), on_tiles=lambda *part: done.append(part)
  )
  assert seen[1] is pixels and seen[0].shape == (5, 5)
  assert all(one.shape == (10, 10) for one in maps.values())
  np.testing.assert_array_equal(maps[1.0], pixels)
  assert done == [(100, 1000), (200, 1000), (600, 1000), (1000, 1000)]
