import dataclasses
import math

import numpy as np
import pytest

from defectseg_jax.applicability.verdict import Applies, Expected, Verdict
from defectseg_jax.applicability.widening import (
  shared_by_network,
  widen,
  with_verdict,
)
from defectseg_jax.quantification import Interval, measure


def verdict(applies=Applies.YES, **truths):
  return Verdict(applies, 'F1 of 0.8', Expected(0.8, 0.6, 0.9), truths)


def found():
  mask = np.zeros((100, 100), bool)
  for row in range(5, 95, 20):
    for column in range(5, 95, 20):
      mask[row : row + 6 + column // 40, column : column + 7] = True
  return measure(mask, 'voids', pixel_size_nm=1.0, thickness_nm=100.0)


def test_errors_of_the_network_widen_the_interval_of_counting():
  before = found()
  after = with_verdict(
    before,
    verdict(number_density_per_m3=Expected(1.1, 0.8, 1.5)),
  )
  for end in ('low', 'high'):
    name = f'number_density_per_m3_{end}'
    kept = f'number_density_per_m3_counting_{end}'
    assert after.summary[kept] == before.summary[name]
  low, high = (
    after.summary[f'number_density_per_m3_{end}'] for end in ('low', 'high')
  )
  counting = (
    before.summary[f'number_density_per_m3_{end}'] for end in ('low', 'high')
  )
  value = before.summary['number_density_per_m3']
  down, up = (abs(math.log(one / value)) for one in counting)
  assert math.log(high / value) == pytest.approx(
    math.log(1.1) + math.hypot(up, math.log(1.5 / 1.1))
  )
  assert math.log(low / value) == pytest.approx(
    math.log(1.1) - math.hypot(down, math.log(1.1 / 0.8))
  )
  # What the references do not tell of stays as it was.
  for end in ('low', 'high'):
    name = f'diameter_mean_nm_{end}'
    assert after.summary[name] == before.summary[name]
  assert after.summary['expected_f1'] == 0.8
  [warning] = after.warnings
  assert warning.name == 'interval_of_counting'
  assert 'diameter_mean_nm' in warning.message
  assert 'number_density_per_m3' not in warning.message


def test_a_fraction_ends_at_all_of_the_specimen():
  name = 'area_fraction'
  before = found()
  value = before.summary[name]
  # More than there is of both.
  more = Expected(1.0, 0.5, 1000.0)
  after = with_verdict(before, verdict(area_fraction=more, swelling=more))
  assert (
    after.summary[f'{name}_low'] < value < 1 == after.summary[f'{name}_high']
  )
  assert after.summary['swelling_high'] > 1


def test_what_may_be_none_begins_at_nothing():
  """What was found may be of something else; nobody knows a diameter then."""
  density = 'number_density_per_m3'
  doubtful = dataclasses.replace(
    verdict(Applies.CHECK, **{density: Expected(1.1, 0.8, 1.5)}),
    may_be_none=frozenset([density]),
  )
  before = found()
  summary = with_verdict(before, doubtful).summary
  sure = dataclasses.replace(doubtful, may_be_none=frozenset())
  kept = with_verdict(before, sure).summary
  assert summary[f'{density}_low'] == 0 < kept[f'{density}_low']
  changed = {name for name in kept if summary[name] != kept[name]}
  assert {name for name in changed if not math.isnan(kept[name])} == {
    f'{density}_low'
  }
  # Without a thickness there is no such number, and none of its ends.
  mask = np.eye(50, dtype=bool)
  unknown = measure(mask, 'voids', pixel_size_nm=1.0, thickness_nm=None)
  assert math.isnan(with_verdict(unknown, doubtful).summary[f'{density}_low'])


def test_an_interval_holds_what_was_found_and_may_begin_at_nothing():
  counting = Interval(90.0, 110.0)
  low, high = widen(100.0, counting, Expected(2.0, 1.8, 2.2))
  assert low == 100.0 and high > 200
  assert widen(100.0, counting, Expected(0.9, 0.0, 1.1)).low == 0
  # Of nothing, too: twice as much may be there as would be found.
  assert widen(0.0, Interval(0.0, 3.7), Expected(1.0, 0.5, 2.0)) == (0.0, 7.4)
  unknown = widen(5.0, Interval(math.nan, math.nan), Expected(1.0, 0.5, 2.0))
  assert math.isnan(unknown.high)


def test_where_the_network_does_not_apply_there_are_no_numbers():
  before = found()
  after = with_verdict(before, verdict(Applies.NO))
  assert math.isnan(after.summary['number_density_per_m3'])
  assert math.isnan(after.summary['count'])
  assert after.summary['expected_f1'] == 0.8
  assert not after.counted.any()
  assert not len(after.sizes_nm) and not len(after.sizes_px)
  np.testing.assert_array_equal(after.labels, before.labels)
  [warning] = after.warnings
  assert warning.name == 'network_does_not_apply'
  assert '--include' in warning.message
  included = with_verdict(before, verdict(Applies.NO), include=True)
  assert included.summary['count'] == before.summary['count']
  assert included.counted.sum() == before.counted.sum()
  assert included.warnings[0].name == 'network_does_not_apply'


def test_what_is_to_be_checked_keeps_its_numbers_and_says_so():
  after = with_verdict(found(), verdict(Applies.CHECK))
  assert after.summary['count'] == found().summary['count']
  warning, intervals = after.warnings
  assert warning.name == 'network_check'
  assert intervals.message.startswith('all intervals')
  assert 'F1 of 0.8' in warning.message


def test_images_share_the_network():
  """exp(+-1.96 s) is the interval of a factor of standard deviation s."""
  ends = math.exp(-1.96 * 0.1), math.exp(1.96 * 0.1)
  both = [verdict(swelling=Expected(1.0, *ends)) for _ in range(2)]
  assert shared_by_network(both, 'swelling') == pytest.approx(0.1)
  assert shared_by_network(both, 'diameter_mean_nm') == 0
  assert shared_by_network([], 'swelling') == 0
  nothing = dataclasses.replace(both[0], truths={'swelling': Expected(1, 0, 2)})
  assert shared_by_network([nothing], 'swelling') == 0
