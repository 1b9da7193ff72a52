"""Hulls and Feret diameters, against SciPy's qhull and closed forms."""

import math

import numpy as np
import pytest
from scipy import ndimage, spatial

from defectseg_jax.quantification.particles import hulls
from defectseg_jax.quantification.particles.run_lengths import find_runs


def measured(mask):
  labels, count = ndimage.label(mask, np.ones((3, 3)))
  return hulls.measure_hulls(find_runs(labels), count), labels, count


def by_qhull(region):
  """Ferets, area and mean width of the middles of the pixels' sides."""
  rows, columns = np.nonzero(region)
  points = np.concatenate(
    [
      np.stack([rows + dr, columns + dc], axis=1)
      for dr, dc in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5))
    ]
  )
  hull = spatial.ConvexHull(points)
  corners = points[hull.vertices]
  largest = spatial.distance.pdist(corners).max()
  # qhull's equations are unit outer normals: the depth behind each side.
  depths = [-(corners @ e[:2] + e[2]).min() for e in hull.equations]
  return largest, min(depths), hull.volume, hull.area / math.pi


@pytest.mark.parametrize('threshold', [0.52, 0.6, 0.8])
def test_irregular_particles_have_qhulls_hulls(threshold):
  rng = np.random.default_rng(0)
  noise = ndimage.gaussian_filter(rng.normal(size=(300, 300)), 3.0)
  mask = noise > np.quantile(noise, threshold)
  found, labels, count = measured(mask)
  assert count > 20
  expected = np.array(
    [by_qhull(labels == number) for number in range(1, count + 1)]
  )
  np.testing.assert_allclose(np.stack(found, axis=1), expected, rtol=1e-9)


def test_a_pixel_is_the_diamond_of_its_sides_middles():
  found, _, _ = measured(np.ones((1, 1), bool))
  assert found.feret_maximum_px == pytest.approx([1.0])
  assert found.feret_minimum_px == pytest.approx([math.sqrt(0.5)])
  assert found.area_px == pytest.approx([0.5])


def test_a_rectangle():
  mask = np.zeros((40, 60), bool)
  mask[5:25, 10:50] = True
  found, _, _ = measured(mask)
  # 20 x 40 without the four corners, triangles of legs 1/2.
  assert found.area_px == pytest.approx([800 - 4 / 8])
  assert found.feret_minimum_px == pytest.approx([20.0])
  # From the middle of a corner pixel's outer side to that of the opposite one.
  assert found.feret_maximum_px == pytest.approx([math.hypot(39, 20)], abs=0.5)


def test_a_disc_is_as_wide_in_every_direction():
  """Bound: pixels whose middle is within r reach at most r + 1/2 and, where
  the boundary passes between two middles, at least r - 1/2 on each side."""
  y, x = np.mgrid[-60:61, -60:61]
  found, _, _ = measured(np.hypot(x - 0.3, y + 0.2) <= 50)
  for width in (
    found.feret_maximum_px,
    found.feret_minimum_px,
    found.mean_width_px,
  ):
    assert abs(width[0] - 100) < 1


def test_in_parts_as_at_once(monkeypatch):
  rng = np.random.default_rng(1)
  mask = ndimage.gaussian_filter(rng.normal(size=(120, 120)), 2.0) > 0.05
  whole, _, count = measured(mask)
  assert count > 10
  monkeypatch.setattr(hulls, '_PAIRS', 50)
  parts, _, _ = measured(mask)
  np.testing.assert_array_equal(np.stack(parts), np.stack(whole))


def test_no_particle_no_hull():
  found, _, _ = measured(np.zeros((5, 5), bool))
  assert all(len(column) == 0 for column in found)


@pytest.mark.parametrize('runs_at_once', [1, 7, 100])
def test_some_at_a_time_are_all_at_once(monkeypatch, runs_at_once):
  rng = np.random.default_rng(1)
  noise = ndimage.gaussian_filter(rng.normal(size=(120, 120)), 2.0)
  whole, _, count = measured(noise > 0.05)
  assert count > 20
  monkeypatch.setattr(hulls, '_RUNS', runs_at_once)
  parts, _, _ = measured(noise > 0.05)
  for one, other in zip(whole, parts):
    np.testing.assert_array_equal(one, other)
