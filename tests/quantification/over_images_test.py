"""Means over images, by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from defectseg_jax.quantification.over_images import statistics_over_images


def test_the_interval_is_students():
  values = [4.0, 6.0, 5.0, 7.0]
  found = statistics_over_images([{'density': v} for v in values], ['density'])[
    'density'
  ]
  expected = stats.t.interval(
    0.95, 3, loc=5.5, scale=np.std(values, ddof=1) / 2
  )
  assert (found['low'], found['high']) == pytest.approx(expected)
  assert found['images'] == 4 and found['mean'] == 5.5
  assert found['std'] == pytest.approx(math.sqrt(5 / 3))


def test_one_image_and_none():
  rows = [{'a': 2.0, 'b': math.nan}]
  found = statistics_over_images(rows, ['a', 'b'])
  assert found['a']['mean'] == 2.0
  assert all(math.isnan(found['a'][key]) for key in ('std', 'low', 'high'))
  assert found['b']['images'] == 0 and math.isnan(found['b']['mean'])


def test_what_is_not_known_is_left_out_and_nothing_is_below_0():
  rows = [{'a': 1.0}, {'a': math.nan}, {'a': 9.0}]
  found = statistics_over_images(rows, ['a'])['a']
  assert (found['images'], found['mean'], found['low']) == (2, 5.0, 0.0)
  assert found['high'] > 9


def test_equal_numbers_do_not_show_that_all_are_equal():
  found = statistics_over_images([{'a': 0.0}, {'a': 0.0}, {'a': 0.0}], ['a'])[
    'a'
  ]
  assert (found['images'], found['mean'], found['std']) == (3, 0.0, 0.0)
  assert math.isnan(found['low']) and math.isnan(found['high'])


def test_ratios_end_at_1_and_other_numbers_do_not():
  names = ('iu', 'precision', 'recall', 'density')
  rows = [dict.fromkeys(names, value) for value in (0.9, 0.95, 0.99)]
  found = statistics_over_images(rows, names)
  assert [found[name]['high'] for name in names[:3]] == [1.0] * 3
  assert found['density']['high'] > 1.05
  assert found['iu']['low'] == found['density']['low'] > 0
  # Of one image nothing is known.
  found = statistics_over_images(rows[:1], names)
  assert math.isnan(found['iu']['high'])
