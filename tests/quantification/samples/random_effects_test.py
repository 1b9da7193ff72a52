"""A sample's number against closed forms, other formulas, and simulation."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from defectseg_jax.quantification.intervals import poisson_interval, propagate
from defectseg_jax.quantification.samples.random_effects import (
  counting_variances,
  pool_images,
)


def highs(counts):
  return np.array([poisson_interval(count).high for count in counts])


def pool_counts(counts, volumes, **more):
  counts, volumes = np.array(counts, float), np.array(volumes, float)
  return pool_images(counts / volumes, highs(counts) / volumes, volumes, **more)


def test_counts_that_differ_by_counting_are_the_total_over_the_total():
  found = pool_counts([4, 11, 16], [1.0, 2.0, 3.0])
  assert found.value == pytest.approx(31 / 6)
  assert found.between == 0
  # The exact interval of 31 counted, by chi2.
  low, high = stats.chi2.ppf(0.025, 62) / 2, stats.chi2.ppf(0.975, 64) / 2
  assert found.interval == pytest.approx((low / 6, high / 6), rel=1e-6)
  assert math.isinf(found.degrees)
  assert found.error == pytest.approx(math.sqrt(31) / 6)


def test_images_that_differ_by_far_have_students_interval():
  values = [3.0, 9.0, 4.0, 12.0, 7.0]
  # So many objects that counting is nothing.
  counts = 1e8 * np.array(values)
  found = pool_counts(counts, np.full(5, 1e8))
  low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
  assert found.value == pytest.approx(np.mean(values), rel=1e-6)
  assert found.interval == pytest.approx((low, high), rel=1e-5)
  assert found.between == pytest.approx(np.std(values, ddof=1), rel=1e-5)
  assert found.degrees == 4


def test_without_any_interval_images_weigh_alike():
  values = np.array([3.0, 9.0, 4.0])
  found = pool_images(values, np.full(3, np.nan), np.array([1.0, 5.0, 2.0]))
  low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
  assert found.interval == pytest.approx((max(low, 0), high))


def test_between_images_is_paule_and_mandels():
  counts, volumes = np.array([20, 70, 31, 55]), np.array([1.0, 2.0, 1.5, 1.0])
  values, mean_rate = counts / volumes, counts.sum() / volumes.sum()

  def excess(tau2):
    weights = 1 / (mean_rate / volumes + tau2)
    mean = (weights * values).sum() / weights.sum()
    return (weights * (values - mean) ** 2).sum() - 3

  tau2 = optimize.brentq(excess, 0, 1e4)
  weights = 1 / (mean_rate / volumes + tau2)
  found = pool_counts(counts, volumes)
  assert found.between == pytest.approx(math.sqrt(tau2))
  assert found.value == pytest.approx(np.average(values, weights=weights))
  # With this variance the one of Hartung and Knapp is 1 / sum of weights.
  assert found.error == pytest.approx(weights.sum() ** -0.5)


@pytest.mark.parametrize('count', [1, 2, 7, 250, 90_000])
def test_an_exact_interval_tells_its_count(count):
  [variance] = counting_variances([count], highs([count]))
  assert variance == pytest.approx(count, rel=1e-6)


def test_what_is_shared_is_taken_out():
  counts = np.array([8.0, 19.0])
  shared = 0.2
  wide = [propagate(one, poisson_interval(one), shared).high for one in counts]
  assert counting_variances(counts, wide, shared=shared) == pytest.approx(
    counts, rel=1e-6
  )
  assert pool_images(counts, np.array(wide), np.ones(2), shared=shared) == (
    pytest.approx(pool_counts(counts, [1, 1]))
  )


def test_nothing_in_all_images_is_nothing_counted_in_their_volume():
  found = pool_counts([0, 0, 0], [1.0, 2.0, 5.0])
  assert found.value == 0
  assert found.interval == pytest.approx((0, -math.log(0.025) / 8))


def test_an_image_without_a_number_is_not_in_it():
  values = np.array([5.0, np.nan, 5.0])
  found = pool_images(values, highs([5, 5, 5]), np.array([1.0, 1.0, np.nan]))
  assert found.images == 1 and found.value == 5
  assert math.isnan(found.between)
  assert found.interval == pytest.approx(poisson_interval(5), rel=1e-6)
  nothing = pool_images(np.array([np.nan]), np.array([1.0]), np.ones(1))
  assert nothing.images == 0 and math.isnan(nothing.value)


@pytest.mark.parametrize('between', [0.0, 0.3])
def test_intervals_hold_the_truth(between):
  """Five foils each; the benchmark has more kinds of samples."""
  rng, truth, held = np.random.default_rng(5), 20.0, 0
  for _ in range(200):
    volumes = rng.uniform(0.3, 2, 5)
    rates = truth * np.exp(rng.normal(-(between**2) / 2, between, 5))
    low, high = pool_counts(rng.poisson(rates * volumes), volumes).interval
    held += low <= truth <= high
  assert 0.88 * 200 <= held <= 0.995 * 200
