"""Figures of numbers, looked at through what was drawn."""

import math

import numpy as np
import pytest
from pictures import drawn
from published import TABLES

from defectseg_jax.reporting import tables
from defectseg_jax.reporting.figures import measurements


def test_a_histogram_counts_everything():
  sizes = np.random.default_rng(0).gamma(9, 2.4, 200)
  figure = measurements.histogram(sizes, title='a$b', label='diameter (nm)')
  (axes,) = figure.axes
  assert sum(bar.get_height() for bar in axes.patches) == 200
  (mean,) = axes.lines
  assert mean.get_xdata()[0] == pytest.approx(sizes.mean())
  assert figure.get_suptitle() == 'a$b: 200'
  assert axes.get_xlabel() == 'diameter (nm)'
  assert len(np.unique(drawn(figure))) > 20


@pytest.mark.parametrize('sizes', [[], [3.0]])
def test_histograms_of_little(sizes):
  figure = measurements.histogram(
    np.array(sizes), title='x', label='y', warnings=['foil_thin']
  )
  assert 'foil_thin' in figure.axes[0].get_title()
  drawn(figure)


TRUTH = {('a', 'density'): 10.0, ('b', 'density'): 4000.0, ('a', 'time'): 1.0}
PEOPLE = {
  'Ann': {('a', 'density'): 12.0, ('b', 'density'): None},
  'Bob': {('a', 'density'): 8.0, ('a', 'time'): 30.0},
}


def test_a_panel_shows_everyone():
  figure = measurements.panel(TRUTH, PEOPLE, {('b', 'density'): 3000.0})
  density, time = figure.axes[:2]
  assert density.get_title() == 'density' and time.get_title() == 'time'
  points = np.concatenate([line.get_ydata() for line in density.lines])
  # People, their average, and the machine.
  for value in (12.0, 8.0, 10.0, 3000.0):
    assert value in points
  assert density.get_yscale() == 'log' and time.get_yscale() == 'linear'
  assert [t.get_text() for t in density.get_xticklabels()] == ['a', 'b']
  assert len(np.unique(drawn(figure))) > 20


def test_what_has_no_truth_is_shown_all_the_same():
  truth = {('a', 'time_min'): math.nan}
  people = {'Ann': {('a', 'time_min'): 30.0}}
  figure = measurements.panel(truth, people, {})
  points = np.concatenate([line.get_ydata() for line in figure.axes[0].lines])
  assert 30.0 in points
  drawn(figure)


def test_errors_in_percent():
  row = {
    'image': 'a[b]',
    'quantity': 'density',
    'error_average': 0.2,
    'error_spread': math.nan,
    'answers': 1,
    'error_machine': 0.041,
  }
  cells = [
    next(iter(column.cells)) for column in tables.panel_table([row]).columns
  ]
  assert cells == [r'a\[b]', 'density', '20%', '–', '1', '4%']


def test_figure_7_of_the_paper():
  table = TABLES['table2_density']

  def keyed(values):
    return {
      (image, image.split('_')[0]): value
      for image, value in zip(table['columns'], values, strict=True)
    }

  figure = measurements.panel(
    keyed(table['ground_truth']),
    {name: keyed(values) for name, values in table['experts'].items()},
    keyed(table['prediction']),
  )
  titles = [axes.get_title() for axes in figure.axes]
  assert titles == ['dislocations', 'precipitates', 'voids']
  for axes in figure.axes:
    points = np.concatenate([line.get_ydata() for line in axes.lines])
    kind = axes.get_title()
    given = [keyed(values) for values in table['experts'].values()]
    for image in (f'{kind}_1', f'{kind}_2'):
      values = [own[image, kind] for own in given]
      known = [value for value in values if value is not None]
      assert set(known) <= set(points)
      assert np.isclose(points, np.mean(known)).any()
  drawn(figure)
