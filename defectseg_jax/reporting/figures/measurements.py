"""Figures of materials numbers: sizes in an image, a panel beside a machine.

Figures are drawn without a display, and returned; who asks for one writes it.
"""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from defectseg_jax.quantification.panel import Values
from defectseg_jax.reporting import colours
from defectseg_jax.reporting.figures.bins import bin_count
from defectseg_jax.reporting.figures.missed import Missed
from defectseg_jax.reporting.figures.printing import COLUMN_IN

_PEOPLE = '#8a8a8a'
_AVERAGE = 'black'
_MACHINE = '#d1495b'
_TRUTH = '#1f6f8b'
# By eye: quantities that differ by a larger factor are drawn on a logarithmic
# axis.
_LOGARITHMIC_FROM = 50.0
# Of a histogram, in inches: its figure; the room for a line of text below and
# above the axes, and for the numbers and the title between; by eye.
_WIDTH_IN, _HEIGHT_IN = 7.0, 4.2
# In print; by eye.
_PRINTED_HEIGHT_IN = 2.4
_LINE_IN, _NUMBERS_IN, _TITLE_IN = 0.17, 0.33, 0.42
# By eye: so many letters of a warning are as wide as the axes.
_WARNING_LETTERS = 105
# By eye: so far above the highest bar is room for the end of an interval.
_MOST_ABOVE = 2.0


def histogram(
  sizes: np.ndarray,
  *,
  title: str,
  label: str,
  unit: str = 'nm',
  warnings: Sequence[str] = (),
  missed: Missed | None = None,
) -> Figure:
  """How many objects there are of each size, and their mean.

  Args:
    sizes: [n]; may be empty.
    title: of the figure.
    label: of the axis, with the unit.
    unit: of the sizes, for the legend.
    warnings: said in red below the title.
    missed: what a network misses of the sizes; drawn above the bars.

  Returns:
    The figure, with as many bins as `bin_count` asks for, at most 100.

  Examples:
    >>> sizes_nm = np.array([8.0, 9.5, 10.0, 12.5])
    >>> figure = histogram(sizes_nm, title='voids', label='diameter (nm)')
    >>> figure.savefig('voids.png')  # doctest: +SKIP
    >>> len(figure.axes[0].patches)
    3
  """
  figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN))
  axes = figure.subplots()
  if len(sizes):
    _draw_sizes(axes, np.asarray(sizes), unit, missed)
    axes.legend()
  else:
    axes.text(0.5, 0.5, 'no sizes', ha='center', transform=axes.transAxes)
  below = [label, *([] if missed is None else missed.sentences(unit))]
  axes.set(xlabel='\n'.join(below), ylabel='count')
  # File names may hold a dollar sign, which does not begin a formula.
  figure.suptitle(f'{title}: {len(sizes)}', parse_math=False)
  above = []
  if warnings:
    above = textwrap.wrap('WARNING: ' + '; '.join(warnings), _WARNING_LETTERS)
    axes.set_title('\n'.join(above), color='red', fontsize=8)
  axes.grid(alpha=0.3)
  # What matplotlib would find by drawing all of it twice.
  figure.subplots_adjust(
    left=0.11,
    right=0.98,
    bottom=(_NUMBERS_IN + _LINE_IN * len(below)) / _HEIGHT_IN,
    top=1 - (_TITLE_IN + _LINE_IN * len(above)) / _HEIGHT_IN,
  )
  return figure


def printed_histogram(
  sizes: np.ndarray,
  *,
  label: str,
  count_label: str,
  unit: str,
  images: int,
  doubted: int = 0,
) -> Figure:
  """What was found, one column wide; a title is for the caption to say.

  Args:
    sizes, label, unit: as of `histogram`; there is one size at least.
    count_label: of the other axis.
    images: that the sizes are of; the legend says so.
    doubted: how many of them have warnings; likewise.

  Examples:
    >>> sizes = np.array([8.0, 9.5, 10.0, 12.5])
    >>> how = {'label': 'diameter (nm)', 'count_label': 'number of voids'}
    >>> figure = printed_histogram(sizes, **how, unit='nm', images=2, doubted=1)
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['mean 10 nm', '4 in 2 images, 1 with warnings']
  """
  figure = Figure(figsize=(COLUMN_IN, _PRINTED_HEIGHT_IN))
  figure.set_layout_engine('constrained')
  axes = figure.subplots()
  _draw_sizes(axes, np.asarray(sizes), unit, None)
  axes.set(xlabel=label, ylabel=count_label)
  said = f'{len(sizes)} in {images} image{"s" * (images != 1)}'
  said += f', {doubted} with warnings' if doubted else ''
  axes.plot([], [], ' ', label=said)
  axes.legend()
  return figure


