"""Polygons to pixels: the way back from `outlines`."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import draw

from defectseg_jax.micrographs.outlines import outlines
from defectseg_jax.micrographs.polygons import pixels_inside


@pytest.mark.parametrize('seed', range(4))
def test_outlines_and_back(seed):
  """With holes, and pieces that touch at a corner."""
  noise = np.random.default_rng(seed).random((40, 50))
  region = ndimage.gaussian_filter(noise, seed / 2) > 0.5
  np.testing.assert_array_equal(
    pixels_inside(outlines(region), region.shape), region
  )


def test_a_polygon_is_that_of_another_library():
  corners = np.array([[3.2, 4.1], [38.7, 9.3], [30.1, 28.4], [12.6, 25.2]])
  # skimage has the middle of the first pixel at 0, 0, and rows first.
  other = draw.polygon2mask((35, 45), corners[:, ::-1] - 0.5)
  np.testing.assert_array_equal(pixels_inside([corners], (35, 45)), other)


def test_polygons_that_share_an_edge_share_no_pixel():
  left = np.array([[0, 0], [6, 0], [2, 6], [0, 6]])
  right = np.array([[6, 0], [8, 0], [8, 6], [2, 6]])
  one, two = (pixels_inside([part], (6, 8)) for part in (left, right))
  assert not (one & two).any() and (one | two).all()


def test_what_is_outside_of_the_image_is_left_out():
  square = np.array([[-3, -2], [2, -2], [2, 9], [-3, 9]])
  assert pixels_inside([square], (4, 5)).sum() == 4 * 2
  assert not pixels_inside([square + 100], (4, 5)).any()
