"""Probability of detection against size."""

import math

import numpy as np
import pytest
from scipy import stats

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.quantification.particles.size_classes import (
  MatchedSizes,
  count_by_size,
)

EDGES = [4.0, 8.0, 16.0, 32.0]


def by_size(found, missed, **more):
  rest = np.ones(len(found))
  return DetectionBySize(
    np.array(EDGES), *map(np.array, (found, missed)), rest, rest, **more
  )


CURVE = by_size([10, 60, 95], [90, 40, 5])


def test_the_interval_is_that_of_jeffreys():
  expected = stats.beta(60.5, 40.5).ppf([0.025, 0.975])
  np.testing.assert_allclose(CURVE.curve[1, 1:], expected)
  one_sided = by_size([0, 60, 20], [30, 40, 0]).curve
  assert one_sided[0, :2].tolist() == [0, 0]
  assert one_sided[2, [0, 2]].tolist() == [1, 1]
  # Twice as many that are found together say no more.
  clumped = by_size([20, 120, 190], [180, 80, 10], design_effect=2.0)
  np.testing.assert_allclose(clumped.curve, CURVE.curve)


def test_the_curve_between_and_beyond_the_classes():
  found = CURVE.probability([3.9, 4.0, math.sqrt(32), 8.0, 32.0, 33.0])
  # Straight over the logarithm, from the middle of one class to the next.
  np.testing.assert_allclose(found[1:5, 0], [0.1, 0.1, 0.35, 0.95])
  assert np.isnan(found[[0, 5]]).all()
  assert (found[1:5, 1] < found[1:5, 0]).all()
  assert (found[1:5, 0] < found[1:5, 2]).all()


def test_from_which_size_on_half_is_found_by_hand():
  middles = np.log(np.sqrt([32.0, 128.0, 512.0]))
  half = CURVE.found_from(0.5)
  share = (0.5 - 0.1) / (0.6 - 0.1)
  expected = math.exp(middles[0] + share * (middles[1] - middles[0]))
  assert half.value == pytest.approx(expected)
  assert half.low < half.value < half.high
  assert CURVE.probability([half.value])[0, 0] == pytest.approx(0.5)
  most = CURVE.found_from(0.9)
  assert most.value > half.high
  # The lower end of the interval of the best class is 0.90.
  assert math.isnan(CURVE.found_from(0.97).value)
  assert math.isnan(CURVE.found_from(0.92).high)
  # All classes are found so well: from the smallest that there was.
  assert CURVE.found_from(0.05).value == 4.0


def test_large_objects_that_are_missed_do_not_hide_the_small_ones():
  found = by_size([10, 95, 2], [90, 5, 18])
  assert 4 < found.found_from(0.5).value < 8


def test_a_curve_that_dips_is_followed_from_its_best_class():
  """One lucky class of small objects is no sign that they are found."""
  found = by_size([60, 30, 90], [40, 70, 10])
  assert 11 < found.found_from(0.5).value < 22


def test_an_image_at_another_scale():
  half = CURVE.found_from(0.5).value
  reduced = CURVE.at_zooms((0.5,))
  assert reduced.found_from(0.5).value == pytest.approx(2 * half)
  np.testing.assert_allclose(
    reduced.probability([20.0]), CURVE.probability([10.0])
  )
  # Of several scales the finest at which the size is known.
  several = CURVE.at_zooms((0.25, 1.0))
  assert several.found_from(0.5).value == half
  np.testing.assert_allclose(
    several.probability([10.0, 100.0]), CURVE.probability([10.0, 25.0])
  )
  assert np.isnan(several.probability([200.0])).all()
  # Nothing was found at any scale.
  assert CURVE.at_zooms(()).found_from(0.5).value == half


def test_how_many_stand_behind_one():
  value, low, high = CURVE.stands_for(np.array([math.sqrt(128)]))[0]
  probability, least, most = CURVE.curve[1]
  assert (value, low, high) == (1 / probability, 1 / most, 1 / least)
  few = by_size([5, 60, 95], [95, 40, 5])
  # Where one in twenty is found, it does not say how many there are.
  assert np.isnan(few.stands_for(np.array([4.5, 3.0]))).all()


def test_intervals_cover():
  """Micrographs differ in how well their objects are seen."""
  rng = np.random.default_rng(0)
  held = total = 0
  for _ in range(200):
    regions = []
    for _ in range(20):
      sizes = np.exp(rng.uniform(math.log(4), math.log(32), 25))
      # By a logit that is the micrograph's own; its mean probability is 1 / 2.
      share = 1 / (1 + math.exp(-rng.normal(0, 1.5)))
      found = rng.uniform(size=25) < share
      regions.append(MatchedSizes(sizes, found, sizes, found))
    curve = count_by_size(regions).curve
    held += np.count_nonzero((curve[:, 1] <= 0.5) & (curve[:, 2] >= 0.5))
    total += len(curve)
  assert 0.9 < held / total < 0.99


@pytest.mark.parametrize(
  'wrong',
  [
    {'found': np.array([1.0, 2.0])},
    {'edges_px': np.array([4.0, 16.0, 8.0, 32.0])},
    {'missed': np.array([-1.0, 1, 1])},
    {'design_effect': 0.5},
    {'design_effect': math.nan},
    {'edges_px': np.array([4.0])},
  ],
)
def test_what_does_not_fit_together_is_refused(wrong):
  fields = {
    'edges_px': np.array(EDGES),
    **{n: np.ones(3) for n in ('found', 'missed', 'real', 'invented')},
  }
  with pytest.raises(InputError, match='detection by size'):
    DetectionBySize(**{**fields, **wrong})
