"""Intervals, against tables, closed forms and simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.intervals import Interval


@pytest.mark.parametrize(
  'count, low, high',
  # Garwood's table, as in Pearson and Hartley, Biometrika Tables, table 40.
  [(0, 0.0, 3.69), (1, 0.0253, 5.57), (10, 4.80, 18.39), (23, 14.58, 34.51)],
)
def test_poisson_intervals_are_garwoods(count, low, high):
  found = intervals.poisson_interval(count)
  assert found == pytest.approx((low, high), abs=0.006)


def test_ends_of_poisson_intervals_have_the_tails():
  low, high = intervals.poisson_interval(7, level=0.9)
  assert stats.poisson.sf(6, low) == pytest.approx(0.05)
  assert stats.poisson.cdf(7, high) == pytest.approx(0.05)


def test_clumps_are_poisson_in_their_own_unit():
  found = intervals.clumped_interval(30.0, 3.0)
  assert found == pytest.approx(
    [3 * end for end in intervals.poisson_interval(10)]
  )
  assert all(map(math.isnan, intervals.clumped_interval(math.nan, 1.0)))


def test_clumped_intervals_cover_sums_of_volumes():
  """2000 sums of a Poisson number of exponential volumes; nominal 95%, three
  binomial standard deviations are 1.5%; the tails are only approximated."""
  rng = np.random.default_rng(0)
  covered = 0
  for _ in range(2000):
    volumes = rng.exponential(5.0, size=rng.poisson(60))
    found = intervals.clumped_interval(
      volumes.sum(), (volumes**2).sum() / volumes.sum()
    )
    covered += found.low <= 300 <= found.high
  assert 0.92 <= covered / 2000 <= 0.97


def test_the_bootstrap_of_a_mean_is_normal():
  """For many values: mean +- 1.96 s / sqrt(n), to the noise of 2000 draws."""
  values = np.random.default_rng(0).gamma(4, 2, size=400)
  found = intervals.bootstrap_interval(values)
  half = stats.norm.isf(0.025) * values.std() / math.sqrt(400)
  assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
  assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_the_bootstrap_of_a_ratio_draws_both_together():
  values = np.stack([np.arange(1.0, 9), 2 * np.arange(1.0, 9)], axis=1)
  found = intervals.bootstrap_interval(values, lambda m: m[:, 0] / m[:, 1])
  assert found == pytest.approx((0.5, 0.5))


def test_bootstraps_are_functions_of_their_seed():
  values = np.arange(20.0)
  one, again, other = (
    intervals.bootstrap_interval(values, seed=s) for s in (3, 3, 4)
  )
  assert one == again != other


@pytest.mark.parametrize('values', [[], [3.0]])
def test_one_value_says_nothing_of_its_spread(values):
  found = intervals.bootstrap_interval(np.array(values))
  assert math.isnan(found.low) and math.isnan(found.high)


def test_propagation_of_thickness_alone():
  """A count known exactly, a thickness to 5%: exp(+- 1.96 * 0.05)."""
  found = intervals.propagate(2.0, Interval(2.0, 2.0), 0.05)
  factor = math.exp(1.959964 * 0.05)
  assert found == pytest.approx((2 / factor, 2 * factor))


def test_propagation_adds_in_quadrature():
  """Log half-widths of 3 and 4 units give 5."""
  unit = 0.05
  counted = Interval(10 * math.exp(-3 * unit), 10 * math.exp(3 * unit))
  found = intervals.propagate(10.0, counted, 4 * unit / 1.959964)
  assert found == pytest.approx(
    (10 * math.exp(-5 * unit), 10 * math.exp(5 * unit)), rel=1e-6
  )


def test_propagation_leaves_zero_and_unknown():
  found = intervals.propagate(0.0, Interval(0.0, 3.0), 0.1)
  assert found == pytest.approx((0.0, 3 * math.exp(0.1959964)))
  assert intervals.propagate(5.0, Interval(4, 6), 0.0) == (4, 6)
  assert math.isnan(intervals.propagate(math.nan, intervals.UNKNOWN, 0.1).high)


def test_products_add_in_quadrature():
  """Log half-widths of 3 and 4 units give 5, on either side for itself."""
  unit = 0.05

  def around(value, down, up):
    return Interval(value * math.exp(-down * unit), value * math.exp(up * unit))

  found = intervals.product_interval(
    10.0, around(10, 3, 6), 0.8, around(0.8, 4, 8)
  )
  assert found == pytest.approx(around(8.0, 5, 10), rel=1e-9)


def test_products_leave_zero_and_unknown():
  wide = Interval(0.5, 2.0)
  found = intervals.product_interval(0.0, Interval(0.0, 3.0), 1.0, wide)
  assert found == (0.0, 6.0)
  found = intervals.product_interval(1.0, Interval(0.0, 1.0), 1.0, wide)
  assert found == pytest.approx((0.0, 2.0))
  for pair in ((intervals.UNKNOWN, wide), (wide, intervals.UNKNOWN)):
    assert math.isnan(
      intervals.product_interval(1.0, pair[0], 1.0, pair[1]).low
    )


def test_powers():
  # Pixel size to 1% squared and thickness to 5%: sqrt(2^2 + 5^2) percent.
  found = intervals.product_uncertainty((-2, 0.01), (-1, 0.05))
  assert found == pytest.approx(math.sqrt(29) / 100)


@pytest.mark.parametrize('level', [0, 1, 95, math.nan])
def test_levels_are_between_0_and_1(level):
  with pytest.raises(InputError, match=f'level={level}'):
    intervals.poisson_interval(3, level=level)


def test_negative_uncertainties():
  with pytest.raises(InputError, match=r'relative uncertainty=-0\.1'):
    intervals.product_uncertainty((1, -0.1))
  with pytest.raises(InputError, match='count=-1'):
    intervals.poisson_interval(-1)
