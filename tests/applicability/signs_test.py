import math

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.applicability.signs import NAMES, image_signs


def discs(centres, radius_px=6, side_px=128):
  rows, columns = np.mgrid[:side_px, :side_px]
  return np.logical_or.reduce(
    [np.hypot(rows - r, columns - c) < radius_px for r, c in centres]
  )


AT_RANDOM = [(20, 20), (25, 45), (90, 30), (70, 90), (85, 105), (30, 110)]


def signs(mask, *, contrast=-40.0, noise=4.0, again=None, seed=0, zoom=1.0):
  rng = np.random.default_rng(seed)
  pixels = 120 + contrast * mask + noise * rng.standard_normal(mask.shape)
  probabilities = np.where(mask, 0.9, 0.05).astype(np.float32)
  again = mask if again is None else again
  return image_signs(
    pixels, mask, probabilities, again, again, threshold=0.5, zoom=zoom
  )


def test_all_have_a_finite_number_also_without_objects_and_contrast():
  nothing = np.zeros((96, 128), bool)
  for pixels in (np.zeros((96, 128)), np.full((96, 128), 255.0)):
    found = image_signs(
      pixels, nothing, nothing * np.float32(0), nothing, nothing, threshold=0.5
    )
    assert set(found) == set(NAMES)
    assert all(math.isfinite(one) for one in found.values()), found
  everything = ~nothing
  found = image_signs(
    np.zeros((96, 128)),
    everything,
    everything * np.float32(1),
    everything,
    everything,
    threshold=0.5,
  )
  assert all(math.isfinite(one) for one in found.values()), found


@pytest.mark.parametrize('shape', [(1, 100), (100, 1), (1, 1), (9, 3)])
@pytest.mark.filterwarnings('error')
def test_they_are_finite_of_strips(shape):
  found = signs(np.zeros(shape, bool))
  assert all(math.isfinite(one) for one in found.values()), found


def test_they_say_what_is_seen():
  mask = discs(AT_RANDOM)
  found = signs(mask)
  assert found['log_count'] == pytest.approx(math.log(7))
  assert found['area_fraction'] == mask.mean()
  # The digital disc of radius below 6 has 109 pixels.
  assert math.exp(found['log_diameter_px']) == pytest.approx(11.8, abs=0.1)
  assert signs(mask, zoom=0.5)['log_diameter_px'] == pytest.approx(
    found['log_diameter_px'] + math.log(0.5)
  )
  assert found['confidence'] == pytest.approx(0.9)
  assert found['compactness'] > 0.75
  # 40 over a noise of 4; estimates from rings of 4 pixels scatter.
  assert found['contrast_over_noise'] == pytest.approx(10, rel=0.15)
  assert (
    found['signed_contrast'] < 0 < signs(mask, contrast=40)['signed_contrast']
  )


def test_what_is_not_seen_again_is_unsteady():
  mask = discs(AT_RANDOM)
  half = discs(AT_RANDOM[:3])
  found = signs(mask, again=half)
  assert found['object_steadiness'] == 0.5
  assert found['steadiness'] == pytest.approx(2 / 3, abs=0.01)
  assert signs(mask)['object_steadiness'] == 1
  assert signs(mask)['steadiness'] == 1


def test_noise_and_lattices_show():
  mask = discs(AT_RANDOM)
  assert signs(mask, noise=40)['noise_fraction'] > 0.8
  assert signs(mask, noise=1)['noise_fraction'] < 0.2
  lattice = discs(
    [(r, c) for r in range(8, 128, 16) for c in range(8, 128, 16)]
  )
  assert signs(lattice)['spacing_spread'] < 0.1
  assert signs(mask)['spacing_spread'] > 0.2
  assert signs(lattice)['periodicity'] > signs(mask)['periodicity'] + 0.3


def test_the_estimate_of_noise_is_that_of_the_noise():
  """Immerkaer's, of white noise on a smooth image."""
  rng = np.random.default_rng(1)
  smooth = ndimage.gaussian_filter(rng.standard_normal((256, 256)), 20)
  smooth *= 10 / smooth.std()
  nothing = np.zeros(smooth.shape, bool)
  pixels = smooth + rng.standard_normal(smooth.shape)
  found = image_signs(
    pixels, nothing, nothing * np.float32(0), nothing, nothing, threshold=0.5
  )
  assert found['noise_fraction'] * pixels.std() == pytest.approx(1, rel=0.05)
