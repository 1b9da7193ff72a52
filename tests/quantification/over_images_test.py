"""Means over images, by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from defectseg_jax.quantification import (
  QuantificationSettings,
  intervals,
  kind_of,
  measure,
  shared_uncertainty,
)
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


@pytest.mark.parametrize('last', [0.88, 0.1 + 0.78, 0.88 * (1 - 1e-15)])
def test_nor_do_numbers_that_are_equal_but_for_rounding(last):
  rows = [{'a': 0.88}, {'a': 0.88}, {'a': last}]
  found = statistics_over_images(rows, ['a'])['a']
  assert found['mean'] == pytest.approx(0.88) and found['std'] == 0.0
  assert math.isnan(found['low']) and math.isnan(found['high'])


def test_ratios_end_at_1_and_other_numbers_do_not():
  names = ('iu', 'precision', 'recall', 'expected_f1', 'density')
  rows = [dict.fromkeys(names, value) for value in (0.9, 0.95, 0.99)]
  found = statistics_over_images(rows, names)
  assert [found[name]['high'] for name in names[:4]] == [1.0] * 4
  assert found['density']['high'] > 1.05
  assert found['iu']['low'] == found['density']['low'] > 0
  # Of one image nothing is known.
  found = statistics_over_images(rows[:1], names)
  assert math.isnan(found['iu']['high'])


def test_what_all_images_share_does_not_average_out():
  rows = [{'a': value} for value in (9.0, 10.0, 11.0, 10.0) * 100]
  counting = statistics_over_images(rows, ['a'])['a']
  together = statistics_over_images(rows, ['a'], shared={'a': 0.2})['a']
  assert counting['high'] < 10.1
  # exp(1.96 * 0.2), as of a single image that is counted exactly.
  assert together['high'] == pytest.approx(10 * math.exp(0.392), rel=1e-3)
  assert together['low'] == pytest.approx(10 / math.exp(0.392), rel=1e-3)
  assert together['mean'] == counting['mean']


def particles_mask():
  mask = np.zeros((200, 200), bool)
  for row in range(20, 190, 40):
    for column in range(20, 190, 40):
      mask[row : row + 6 + row % 7, column : column + 8 + column % 5] = True
  return mask


def lines_mask():
  mask = np.zeros((200, 200), bool)
  mask[:, 30:33] = mask[:, 95:98] = mask[:, 140:143] = True
  mask[50:53] = mask[120:123] = True
  return mask


@pytest.mark.parametrize(
  ('defect', 'mask'),
  [('voids', particles_mask()), ('dislocations', lines_mask())],
)
def test_one_image_is_widened_by_the_same_powers(defect, mask):
  scale = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}
  known = QuantificationSettings()
  guessed = QuantificationSettings(
    thickness_uncertainty=0.2,
    pixel_size_uncertainty=0.05,
    projection_uncertainty=0.1 if defect == 'dislocations' else 0.0,
  )
  of_counting, of_all = (
    measure(mask, defect, settings=settings, **scale).summary
    for settings in (known, guessed)
  )
  compared = 0
  for name in kind_of(defect).headlines:
    if f'{name}_low' not in of_all:
      continue
    value = of_counting[name]
    ends = of_counting[f'{name}_low'], of_counting[f'{name}_high']
    expected = intervals.propagate(
      value, intervals.Interval(*ends), shared_uncertainty(name, guessed)
    )
    found = of_all[f'{name}_low'], of_all[f'{name}_high']
    # Swelling is V / (A t - V): its power of V is a little above 1.
    rel = 0.1 if name == 'swelling' else 1e-9
    assert found == pytest.approx(tuple(expected), rel=rel), name
    compared += 1
  assert compared >= 4
