"""Numbers against a condition: labels that fit, and bars without an end."""

import math

import pytest

from defectseg_jax.quantification import Interval
from defectseg_jax.reporting.figures.conditions import Point, condition_figure

LONG = 'hardening, Bacon-Kocks-Scattergood (10²¹ m⁻³)'


def point(place, high):
  ends = Interval(50.0, high)
  return Point(f's{place}', place, '', 100.0, ends, ends)


def figure_of(*points):
  figure = condition_figure(
    {'one': points, 'two': points, 'three': points, 'four': points},
    label='dose (dpa)',
    axes_of={name: (LONG, 1.0) for name in ('one', 'two', 'three', 'four')},
  )
  assert figure is not None
  figure.draw_without_rendering()
  return figure


def test_labels_are_no_longer_than_their_axes():
  figure = figure_of(point(1.0, 200.0), point(2.0, 150.0))
  for axes in figure.axes[:4]:
    label = axes.yaxis.label
    assert (
      label.get_text().replace('\xa0', ' ').split()
      == LONG.replace('Kocks-S', 'Kocks- S').split()
    )
    assert label.get_window_extent().height < axes.get_window_extent().height


@pytest.mark.parametrize('high', [200.0, math.inf])
def test_a_bar_without_an_end_runs_out_of_the_axes(high):
  axes = figure_of(point(1.0, high), point(2.0, 150.0)).axes[0]
  ends = sorted(
    (x, y)
    for bars in axes.containers
    for collection in bars[2]
    for (x, y), *_ in [path[::-1] for path in collection.get_segments()]
  )
  top = axes.get_ylim()[1]
  # Thick and thin.
  assert len(ends) == 4
  assert [x for x, _ in ends] == [1.0, 1.0, 2.0, 2.0]
  for _, y in ends[:2]:
    assert y > top if math.isinf(high) else y == pytest.approx(high)
  assert all(y == pytest.approx(150.0) and y < top for _, y in ends[2:])
  # The axes are for what has an end.
  assert top < 2 * max(150.0, min(high, 200.0))


def test_axes_have_a_height_where_nothing_was_found():
  ends = Interval(0.0, math.inf)
  points = [Point(f's{n:g}', n, '', 0.0, ends, ends) for n in (1.0, 2.0)]
  figure = condition_figure(
    {'one': points}, label='dose (dpa)', axes_of={'one': ('density', 1.0)}
  )
  assert figure is not None
  assert figure.axes[0].get_ylim() == (0.0, 1.0)


def _of_series(count):
  points = [
    point(float(n), 200.0)._replace(series=f'temperature {n} °C')
    for n in range(count)
  ]
  # The last series has two samples.
  points.append(points[-1]._replace(place=float(count)))
  figure = condition_figure(
    {'one': points, 'two': points},
    label='dose (dpa)',
    axes_of={name: (LONG, 1.0) for name in ('one', 'two')},
  )
  assert figure is not None
  figure.draw_without_rendering()
  return figure


@pytest.mark.parametrize('count', [12, 13, 30])
def test_a_legend_has_an_end(count):
  figure = _of_series(count)
  [legend] = figure.legends
  told = [one.get_text() for one in legend.get_texts()]
  marks = {
    (one.get_color(), one.get_marker())
    for one in figure.axes[0].lines
    if one.get_label() in told and 'other' not in one.get_label()
  }
  # Each is of a colour and a mark of its own.
  assert len(marks) == 12
  assert f'temperature {count - 1} °C' in told
  if count > 12:
    others = count - 12
    assert told[-1] == f'{others} other condition{"s" * (others > 1)}'
  assert len(told) == min(count, 13)
  frame = legend.get_window_extent()
  for axes in figure.axes:
    # No axes lies behind it, or is squeezed flat by it.
    assert axes.get_window_extent().y0 > frame.y1
    assert axes.get_window_extent().height > 100


def test_what_the_first_number_lacks_is_in_the_legend():
  known = point(1.0, 200.0)._replace(series='a')
  other = point(2.0, 200.0)._replace(series='b')
  figure = condition_figure(
    {'one': [known, other._replace(value=math.nan)], 'two': [known, other]},
    label='dose (dpa)',
    axes_of={name: (LONG, 1.0) for name in ('one', 'two')},
  )
  assert figure is not None
  [legend] = figure.legends
  assert [one.get_text() for one in legend.get_texts()] == ['a', 'b']
