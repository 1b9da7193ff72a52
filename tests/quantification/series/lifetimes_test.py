"""Lifetimes, against the definition and a published example."""

import math

import numpy as np
import pytest

from defectseg_jax.quantification.series.lifetimes import (
  kaplan_meier,
  median_lifetime,
)

# Weeks of remission under 6-MP, Freireich et al. (1963), as in every textbook;
# + is what was not followed further.
REMISSION = '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+'
REMISSION += ' 35+'


def test_the_textbook_example():
  texts = REMISSION.split()
  steps = kaplan_meier(
    [float(one.rstrip('+')) for one in texts],
    [not one.endswith('+') for one in texts],
  )
  assert [(one.time, one.at_risk, one.ended) for one in steps] == [
    *((6, 21, 3), (7, 17, 1), (10, 15, 1), (13, 12, 1), (16, 11, 1)),
    *((22, 7, 1), (23, 6, 1)),
  ]
  assert [round(one.lasting, 3) for one in steps] == [
    *(0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448),
  ]
  # The published interval of log(-log) at 10 weeks.
  assert (steps[2].low, steps[2].high) == pytest.approx(
    (0.503, 0.889), abs=1e-3
  )
  assert median_lifetime(steps) == 23


def test_without_censoring_it_is_the_part_that_is_left():
  lifetimes = np.random.default_rng(0).integers(1, 9, 50)
  for step in kaplan_meier(lifetimes.tolist(), [True] * 50):
    assert step.lasting == pytest.approx((lifetimes > step.time).mean())


def test_where_most_outlast_the_series_there_is_no_median():
  steps = kaplan_meier([1, 5, 5, 5], [True, False, False, False])
  assert math.isnan(median_lifetime(steps))
  assert kaplan_meier([], []) == []
