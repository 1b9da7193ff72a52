"""A Gaussian by Fourier transforms, beside SciPy's, and strips of an image."""

import numpy as np
import pytest
import scipy.ndimage

from defectseg_jax.micrographs import strips


@pytest.mark.parametrize('sigma_px', [0.3, 1, 6, 100, 400])
@pytest.mark.parametrize(
  'shape', [(1, 1), (1, 50), (40, 2), (257, 256), (300, 511)]
)
def test_the_blur_is_that_of_scipy(shape, sigma_px):
  values = np.random.default_rng(0).normal(100, 20, shape)
  found = strips.gaussian_blur(values, sigma_px)
  expected = scipy.ndimage.gaussian_filter(values, sigma_px, mode='mirror')
  assert found.shape == shape and found.flags.c_contiguous
  np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize('sigma_px', [1, 30])
def test_of_an_even_image_nothing_is_left(sigma_px):
  values = np.full((90, 70), 30000.1)
  left = values - strips.gaussian_blur(values, sigma_px)
  np.testing.assert_allclose(left, 0, atol=1e-10)


@pytest.mark.parametrize('shape', [(500, 70), (90, 300)])
def test_the_number_of_cores_changes_no_bit(monkeypatch, shape):
  values = np.random.default_rng(1).normal(100, 20, shape)
  found = []
  for cores in (1, 2, 7):
    monkeypatch.setattr('os.cpu_count', lambda cores=cores: cores)
    found.append(strips.gaussian_blur(values, 20.0).tobytes())
  assert found[0] == found[1] == found[2]


def test_a_strip_is_blurred_as_in_the_whole_image(monkeypatch):
  pixels = np.random.default_rng(2).normal(100, 20, (200, 60))
  monkeypatch.setattr(strips, '_PIXELS_AT_ONCE', 45 * 60)
  parts = strips.strips(pixels.shape)
  assert len(parts) == 5
  found = []
  for rows in parts:
    around, inner = strips.strip_with_halo(pixels, rows, 7.0)
    found.append(strips.gaussian_blur(around, 7.0)[inner])
  whole = strips.gaussian_blur(pixels, 7.0)
  np.testing.assert_allclose(np.concatenate(found), whole, rtol=1e-12)
