"""Numbers of samples against what was done to them: dose, temperature, time."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from defectseg_jax.quantification import Interval
from defectseg_jax.reporting import colours
from defectseg_jax.reporting.figures.printing import COLUMN_IN

# As many colours as marks.
_COLOURS = (
  *(colours.BLUE, colours.VERMILION, colours.GREEN),
  *(colours.PURPLE, colours.ORANGE, colours.SKY_BLUE),
)
_MARKS = ('o', 's', '^', 'D', 'v', 'P')
# By eye: of more kinds a reader finds none in the legend.
_MOST_SERIES = 12
_OTHERS_GREY = '0.6'
# By eye: values that differ by a larger factor are drawn on a logarithmic axis.
_LOGARITHMIC_FROM = 50.0
# By eye, in inches, of one axes.
_HEIGHT_IN = 2.8
_COLUMNS = 3
# In letters: longer labels of an axis run into the axes above.
_LABEL_WIDTH = 26
# Between a power of ten and its unit, which stay together.
_NO_BREAK = '\xa0'


class Point(NamedTuple):
  """A number of one sample.

  Attributes:
    sample: its name.
    place: the condition's value.
    series: in words, what else was done to it; '' for nothing.
    value: of the number; NaN where it is not known.
    scatter: its interval by counting and between images.
    whole: its interval with what all images share.
  """

  sample: str
  place: float
  series: str
  value: float
  scatter: Interval
  whole: Interval


def condition_figure(
  panels: Mapping[str, Sequence[Point]],
  *,
  label: str,
  axes_of: Mapping[str, tuple[str, float]],
) -> Figure | None:
  """Numbers against a condition, with error bars.

  Args:
    panels: by name of the number, a point for each sample.
    label: of the condition, with its unit.
    axes_of: by name of the number, the label of its axis, and what it is
      multiplied by for it.

  Returns:
    Axes for each number of which at least one sample has a value; None where
    none has. A thick bar is the interval by counting and between images, the
    thin one with caps that with what all images share. A bar without a cap
    above has no upper end, and runs out of the axes. Samples that differ in
    another condition are a series of their own; where there are many series,
    those of fewest samples are grey, and the legend says how many they are.

  Examples:
    >>> point = Point('a', 1.0, '', 2.0, Interval(1.5, 2.6), Interval(1.4, 2.8))
    >>> figure = condition_figure(
    ...   {'diameter_mean_nm': [point, point._replace(sample='b', place=5.0)]},
    ...   label='dose (dpa)',
    ...   axes_of={'diameter_mean_nm': ('mean diameter (nm)', 1.0)},
    ... )
    >>> figure.axes[0].get_ylabel()
    'mean diameter (nm)'
  """
  shown = {
    name: points
    for name, points in panels.items()
    if any(not math.isnan(one.value) for one in points)
  }
  if not shown:
    return None
  columns = min(_COLUMNS, len(shown))
  rows = math.ceil(len(shown) / columns)
  series = _series_of(shown)
  lines = _legend_lines(series, columns)
  height_in = _HEIGHT_IN * rows + _line_in() * lines
  figure = Figure(figsize=(COLUMN_IN * columns, height_in))
  figure.set_layout_engine('constrained')
  grid = figure.subplots(rows, columns, squeeze=False).ravel()
  for axes, (name, points) in zip(grid, shown.items()):
    title, factor = axes_of[name]
    _draw(axes, [_times(one, factor) for one in points], series)
    axes.set(xlabel=label, ylabel=_in_lines(title))
  for axes in grid[len(shown) :]:
    axes.set_axis_off()
  if lines:
    _add_legend(figure, series, columns)
  return figure


def _add_legend(figure: Figure, series: Sequence[str], columns: int) -> None:
  """Of all axes: the first one may lack a series."""
  known = {
    name: handle
    for axes in figure.axes
    for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
  }
  names = [one for one in dict.fromkeys(_labels(series)) if one in known]
  handles = [known[one] for one in names]
  figure.legend(handles, names, loc='outside lower center', ncols=columns)


def _series_of(panels: Mapping[str, Sequence[Point]]) -> list[str]:
  """In the order of the samples; of many, those of most samples first."""
  found = [one.series for own in panels.values() for one in own]
  series = list(dict.fromkeys(found))
  if len(series) > _MOST_SERIES:
    series.sort(key=found.count, reverse=True)
  return series


def _labels(series: Sequence[str]) -> list[str]:
  """What the legend calls each; those that are not told apart alike."""
  others = max(len(series) - _MOST_SERIES, 0)
  name = f'{others} other {"condition" if others == 1 else "conditions"}'
  return [one or 'samples' for one in series[:_MOST_SERIES]] + others * [name]


def _legend_lines(series: Sequence[str], columns: int) -> int:
  if len(series) < 2:
    return 0
  return math.ceil(len(set(_labels(series))) / columns)


def _line_in() -> float:
  """The height of a line of the legend."""
  size = matplotlib.rcParams['legend.fontsize']
  points = FontProperties(size=size).get_size_in_points()
  # By eye, with what is between two.
  return 1.6 * points / 72


def _in_lines(label: str) -> str:
  """A label that is no longer than its axis."""
  if len(label) <= _LABEL_WIDTH:
    return label
  title, bracket, unit = label.partition(' (')
  whole = title + bracket + unit.replace(' ', _NO_BREAK)
  return textwrap.fill(whole, _LABEL_WIDTH)


def _times(one: Point, factor: float) -> Point:
  return one._replace(
    value=one.value * factor,
    scatter=one.scatter.scale_by(factor),
    whole=one.whole.scale_by(factor),
  )


def _draw(axes: Axes, points: Sequence[Point], series: Sequence[str]) -> None:
  values = []
  reached = [one.value for one in points]
  reached += [end for one in points for end in one.whole]
  # Axes have some height, also where nothing was found.
  ceiling = 1.1 * max(one for one in reached if math.isfinite(one)) or 1.0
  for number, (name, label) in enumerate(
    zip(series, _labels(series), strict=True)
  ):
    own = sorted(
      (
        one
        for one in points
        if one.series == name and not math.isnan(one.value)
      ),
      key=lambda one: one.place,
    )
    if not own:
      continue
    told = number < _MOST_SERIES
    colour = _COLOURS[number % len(_COLOURS)] if told else _OTHERS_GREY
    places, heights = zip(*((one.place, one.value) for one in own))
    axes.plot(places, heights, '-', color=colour, lw=0.8, alpha=0.5)
    for width, cap, ends in (
      (3.0, 0, [one.scatter for one in own]),
      (1.0, 4, [one.whole for one in own]),
    ):
      axes.errorbar(
        places,
        heights,
        np.transpose(
          [_arms(one.value, end, ceiling) for one, end in zip(own, ends)]
        ),
        fmt='none',
        ecolor=colour,
        elinewidth=width,
        capsize=cap,
        alpha=0.45 if cap == 0 else 1,
      )
    axes.plot(
      places,
      heights,
      _mark(number) if told else '.',
      color=colour,
      ms=6,
      label=label,
    )
    values += heights
  positive = [one for one in values if one > 0]
  if len(positive) == len(values) and (
    max(values) > _LOGARITHMIC_FROM * min(values)
  ):
    axes.set_yscale('log')
  else:
    axes.set_ylim(bottom=0)
  if any(math.isinf(one) for one in reached):
    axes.set_ylim(top=ceiling)
  axes.grid(alpha=0.3)


def _mark(number: int) -> str:
  """Another one where the colours begin again."""
  return _MARKS[(number + number // len(_COLOURS)) % len(_MARKS)]


def _arms(value: float, ends: Interval, ceiling: float) -> tuple[float, float]:
  """How far an error bar reaches below and above; nowhere if not known.

  matplotlib draws nothing that ends nowhere: beyond the ceiling is as far.
  """
  if math.isnan(ends.low) or math.isnan(ends.high):
    return 0.0, 0.0
  high = min(ends.high, 2 * ceiling)
  return max(value - ends.low, 0.0), max(high - value, 0.0)
