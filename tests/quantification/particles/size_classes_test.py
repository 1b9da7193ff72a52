"""Objects of a development set, counted by size."""

import numpy as np
import pytest
from scipy import stats

from defectseg_jax.quantification.particles.size_classes import (
  MatchedSizes,
  count_by_size,
)


def region(sizes_px, found, predicted_px=(), real=()):
  return MatchedSizes(
    np.array(sizes_px, float),
    np.array(found, bool),
    np.array(predicted_px, float),
    np.array(real, bool),
  )


def test_each_class_has_enough_objects_by_hand():
  # 20 of 3 px, 5 of 5 px, 30 of 10 px, 3 of 20 px: the 5 wait for the next, and
  # the 3 are too few for a class.
  sizes = [3.0] * 20 + [5.0] * 5 + [10.0] * 30 + [20.0] * 3
  found = [True] * 5 + [False] * 15 + [True] * 5 + [True] * 27 + [False] * 6
  counts = count_by_size(
    [region(sizes, found, [1.0, 3.0, 10.0, 500.0], [0, 1, 1, 0])]
  )
  np.testing.assert_allclose(counts.edges_px, [2.828427, 4, 22.627417])
  assert counts.found.tolist() == [5, 32]
  assert counts.missed.tolist() == [15, 6]
  # What is smaller or larger than all of the truth is in the outer classes.
  assert counts.real.tolist() == [1, 1]
  assert counts.invented.tolist() == [1, 1]


def test_all_objects_are_counted_once():
  rng = np.random.default_rng(0)
  regions = [
    region(
      sizes := 1.2 + rng.lognormal(2, 1, 40),
      rng.uniform(size=40) < 0.6,
      sizes,
      rng.uniform(size=40) < 0.9,
    )
    for _ in range(5)
  ]
  counts = count_by_size(regions)
  assert counts.found.sum() == sum(one.found.sum() for one in regions)
  assert counts.found.sum() + counts.missed.sum() == 200
  assert counts.real.sum() + counts.invented.sum() == 200
  assert (counts.found + counts.missed >= 20).all()


def test_few_objects_are_one_class_and_none_are_nothing():
  counts = count_by_size([region([4.5, 60.0], [True, False])])
  assert (counts.found, counts.missed) == (1, 1)
  assert count_by_size([region([], [], [5.0], [False])]) is None
  assert count_by_size([]) is None


@pytest.mark.parametrize(
  ('each', 'effect'),
  [
    # Of every micrograph the same half: no more than binomial.
    ([10] * 8, 1.0),
    # All or nothing: 20 objects tell as much as one.
    ([0, 20] * 4, 20 * 8 / 7),
  ],
)
def test_objects_of_a_micrograph_that_are_found_together_tell_less(
  each, effect
):
  counts = count_by_size(
    [region([8.0] * 20, np.arange(20) < found) for found in each]
  )
  assert counts.curve[0, 0] == 0.5
  assert counts.design_effect == pytest.approx(effect)
  # As of fewer objects.
  half = 80 / effect + 0.5
  np.testing.assert_allclose(
    counts.curve[0, 1:], stats.beta(half, half).ppf([0.025, 0.975])
  )
