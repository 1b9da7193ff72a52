"""The paper's Tables 2, 3 and 4 from their own rows, and panels by hand."""

import math

import numpy as np
import pytest
from published import TABLES

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import panel


def keyed(columns, values):
  return {
    (column, 'number'): value
    for column, value in zip(columns, values, strict=True)
  }


def errors_of(columns, truth, prediction, experts):
  return panel.panel_errors(
    keyed(columns, truth),
    {name: keyed(columns, values) for name, values in experts.items()},
    keyed(columns, prediction),
  )


def assert_printed(found, columns, printed, digits):
  """Equal when rounded: half a unit of the last digit, and no more."""
  values = [found[column, 'number'] for column in columns]
  np.testing.assert_allclose(
    values, printed, rtol=0, atol=0.5 * 10**-digits + 1e-9
  )


def test_table_2():
  table = TABLES['table2_density']
  columns = table['columns']
  found = errors_of(
    columns, table['ground_truth'], table['prediction'], table['experts']
  )
  assert_printed(
    found.average, columns, table['average_human_percent_error'], 2
  )
  printed = dict(zip(columns, table['machine_percent_error'], strict=True))
  # 9.19e14 and 8.78e14 give 0.0446, which the paper prints as 0.05: it divided
  # before it rounded them. Half a unit of their last digits allows 0.0457.
  assert printed.pop('dislocations_2') == 0.05
  assert panel.relative_error(8.775, 9.195) >= 0.045
  assert found.machine['dislocations_2', 'number'] == pytest.approx(
    0.0446, abs=5e-5
  )
  assert_printed(found.machine, list(printed), list(printed.values()), 2)
  assert found.answers['dislocations_1', 'number'] == 6
  assert found.answers['voids_1', 'number'] == 5


@pytest.mark.parametrize('field', [0, 1], ids=['diameter', 'deviation'])
def test_table_3(field):
  table = TABLES['table3_diameter_nm']
  columns = table['columns']

  def one(rows):
    return [None] * 4 if rows is None else [row[field] for row in rows]

  found = errors_of(
    columns,
    one(table['ground_truth']),
    one(table['prediction']),
    {name: one(rows) for name, rows in table['experts'].items()},
  )
  assert_printed(found.machine, columns, one(table['machine_percent_error']), 2)
  assert_printed(
    found.average, columns, one(table['average_human_percent_error']), 2
  )


def test_table_4():
  table = TABLES['table4_time']
  for number, printed in enumerate(table['expert_average_min']):
    minutes = [row[number] for row in table['experts_min'].values()]
    assert panel.mean_of_given(minutes) == pytest.approx(
      printed, abs=0.05 + 1e-9
    )
    seconds = (
      table['segmentation_s'][number] + table['quantification_s'][number]
    )
    total = table['total_computer_s'][number]
    # 1.69 s is printed to 0.01: as much may be lost when it is added.
    assert seconds == pytest.approx(total, abs=0.005 + 0.005)
    assert panel.speed_up(minutes, total) > 500


TRUTH = {('a', 'density'): 10.0, ('a', 'diameter'): 4.0, ('b', 'density'): 5.0}


def test_a_panel_by_hand():
  found = panel.panel_errors(
    TRUTH,
    {
      'Ann': {('a', 'density'): 12.0, ('a', 'diameter'): 3.0},
      'Bob': {('a', 'density'): 6.0, ('a', 'diameter'): None},
    },
    {('a', 'density'): 11.0},
  )
  assert found.people['Ann']['a', 'density'] == pytest.approx(0.2)
  assert found.people['Bob']['a', 'density'] == pytest.approx(0.4)
  assert found.average['a', 'density'] == pytest.approx(0.3)
  # |0.2 - 0.3| * sqrt(2): the sample standard deviation of two.
  assert found.spread['a', 'density'] == pytest.approx(0.1 * 2**0.5)
  assert found.answers == {
    ('a', 'density'): 2,
    ('a', 'diameter'): 1,
    ('b', 'density'): 0,
  }
  assert found.average['a', 'diameter'] == pytest.approx(0.25)
  assert math.isnan(found.spread['a', 'diameter'])
  assert math.isnan(found.average['b', 'density'])
  assert found.machine['a', 'density'] == pytest.approx(0.1)
  assert math.isnan(found.machine['b', 'density'])
  first, *_ = found.rows()
  assert list(first) == [
    'image',
    'quantity',
    'error_Ann',
    'error_Bob',
    'error_average',
    'error_spread',
    'answers',
    'error_machine',
  ]
  assert len(found.rows()) == 3


