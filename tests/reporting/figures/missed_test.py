"""What is missing from a histogram, drawn and said."""

import numpy as np
import pages
import pytest
from pictures import drawn

from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.reporting.figures.detection import detection_curve
from defectseg_jax.reporting.figures.measurements import (
  histogram as figure_of,
)
from defectseg_jax.reporting.figures.missed import Missed
from defectseg_jax.reporting.page.detection import detection_view
from defectseg_jax.reporting.page.histograms import histogram

# Ten small ones that each stand for two, ten large ones for themselves.
SIZES = np.repeat([2.0, 10.0], 10)
BEHIND = np.repeat([[2.0, 1.5, 3.0], [1.0, 1.0, 1.1]], 10, axis=0)


def counts_of(plot):
  """Numbers of objects at the upper ends of the light bars."""
  top = float(plot.up[-1][1])
  return [[top * one for one in bar[2:]] for bar in plot.missing]


def test_what_is_missing_stands_above_what_was_found():
  bare, plot = (
    histogram(SIZES, 'diameter (nm)', missed=missed)
    for missed in (None, Missed(BEHIND, half=4.0, most=8.0))
  )
  assert bare.missing == bare.missed == [] and bare.unsure == 0
  first, last = counts_of(plot)
  # Ten were found; 20 there are, 15 to 30.
  assert first == pytest.approx([10, 20, 15, 30])
  assert last == pytest.approx([10, 10, 10, 11])
  assert len(plot.bars) == len(bare.bars)
  assert plot.caption == bare.caption
  # Up to 4 nm less than half are found: in the middle between the ticks of 2
  # and 6.
  places = {float(label): place for place, label in plot.along}
  left, right = min(places), max(places)
  assert plot.unsure == pytest.approx((4 - left) / (right - left))
  assert plot.missed == [
    'light: missed, if this is like the development set: about 10 (5 to 21)',
    'half of the objects are found from 4 nm on, 90% from 8 nm on',
  ]


def test_what_nobody_knows_is_said():
  behind = BEHIND.copy()
  behind[:10] = np.nan
  plot = histogram(
    SIZES, 'x', unit='px', missed=Missed(behind, half=4.0, most=np.nan)
  )
  assert len(plot.missing) == 1
  assert plot.missed[1].startswith('of 10 nothing is known')
  assert plot.missed[2] == (
    'half of the objects are found from 4 px on, 90% of no size'
  )
  # Several images have no limit of their own.
  assert len(Missed(BEHIND).sentences('nm')) == 1
  nowhere = histogram(SIZES, 'x', missed=Missed(behind, np.nan, np.nan))
  assert nowhere.unsure == 1


def test_an_interval_that_is_wide_stays_in_the_frame():
  behind = BEHIND.copy()
  behind[:10, 2] = 1000
  plot = histogram(SIZES, 'x', missed=Missed(behind, 4.0, 8.0))
  assert max(bar[-1] for bar in plot.missing) <= 1
  assert counts_of(plot)[0][1] == pytest.approx(20)
  figure = figure_of(SIZES, title='t', label='x', missed=Missed(behind, 4, 8))
  assert 30 < figure.axes[0].get_ylim()[1] < 60
  drawn(figure)


def test_the_figure_shows_the_same():
  figure = figure_of(
    SIZES, title='t', label='diameter (nm)', missed=Missed(BEHIND, 4.0, 8.0)
  )
  (axes,) = figure.axes
  heights = [bar.get_height() for bar in axes.patches if bar.get_height() > 0]
  # Those that were found, those that were not, and the shade.
  assert sorted(heights)[-3:] == [10, 10, 10]
  label = axes.get_xlabel()
  assert label.startswith('diameter (nm)\n') and 'about 10 (5 to 21)' in label
  drawn(figure)


def test_the_curve_of_a_network():
  by_size = DetectionBySize(
    np.array([4.0, 8.0, 16.0]),
    *np.array([[20, 80], [80, 20], [20, 80], [5, 0]]),
    design_effect=2.0,
  )
  figure = detection_curve(by_size, defect='voids')
  (axes,) = figure.axes
  shown = np.concatenate([line.get_ydata() for line in axes.lines])
  # Found of all true ones, and real of all that were found.
  for share in (0.2, 0.8, 1.0):
    assert np.isclose(shown, share).any()
  assert {text.get_text() for text in axes.texts} == {'100'}
  assert len(np.unique(drawn(figure))) > 20
  view = detection_view(by_size, defect='voids')
  assert view.curve.startswith('data:image/png')
  assert 'from 8 px on (7 to 9.14)' in view.sentences[0]
  assert '90% of no size' in view.sentences[0]
  assert detection_view(None, defect='voids') is None
  images = [pages.page_image('a', 0)]
  page = pages.training(images, detection=view)
  assert view.sentences[0] in page and view.curve in page
  assert 'Which sizes are found' not in pages.training(images)
