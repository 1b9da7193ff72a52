"""One rule for the bars of all histograms."""

import numpy as np
import pytest

from defectseg_jax.reporting.figures import measurements
from defectseg_jax.reporting.figures.bins import MOST_BINS, bin_count
from defectseg_jax.reporting.page.histograms import histogram

# 27 sizes have the cube root 3; their quartiles lie 13 apart, so that a bin of
# Freedman and Diaconis is 2 13 / 3 wide.
SMALL = np.arange(26.0)


def with_one(size):
  return np.append(SMALL, size)


@pytest.mark.parametrize(
  ('sizes', 'bins'),
  [
    # Sturges: log2(27) + 1 is 5.75, and 26 / 8.67 is 3.
    (with_one(26.0), 6),
    # 259 / 8.67 is 29.9, where `bins='auto'` of NumPy 2.5 has 11.
    (with_one(259.0), 30),
    (with_one(1e9), MOST_BINS),
    # Half of the sizes are equal: Sturges alone, log2(8) + 1.
    (np.array([1.0] * 7 + [9.0]), 4),
    (np.array([5.0]), 1),
  ],
)
def test_the_larger_of_two_rules(sizes, bins):
  assert bin_count(sizes) == bins
  assert MOST_BINS == 100  # As docstrings say.


@pytest.mark.parametrize('far', [26.0, 259.0, 1e4])
def test_figure_and_page_have_the_same_bars(far):
  sizes = with_one(far)
  (axes,) = measurements.histogram(sizes, title='x', label='nm').axes
  plot = histogram(sizes, 'nm')
  assert plot is not None
  heights = np.array([bar.get_height() for bar in axes.patches])
  assert len(heights) == len(plot.bars) == bin_count(sizes)
  shares = np.array([height for _, _, height in plot.bars])
  np.testing.assert_allclose(shares / shares.max(), heights / heights.max())


def test_no_sizes_have_no_bins():
  with pytest.raises(ValueError, match='sizes_nm is empty'):
    bin_count(np.zeros(0))
