"""Sizes of samples: bars of what was found, and of what is missed above."""

import math

import pytest

from defectseg_jax.reporting.figures.sample_sizes import sizes_figures


def row(sample, at, found, missed=(math.nan,) * 3):
  names = 'with_missed', 'with_missed_low', 'with_missed_high'
  return {
    **{'sample': sample, 'size_from_nm': at, 'size_to_nm': at + 2},
    **{'found': found, **dict(zip(names, missed, strict=True))},
  }


def figure_of(*rows):
  [figure] = sheets_of(*rows)
  return figure


def sheets_of(*rows):
  return sizes_figures(rows, label='diameter (nm)', noun='voids', columns=2)


def test_what_is_missed_stands_above_what_is_found():
  low, high = figure_of(
    row('low', 2.0, 4, (8.0, 6.0, 12.0)),
    row('low', 4.0, 0, (0.0, 0.0, 0.0)),
    row('high', 2.0, 0, (0.0, 0.0, 0.0)),
    row('high', 4.0, 3),
  ).axes
  assert low.get_title() == 'low: 4 found'
  found, missed = low.containers[:2]
  assert [bar.get_height() for bar in found] == [4, 0]
  assert [(bar.get_y(), bar.get_height()) for bar in missed] == [(4, 4), (0, 0)]
  [bars] = low.containers[2][2]
  [[(x, bottom), (_, top)]] = bars.get_segments()
  assert (x, bottom, top) == (3.0, 6.0, 12.0)
  # Of a size of which nothing is known there is no light bar, and no interval.
  assert [bar.get_height() for bar in high.containers[1]] == [0, 0]
  assert not high.containers[2][2][0].get_segments()
  assert low.get_xlim() == high.get_xlim()
  assert low.figure.legends


def test_masks_of_a_person_miss_nothing():
  figure = figure_of(row('$a', 2.0, 4))
  [axes] = figure.axes
  assert figure.get_supxlabel() == 'diameter (nm)'
  # The tallest bar ends below the frame.
  assert 4 < axes.get_ylim()[1] < 5
  assert axes.get_ylabel() == 'number of voids'
  assert not figure.legends
  # A name is no formula.
  figure.draw_without_rendering()
  assert axes.get_title() == '$a: 4 found'


def test_nothing_has_no_figure():
  assert sizes_figures([], label='', noun='', columns=1) == []


@pytest.mark.parametrize(('samples', 'places'), [(1, 1), (3, 4)])
def test_every_sample_has_axes(samples, places):
  figure = figure_of(*(row(str(n), 2.0, 1) for n in range(samples)))
  assert len(figure.axes) == places
  assert [one.get_title() for one in figure.axes[:samples]] == [
    f'{n}: 1 found' for n in range(samples)
  ]


@pytest.mark.parametrize(('samples', 'axes'), [(8, [8]), (11, [8, 3])])
def test_many_samples_are_sheets(samples, axes):
  sheets = sheets_of(*(row(str(n), 2.0, 1) for n in range(samples)))
  shown = [[one.get_title() for one in sheet.axes] for sheet in sheets]
  assert [len(list(filter(None, one))) for one in shown] == axes
  titles = [one for sheet in shown for one in sheet if one]
  assert titles == [f'{n}: 1 found' for n in range(samples)]
  for sheet in sheets:
    assert sheet.get_figheight() <= 7.6
    assert sheet.axes[0].get_xlim() == sheets[0].axes[0].get_xlim()
    assert sheet.get_supxlabel() == 'diameter (nm)'


def test_more_samples_than_are_drawn_are_told():
  *others, last = sheets_of(*(row(str(n), 2.0, 1) for n in range(200)))
  assert len(others) == 7
  assert last.get_supxlabel() == (
    'diameter (nm)\nthe first 60 of 200 samples; sample_sizes.csv has all'
  )
  assert {one.get_supxlabel() for one in others} == {'diameter (nm)'}


def test_the_legend_lies_on_nothing():
  figure = figure_of(row('a', 2.0, 4, (8.0, 6.0, 12.0)))
  figure.draw_without_rendering()
  [legend], [axes] = figure.legends, figure.axes
  below = [figure._supxlabel.get_window_extent(), axes.get_window_extent()]
  assert legend.get_window_extent().y0 > max(one.y1 for one in below)


def test_a_long_name_stays_above_its_own_axes():
  name = 'HT9 irradiated at 420 C to 5 dpa, second foil of heat 91354'
  figure = figure_of(row(name, 2.0, 4), row('b', 2.0, 4))
  figure.draw_without_rendering()
  first, second = (one.title.get_window_extent() for one in figure.axes)
  assert first.x1 < second.x0
  assert figure.axes[0].get_title().replace('\n', ' ') == f'{name}: 4 found'
