"""One click: discs of known outline, and a path found by trying all."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file

from defectseg_jax.review import growing, outline_network, polar
from defectseg_jax.review.layers import part

SIDE_PX = 160


def disc(row: float, column: float, radius: float) -> np.ndarray:
  """bool [SIDE_PX, SIDE_PX]."""
  rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX] + 0.5
  return np.hypot(rows - row, columns - column) < radius


def image(*discs: np.ndarray, contrast: float = 40.0) -> np.ndarray:
  """Grey, with noise of a quarter of the contrast."""
  noise = np.random.default_rng(0).normal(100, 10, (SIDE_PX, SIDE_PX))
  return (noise + contrast * np.any(discs, axis=0)).astype(np.float32)


def grow(pixels, point, ids=None, probabilities=None) -> np.ndarray:
  """What a click grows, on the whole image."""
  ids = np.zeros(pixels.shape, np.int32) if ids is None else ids
  box, inside = growing.grow_object(pixels, probabilities, ids, point)
  grown = np.zeros(pixels.shape, bool)
  grown[part(box)] = inside
  return grown


def shared(one: np.ndarray, other: np.ndarray) -> float:
  """Of the union."""
  return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize('contrast', [40.0, -40.0])
@pytest.mark.parametrize('radius', [5.0, 9.0, 20.0, 45.0])
def test_a_disc_grows_from_a_click_beside_its_middle(radius, contrast):
  there = disc(80, 75, radius)
  grown = grow(
    image(there, contrast=contrast), (80 + radius / 3, 75 - radius / 3)
  )
  assert shared(grown, there) > 0.75


def test_what_the_side_of_the_image_cuts_grows_up_to_it():
  there = disc(4, 75, 15)
  assert shared(grow(image(there), (5.5, 77.5)), there) > 0.7


def test_what_is_outlined_already_is_left_out():
  there, other = disc(80, 70, 14), disc(80, 98, 15)
  pixels = image(there, other)
  grown = grow(pixels, (80.5, 68.5), other.astype(np.int32))
  assert shared(grown & ~other, there & ~other) > 0.7


def test_a_map_tells_where_an_object_is_that_the_image_hardly_shows():
  there = disc(80, 75, 12)
  pixels = image(there, contrast=2.0)
  belief = np.where(there, 0.4, 0.02).astype(np.float32)
  assert shared(grow(pixels, (82.5, 77.5), None, belief), there) > 0.7


def test_grey_values_count_by_what_is_around_alone():
  """The same outline, whatever the camera's gain and offset."""
  pixels = image(disc(80, 75, 12))
  np.testing.assert_array_equal(
    grow(pixels, (83.5, 75.5)), grow(8 * pixels + 1000, (83.5, 75.5))
  )


def test_an_image_on_its_side_gives_the_object_on_its_side():
  pixels = image(disc(80, 75, 12))
  grown = grow(pixels, (83.5, 75.5))
  turned = grow(np.rot90(pixels).copy(), (SIDE_PX - 75.5, 83.5))
  assert shared(np.rot90(grown), turned) > 0.95


def test_an_image_that_shows_nothing_gives_an_outline_all_the_same():
  assert grow(np.full((40, 50), 7.0, np.float32), (3.5, 48.5)).any()


def test_weights_are_those_that_the_network_asks_for():
  stored = load_file(growing.WEIGHTS)
  shapes = {name: one.shape for name, one in stored.items()}
  assert shapes == outline_network.weight_shapes()


def test_numpy_and_jax_give_the_same_logits():
  rng = np.random.default_rng(1)
  weights = {
    name: rng.normal(0, 0.2, shape).astype(np.float32)
    for name, shape in outline_network.weight_shapes().items()
  }
  maps = rng.random((3, 2, polar.ANGLES, polar.SAMPLES), np.float32)
  seen = outline_network.features(*maps)
  found = outline_network.logits(weights, seen)
  assert isinstance(found, np.ndarray)
  np.testing.assert_allclose(
    found, outline_network.logits(weights, jnp.asarray(seen)), atol=1e-3
  )


def test_the_closed_path_is_the_best_of_all():
  """All paths of six angles whose steps are allowed, each summed up."""
  gains = np.random.default_rng(2).normal(size=(6, 4))
  # So clear that going round twice changes nothing.
  gains[2, 1] += 20

  def total(path: tuple[int, ...]) -> float:
    changes = np.abs(np.diff(path, append=path[0]))
    if changes.max() > growing.MOST_CHANGE:
      return -np.inf
    return gains[range(6), path].sum() - growing.STIFFNESS * changes.sum()

  best = max(itertools.product(range(4), repeat=6), key=total)
  np.testing.assert_array_equal(growing.closed_path(gains), best)


def test_the_polar_image_of_a_slope_is_its_value_at_each_place():
  slope = np.mgrid[:SIDE_PX, :SIDE_PX][0].astype(np.float32) + 0.5
  found = polar.log_polar(polar.sharp(slope), (80.0, 75.0))
  at = polar.corners((80.0, 75.0), np.full(polar.ANGLES, polar.RADII_PX[30]))
  np.testing.assert_allclose(found[:, 30], at[:, 0], atol=0.1)
