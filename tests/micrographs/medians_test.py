"""The median of nine is SciPy's, bit for bit, edges among them."""

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.micrographs.medians import median_of_nine


@pytest.mark.parametrize('shape', [(2, 2), (2, 9), (40, 3), (61, 50)])
@pytest.mark.parametrize('kind', [np.uint8, np.float32])
def test_it_is_that_of_scipy(shape, kind):
  rng = np.random.default_rng(0)
  # Few values, so that many are equal.
  for highest in (3, 250):
    pixels = rng.integers(0, highest, shape).astype(kind)
    found = median_of_nine(pixels)
    np.testing.assert_array_equal(
      found, ndimage.median_filter(pixels, size=3, mode='mirror')
    )
    assert found.dtype == kind
