"""Lines that follow a ridge."""

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.review.tracing import trace


@pytest.mark.parametrize('contrast', [40.0, -40.0])
def test_a_line_follows_the_bend_of_what_it_is_drawn_on(contrast):
  columns = np.arange(10, 110)
  rows = np.round(40 + 9 * np.sin((columns - 10) / 99 * np.pi)).astype(int)
  drawn = np.zeros((80, 120))
  drawn[rows, columns] = 1
  noise = np.random.default_rng(0).normal(0, 2, drawn.shape)
  pixels = 100 + contrast * 4 * ndimage.gaussian_filter(drawn, 1.5) + noise
  path = trace(pixels, None, [(40.5, 10.5), (40.5, 109.5)])
  away = [abs(row - 0.5 - rows[int(column) - 10]) for row, column in path]
  assert max(away) <= 2
  assert path[0] == (40.5, 10.5) and path[-1] == (40.5, 109.5)


def test_the_negative_of_an_image_gives_the_same_line():
  """What is dark and what is bright change places, to the last bit."""
  pixels = np.random.default_rng(1).normal(0, 10, (60, 70))
  pixels = ndimage.gaussian_filter(pixels, 2).astype(np.float32)
  points = [(5.5, 5.5), (50.5, 60.5), (20.5, 65.5)]
  assert trace(pixels, None, points) == trace(-pixels, None, points)
