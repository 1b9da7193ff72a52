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
