"""Differences of samples, Holm's p, and images to halve an interval."""

import math

import numpy as np
import pytest
from scipy import stats

from defectseg_jax.quantification.intervals import Interval
from defectseg_jax.quantification.samples.comparison import differences, holm
from defectseg_jax.quantification.samples.planning import (
  half_width,
  images_to_halve,
)
from defectseg_jax.quantification.samples.random_effects import pool_images
from defectseg_jax.quantification.samples.sizes import size_classes

A = np.array([3.0, 9.0, 4.0, 12.0, 7.0])
B = np.array([14.0, 11.0, 19.0, 21.0])


def plain(values):
  """Of images whose counting is not known: means and standard errors."""
  return pool_images(values, np.full(len(values), np.nan), np.ones(len(values)))


def test_the_difference_is_welchs():
  [found] = differences({'a': plain(A), 'b': plain(B)})
  welch = stats.ttest_ind(B, A, equal_var=False)
  assert found.difference_interval == pytest.approx(
    tuple(welch.confidence_interval())
  )
  assert found.difference == pytest.approx(B.mean() - A.mean())


def test_the_ratio_is_welchs_by_logarithms():
  [found] = differences({'a': plain(A), 'b': plain(B)})
  errors = np.array([stats.sem(one) / one.mean() for one in (A, B)])
  degrees = (errors**2).sum() ** 2 / (errors**4 / [4, 3]).sum()
  t = math.log(B.mean() / A.mean()) / math.hypot(*errors)
  assert found.p == pytest.approx(2 * stats.t.sf(t, degrees))
  # p and the interval say the same.
  edge = math.log(found.ratio / found.ratio_interval.low)
  assert edge == pytest.approx(
    stats.t.ppf(0.975, degrees) * math.hypot(*errors)
  )


def test_a_shared_factor_widens_differences_alone():
  both = {'a': plain(A), 'b': plain(B)}
  [exact], [unsure] = differences(both), differences(both, shared=0.2)
  assert unsure.p == exact.p
  assert unsure.ratio_interval == exact.ratio_interval
  half = (exact.difference_interval.high - exact.difference_interval.low) / 2
  wider = math.hypot(half, 1.959964 * 0.2 * exact.difference)
  assert unsure.difference_interval.high == pytest.approx(
    exact.difference + wider
  )


def test_holm_as_by_hand():
  # 0.01 * 4, 0.02 * 3, then 0.03 * 2 and 0.04 not below those before.
  assert holm([0.04, 0.01, math.nan, 0.03, 0.02]) == pytest.approx(
    [0.06, 0.04, math.nan, 0.06, 0.06], nan_ok=True
  )
  assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_equal_samples_seldom_differ():
  rng, called = np.random.default_rng(3), 0
  for _ in range(200):
    a, b = (
      pool_images(
        counts := rng.poisson(30 * np.exp(rng.normal(0, 0.2, 5))).astype(float),
        stats.chi2.ppf(0.975, 2 * counts + 2) / 2,
        np.ones(5),
      )
      for _ in range(2)
    )
    called += differences({'a': a, 'b': b})[0].p < 0.05
  assert called <= 0.07 * 200


def test_a_sample_without_objects_is_compared_all_the_same():
  def counted(*counts):
    counts = np.array(counts, float)
    return pool_images(
      counts, stats.chi2.ppf(0.975, 2 * counts + 2) / 2, np.ones(len(counts))
    )

  [found] = differences(
    {'none': counted(0, 0), 'many': counted(30, 34, 32, 33)}
  )
  assert found.p < 0.001 and math.isnan(found.ratio)
  assert found.difference_interval.low > 0


def test_so_many_more_images_halve_the_interval():
  found = plain(A)
  more = images_to_halve(found)
  now, then, before = (
    half_width(found, 5 + n, shared=0) for n in (0, more, more - 1)
  )
  assert now == pytest.approx(found.interval.high - found.value)
  assert then <= now / 2 < before
  # By hand: t(4) / sqrt(5) = 1.2416, and t(n - 1) / sqrt(n) is half of it
  # from 13 images on: 0.6043; of 12 it is 0.6354.
  assert more == 8
  # A tenth that all share is less than half of what there is; a half is not.
  assert images_to_halve(found, shared=0.1) > more
  assert images_to_halve(found, shared=0.5) is None
  assert images_to_halve(plain(A[:1])) is None


def test_images_of_few_objects_are_halved_by_four_times_as_many():
  counts = np.array([9.0, 10.0, 11.0] * 4)
  found = pool_images(
    counts, stats.chi2.ppf(0.975, 2 * counts + 2) / 2, np.ones(12)
  )
  # 3 times 12 more, or a little more for Student's t and an exact interval.
  assert 36 <= images_to_halve(found) <= 39


def test_sizes_of_a_person_have_nothing_behind_them():
  [one, two] = size_classes(
    np.array([1.0, 2.0, 2.5]), np.array([1, 2, 3]), None
  )
  assert (one.found, two.found) == (1, 2)
  assert math.isnan(one.missed_too)
  assert isinstance(plain(A).interval, Interval)
