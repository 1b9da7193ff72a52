import numpy as np
import pytest
from scipy import ndimage
from shapes import signed_area
from skimage.draw import polygon2mask

from defectseg_jax.micrographs.outlines import outlines

_RNG = np.random.default_rng(5)


def test_outline_of_a_pixel_and_of_a_bent_region():
  (one,) = outlines(np.array([[True]]))
  assert one.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
  (bent,) = outlines(np.array([[True, False], [True, True]]))
  corners = [[0, 0], [1, 0], [1, 1], [2, 1], [2, 2], [0, 2]]
  assert sorted(bent.tolist()) == sorted(corners)
  assert signed_area(bent) == 3


def test_pixels_that_touch_at_a_corner_have_one_outline():
  (both,) = outlines(np.array([[True, False], [False, True]]))
  assert signed_area(both) == 2
  assert both.tolist().count([1, 1]) == 2


@pytest.mark.parametrize('density', [0.1, 0.4, 0.6, 0.9])
def test_outlines_of_anything(density):
  for _ in range(20):
    mask = _RNG.random((12, 9)) < density
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    for label in range(1, count + 1):
      region = labels == label
      found = outlines(region)
      assert sum(map(signed_area, found)) == region.sum()
      # One for itself, one for every hole.
      background = np.pad(~region, 1, constant_values=True)
      assert len(found) == ndimage.label(background)[1]
      assert signed_area(found[0]) > 0
      assert all(signed_area(hole) < 0 for hole in found[1:])
      # skimage fills the same pixels; it counts pixels from their middles.
      filled = [
        polygon2mask(mask.shape, polygon[:, ::-1] - 0.5) for polygon in found
      ]
      np.testing.assert_array_equal(np.logical_xor.reduce(filled), region)
