"""Contrast of the foil itself, against the law that each part follows."""

import numpy as np
import pytest
from scipy import ndimage
from small import small_foil

from defectseg_jax.simulation import matrix_contrast

BARE = {
  'contrast__wedge_nm': 0.0,
  'contrast__bend_contours': 0.0,
  'contrast__lath_boundaries': 0.0,
  'contrast__mottling': 0.0,
  'contrast__surface_spots_per_um2': 0.0,
}


def rng():
  return np.random.default_rng(0)


def test_a_bare_foil_is_even():
  found = matrix_contrast.matrix_transmission(small_foil(**BARE), rng())
  np.testing.assert_array_equal(found, 1)


@pytest.mark.parametrize(
  'field, value',
  [
    ('wedge_nm', 15.0),
    ('bend_contours', 5.0),
    ('lath_boundaries', 5.0),
    ('mottling', 0.03),
    ('surface_spots_per_um2', 3000.0),
  ],
)
def test_each_part_of_the_matrix_shows(field, value):
  foil = small_foil(**{**BARE, f'contrast__{field}': value})
  found = matrix_contrast.matrix_transmission(foil, rng())
  assert 0.005 < found.std() < 0.3


def test_a_wedge_is_a_slope():
  """From one side to the other by exp(-wedge / absorption length)."""
  foil = small_foil(**{**BARE, 'contrast__wedge_nm': 15.0})
  found = np.log(matrix_contrast.matrix_transmission(foil, rng()).astype(float))
  down, right = np.gradient(found)
  slope = np.hypot(down, right) * foil.side_px
  np.testing.assert_allclose(slope, 15 / 80, rtol=0.02)


@pytest.mark.parametrize('side_px, factor', [(256, 2), (300, 25), (161, 7)])
def test_smooth_noise_is_enlarged_as_scipy_does_to_the_bit(side_px, factor):
  side = -(-side_px // factor) + 2
  coarse = np.random.default_rng(0).standard_normal((side, side), np.float32)
  np.testing.assert_array_equal(
    matrix_contrast._enlarge(coarse, factor, side_px),
    ndimage.zoom(coarse, factor, order=1)[:side_px, :side_px],
  )