def test_a_truth_of_zero_has_no_percent_error():
  truth = {('a', 'density'): 0.0}
  found = panel.panel_errors(truth, {'Ann': {('a', 'density'): 1.0}})
  assert math.isnan(found.average['a', 'density'])
  assert found.answers['a', 'density'] == 0
  assert found.machine == {}


def test_no_people():
  found = panel.panel_errors(TRUTH, {}, {('a', 'density'): 9.0})
  assert all(map(math.isnan, found.average.values()))
  assert len(found.rows()) == 3


@pytest.mark.parametrize(
  'key, said',
  [
    (('c', 'density'), 'Ann names the image c, .* it has a, b'),
    (('b', 'diameter'), 'Ann gives diameter of b, .* it has density'),
  ],
)
def test_what_the_truth_has_not_is_named(key, said):
  with pytest.raises(InputError, match=said):
    panel.panel_errors(TRUTH, {'Ann': {key: 1.0}})
  with pytest.raises(InputError, match=said.replace('Ann', 'the machine')):
    panel.panel_errors(TRUTH, {}, {key: 1.0})


@pytest.mark.parametrize('value', [None, math.nan, math.inf])
def test_a_truth_is_a_number(value):
  with pytest.raises(InputError, match=f'truth of density of a: {value}'):
    panel.panel_errors({('a', 'density'): value}, {})


def test_rows_of_a_table():
  rows = [
    {'person': 'Ann', 'image': 'a', 'quantity': 'density', 'value': '1e3'},
    {'person': 'Bob', 'image': 'a', 'quantity': 'density', 'value': ' '},
    {'person': 'Ann', 'image': 'b', 'quantity': 'density', 'value': '2'},
  ]
  assert panel.values_of_rows(rows) == {
    'Ann': {('a', 'density'): 1000.0, ('b', 'density'): 2.0},
    'Bob': {('a', 'density'): None},
  }


ROW = {'person': 'Ann', 'image': 'a', 'quantity': 'density', 'value': '1'}


@pytest.mark.parametrize(
  'rows, said',
  [
    ([{'person': 'Ann', 'image': 'a'}], 'row 1: has no quantity, value'),
    ([ROW | {'value': 'many'}], 'row 1: value=many'),
    ([ROW | {'value': 'nan'}], 'row 1: value=nan'),
    ([ROW, ROW], 'row 2: Ann has given density of a already'),
  ],
)
def test_rows_that_are_wrong(rows, said):
  with pytest.raises(InputError, match=said):
    panel.values_of_rows(rows)


def test_masks_become_values():
  masks = {'Ann': {'a': np.eye(3), 'b': np.ones((2, 2))}, 'Bob': {'a': None}}

  def measure(image, mask):
    return {'area': math.nan if mask is None else mask.sum(), 'name': image}

  assert panel.values_of_masks(masks, measure) == {
    'Ann': {
      ('a', 'area'): 3,
      ('a', 'name'): 'a',
      ('b', 'area'): 4,
      ('b', 'name'): 'b',
    },
    'Bob': {
      ('a', 'area'): pytest.approx(math.nan, nan_ok=True),
      ('a', 'name'): 'a',
    },
  }


def test_times():
  assert panel.mean_of_given([90.0, None, 30.0, math.nan]) == 60.0
  assert math.isnan(panel.mean_of_given([None]))
  assert panel.speed_up([2.0, None, 4.0], 1.5) == pytest.approx(120)
  with pytest.raises(InputError, match='machine_s=0'):
    panel.speed_up([1.0], 0)
