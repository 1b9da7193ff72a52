"""Places on axes, by hand; figures of searches of every shape are drawn."""

import pytest

from defectseg_jax.reporting.figures import search
from defectseg_jax.reporting.figures.search import Searched
from defectseg_jax.reporting.page import search_page

# Each draws several figures.
pytestmark = pytest.mark.slow

RATE = Searched('training.learning_rate', 1e-5, 1e-2, log=True)
FIELDS = [
  RATE,
  Searched('training.positive_weight', 1.0, 50.0),
  Searched('training.plateau_patience_epochs', 2, 4),
  Searched('data.patches', choices=('tiled', 'random')),
]


def rows_of(fields, ious):
  return [
    {
      'trial': number,
      'round': 1 + number // 2,
      'dev_iu': iu,
      **{
        field.name: field.choices[number % 2]
        if field.choices
        else (field.low, field.high)[number % 2]
        for field in fields
      },
      'reason': '' if iu is not None else '<b>&"',
    }
    for number, iu in enumerate(ious)
  ]


def test_places():
  assert RATE.place(1e-5) == 0
  assert RATE.place(1e-2) == pytest.approx(1)
  assert RATE.place(10**-3.5) == pytest.approx(0.5)
  assert FIELDS[1].place(25.5) == pytest.approx(0.5)
  assert [FIELDS[3].place(c) for c in ('tiled', 'random')] == [0.25, 0.75]


def test_ticks():
  places, labels = zip(*RATE.ticks(), strict=True)
  assert labels == ('1e-05', '0.0001', '0.001', '0.01')
  assert places == pytest.approx((0, 1 / 3, 2 / 3, 1))
  narrow = Searched('training.l2', 2e-4, 5e-4, log=True)
  assert [label for _, label in narrow.ticks()] == ['0.0002', '0.0005']


@pytest.mark.parametrize('ious', [[0.5], [None], [0.5, None, 0.7, 0.7, 0.1]])
@pytest.mark.parametrize('count', [1, 2, 3, 4, 7])
def test_every_search_can_be_drawn(count, ious):
  fields = (FIELDS + [f._replace(name=f'more.{f.name}') for f in FIELDS])[
    :count
  ]
  rows = rows_of(fields, ious)
  page = search_page(
    'Search', subtitle='', rows=rows, fields=fields, how_made={}
  )
  assert page.count('<img') == 3
  if None in ious:
    assert '&lt;b&gt;&amp;' in page and '<b>&"' not in page


def test_a_better_trial_is_drawn_over_a_worse():
  figure = search.parallel_coordinates(
    rows_of([RATE], [0.9, None, 0.2, 0.5]), [RATE]
  )
  lines = sorted(figure.axes[0].collections, key=lambda one: one.zorder)
  ends = [line.get_segments()[0][-1].tolist() for line in lines]
  # The one without an IU ends at its last field.
  assert ends == [[0, 1], [1, 0], [1, pytest.approx(3 / 7)], [1, 1]]


def test_the_best_so_far_never_falls():
  rows = rows_of([RATE], [0.5, 0.3, 0.2, 0.4, 0.6, None])
  (axes,) = search.rounds_progress(rows).axes
  (line,) = [line for line in axes.lines if line.get_label() == 'best so far']
  assert list(line.get_ydata()) == [0.5, 0.5, 0.6]
