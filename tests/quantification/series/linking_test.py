"""Links, against all ways to pair a few objects."""

import itertools
import math

import numpy as np
import pytest

from defectseg_jax.quantification.series import linking
from defectseg_jax.quantification.series.linking import Positions, link_objects


def positions(random, count, spread=14):
  return Positions(
    random.uniform(0, spread, (count, 2)), random.uniform(8, 12, count)
  )


def cheapest(before, after):
  """The most that any set of pairs is cheaper than none."""

  def gain(i, j):
    gate = max(4.0, before.diameters_px[i] / 2)
    away = math.dist(before.places_px[i], after.places_px[j])
    ratio = math.log2(after.diameters_px[j] / before.diameters_px[i])
    allowed = away <= gate
    return max(0.0, 2 - (away / gate) ** 2 - ratio**2) if allowed else 0.0

  wide = list(range(len(after.diameters_px))) + [None] * len(
    before.diameters_px
  )
  best = max(
    sum(gain(i, j) for i, j in enumerate(order) if j is not None)
    for order in itertools.permutations(wide, len(before.diameters_px))
  )
  return best, gain


@pytest.mark.parametrize('seed', range(6))
def test_no_pairs_are_cheaper(seed):
  random = np.random.default_rng(seed)
  before, after = positions(random, 4), positions(random, 3)
  best, gain = cheapest(before, after)
  links = link_objects(before, after)
  assert len(set(links[:, 0])) == len(set(links[:, 1])) == len(links)
  assert sum(gain(i, j) for i, j in links) == pytest.approx(best)


def test_nothing_is_linked_with_nothing():
  none = Positions(np.zeros((0, 2)), np.zeros(0))
  one = Positions(np.zeros((1, 2)), np.ones(1))
  for pair in ((none, one), (one, none), (none, none)):
    assert link_objects(*pair).shape == (0, 2)


def test_what_is_too_far_or_of_another_size_is_another():
  one = Positions(np.array([[50.0, 50]]), np.array([20.0]))
  far = Positions(np.array([[50.0, 61]]), np.array([20.0]))
  large = Positions(np.array([[50.0, 50]]), np.array([60.0]))
  assert not len(link_objects(one, far))
  assert not len(link_objects(one, large))


def test_one_that_was_seen_just_now_goes_before_one_that_was_missed():
  places, sizes = np.array([[0.0, 0], [0, 2]]), np.array([8.0, 8])
  seen = Positions(places, sizes, np.array([2, 0]))
  assert link_objects(
    seen, Positions(np.array([[0.0, 1]]), sizes[:1])
  ).tolist() == [[1, 0]]
  assert linking.link_objects(
    seen._replace(missed=None), Positions(np.array([[0.0, 0.9]]), sizes[:1])
  ).tolist() == [[0, 0]]