def _draw_sizes(
  axes: Axes, sizes: np.ndarray, unit: str, missed: Missed | None
) -> None:
  """Bars, and their mean."""
  counts, edges, _ = axes.hist(
    sizes, bins=bin_count(sizes), color=colours.BLUE, edgecolor='white'
  )
  if missed is not None:
    _draw_missed(axes, missed, sizes, counts, edges)
  mean = float(np.mean(sizes))
  axes.axvline(mean, color=colours.VERMILION, label=f'mean {mean:.4g} {unit}')
  axes.locator_params(axis='y', integer=True)


def _draw_missed(
  axes: Axes,
  missed: Missed,
  sizes: np.ndarray,
  counts: Any,
  edges: np.ndarray,
) -> None:
  """Light bars with their intervals above those that were found."""
  value, low, high = missed.true_counts(sizes, edges).T
  middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
  shown = high > counts
  axes.bar(
    middles[shown],
    (value - counts)[shown],
    widths[shown],
    bottom=np.asarray(counts)[shown],
    color=colours.BLUE,
    alpha=0.35,
    edgecolor='white',
  )
  # The upper end of an interval may be far away, and would flatten all bars.
  high = np.minimum(high, _MOST_ABOVE * value.max())
  axes.vlines(middles[shown], low[shown], high[shown], color='black', lw=1)
  axes.set_ylim(top=1.05 * high.max())
  if missed.half is not None:
    # Of no size: less than half are found everywhere.
    to = edges[-1] if math.isnan(missed.half) else min(missed.half, edges[-1])
    if to > edges[0]:
      axes.axvspan(
        *(edges[0], to),
        color=colours.VERMILION,
        alpha=0.12,
        lw=0,
        zorder=0,
      )


def panel(
  truth: Values,
  people: Mapping[str, Values],
  machine: Values,
) -> Figure:
  """Figure 7 of Roberts et al. (2019) for any data.

  Args:
    truth: by (image, quantity); None or NaN where it is not known, as of
      minutes.
    people: what each person gave; None or NaN for nothing.
    machine: what the machine gave; may be empty.

  Returns:
    The figure, axes for each quantity: the truth as a line, everyone's value,
    the people's average and standard deviation, and the machine's value.
  """
  quantities = list(dict.fromkeys(quantity for _, quantity in truth))
  columns = min(3, len(quantities))
  rows = math.ceil(len(quantities) / columns)
  figure = Figure(figsize=(4.6 * columns, 3.6 * rows + 0.5), dpi=120)
  figure.set_layout_engine('constrained')
  all_axes = figure.subplots(rows, columns, squeeze=False).ravel()
  for axes, quantity in zip(all_axes, quantities):
    _draw_quantity(axes, quantity, truth, people, machine)
  for axes in all_axes[len(quantities) :]:
    axes.set_axis_off()
  figure.legend(handles=_legend(), loc='outside lower center', ncols=4)
  return figure


def _draw_quantity(
  axes: Axes,
  quantity: str,
  truth: Values,
  people: Mapping[str, Values],
  machine: Values,
) -> None:
  """A quantity of all images, on axes of its own."""
  images = [image for image, name in truth if name == quantity]
  shown = []
  for place, image in enumerate(images):
    key = (image, quantity)
    true, of_machine = (_number(own.get(key)) for own in (truth, machine))
    axes.hlines(true, place - 0.4, place + 0.4, color=_TRUTH, lw=2)
    given = np.array([own.get(key) for own in people.values()], float)
    given = given[~np.isnan(given)]
    # Beside each other, so that equal answers are all seen.
    beside = place - 0.15 + np.linspace(-0.12, 0.12, max(len(given), 1))
    axes.plot(beside[: len(given)], given, 'o', color=_PEOPLE, ms=4)
    if len(given):
      spread = given.std(ddof=1) if len(given) > 1 else 0.0
      axes.errorbar(
        place + 0.08, given.mean(), spread, fmt='s', color=_AVERAGE, capsize=3
      )
    axes.plot(place + 0.25, of_machine, '*', c=_MACHINE, ms=11)
    shown += [true, of_machine, *given]
  shown = [value for value in shown if not math.isnan(value)] or [0.0]
  if min(shown) > 0 and max(shown) > _LOGARITHMIC_FROM * min(shown):
    axes.set_yscale('log')
  else:
    axes.set_ylim(bottom=0)
  axes.set_xticks(range(len(images)), images, rotation=25, ha='right')
  for label in axes.get_xticklabels():
    label.set_parse_math(False)
  axes.set_title(quantity, fontsize=9, parse_math=False)
  axes.grid(alpha=0.3, axis='y')


def _number(value: float | None) -> float:
  return math.nan if value is None else value


def _legend() -> list[Line2D]:
  return [
    Line2D([], [], color=_TRUTH, lw=2, label='truth'),
    Line2D([], [], color=_PEOPLE, marker='o', ls='', ms=4, label='a person'),
    Line2D(
      [], [], color=_AVERAGE, marker='s', ls='-', label='average, deviation'
    ),
    Line2D([], [], color=_MACHINE, marker='*', ls='', ms=11, label='machine'),
  ]
