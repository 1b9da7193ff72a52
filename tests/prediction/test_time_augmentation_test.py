"""The average over orientations, by functions whose average is known."""

import numpy as np
import pytest

from defectseg_jax.prediction.test_time_augmentation import (
  average_over_orientations,
)


@pytest.fixture
def tiles():
  return np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype(np.float32)


def test_what_knows_no_direction_stays_as_it_is(tiles):
  found = average_over_orientations(lambda x: x**2)(tiles)
  np.testing.assert_allclose(found, tiles**2, rtol=1e-6)
  assert found.dtype == np.float32


def test_a_shift_is_averaged_over_all_directions(tiles):
  """A shift to the right by one becomes one in each of four directions."""
  found = average_over_orientations(lambda x: np.roll(x, 1, axis=2))(tiles)
  expected = sum(
    np.roll(tiles, step, axis) for axis in (1, 2) for step in (-1, 1)
  )
  np.testing.assert_allclose(found, expected / 4, rtol=1e-5, atol=1e-6)


def test_each_orientation_is_asked_for_once(tiles):
  asked = []
  average_over_orientations(lambda x: asked.append(x.copy()) or x)(tiles)
  assert len(asked) == 8
  assert len({x.tobytes() for x in asked}) == 8
