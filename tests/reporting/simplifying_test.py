"""Lines of fewer points, beside scikit-image's and the rule itself."""

import itertools

import numpy as np
import pytest
from skimage import measure

from defectseg_jax.reporting.page.simplifying import simplify_line


def walk(seed: int, count: int, *, closed: bool) -> np.ndarray:
  steps = np.random.default_rng(seed).normal(size=(count, 2))
  points = np.cumsum(steps, axis=0)
  return np.vstack([points, points[:1]]) if closed else points


@pytest.mark.parametrize('closed', [False, True])
@pytest.mark.parametrize('tolerance_px', [0.0, 0.5, 3.0])
def test_random_lines_keep_what_scikit_image_keeps(closed, tolerance_px):
  for seed in range(5):
    points = walk(seed, 200, closed=closed)
    found = simplify_line(points, tolerance_px)
    other = measure.approximate_polygon(points, tolerance_px)
    np.testing.assert_array_equal(found, other)


def test_no_corner_of_a_disc_is_farther_away_than_allowed():
  rows, columns = np.mgrid[:80, :80]
  inside = np.hypot(rows - 40, columns - 40) < 30
  (contour,) = measure.find_contours(inside.astype(np.uint8), 0.5)
  found = simplify_line(contour, 0.7)
  assert len(found) < len(contour) / 4
  pieces = [np.linspace(*pair, 500) for pair in itertools.pairwise(found)]
  on_line = np.concatenate(pieces)
  away = np.hypot(*(contour[:, None] - on_line[None]).T).min(axis=0)
  assert away.max() < 0.7 + 0.05


@pytest.mark.parametrize('count', [1, 2])
def test_what_has_nothing_between_its_ends_stays(count):
  points = walk(0, count, closed=False)
  np.testing.assert_array_equal(simplify_line(points, 9.0), points)
