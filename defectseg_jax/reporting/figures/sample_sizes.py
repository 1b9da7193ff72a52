"""Sizes of the objects of each sample, with what the network misses of them."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from defectseg_jax.reporting import colours
from defectseg_jax.reporting.figures.printing import COLUMN_IN

# By eye, in inches, of one axes.
_HEIGHT_IN = 1.9
_MISSED_ALPHA = 0.35
# Below each other on one sheet: a page has room for its caption, too.
MOST_LINES = 4
# By eye: so many fill several pages, and are read in the table.
_MOST_SAMPLES = 60
# In letters: longer titles run into those beside them.
_TITLE_WIDTH = 34


def sizes_figures(
  rows: Sequence[Mapping[str, Any]],
  *,
  label: str,
  noun: str,
  columns: int,
) -> list[Figure]:
  """The objects of each sample by class of size, in sheets of a page each.

  Args:
    rows: of sample_sizes.csv.
    label: of the sizes, with their unit.
    noun: of what there are so many.
    columns: of axes beside each other, at most.

  Returns:
    Axes for each sample, `MOST_LINES` of them below each other on a sheet, with
    the same classes and the same axis of sizes; none of no object. Light above
    a bar stands what the network misses of that size, with its interval, where
    that is known. The last sheet says so where there are more samples than are
    drawn.

  Examples:
    >>> row = {'size_from_nm': 2.0, 'size_to_nm': 4.0, 'found': 3}
    >>> missed = {'with_missed': 4.0, 'with_missed_low': 3.2}
    >>> [figure] = sizes_figures(
    ...   [{'sample': 'a', **row, **missed, 'with_missed_high': 6.0}],
    ...   label='diameter (nm)', noun='voids', columns=1,
    ... )
    >>> figure.axes[0].get_title()
    'a: 3 found'
  """
  samples: dict[str, list[Mapping[str, Any]]] = {}
  for row in rows:
    samples.setdefault(row['sample'], []).append(row)
  drawn = dict(list(samples.items())[:_MOST_SAMPLES])
  columns = min(columns, max(len(drawn), 1))
  names, most = list(drawn), columns * MOST_LINES
  sheets = [
    _sheet(
      {name: drawn[name] for name in names[first : first + most]},
      label=label,
      noun=noun,
      columns=columns,
    )
    for first in range(0, len(names), most)
  ]
  if len(drawn) < len(samples):
    sheets[-1].supxlabel(
      f'{label}\nthe first {len(drawn)} of {len(samples)} samples; '
      'sample_sizes.csv has all',
      fontsize=matplotlib.rcParams['font.size'],
    )
  return sheets


def _sheet(
  samples: Mapping[str, Sequence[Mapping[str, Any]]],
  *,
  label: str,
  noun: str,
  columns: int,
) -> Figure:
  lines = math.ceil(len(samples) / columns)
  figure = Figure(figsize=(COLUMN_IN * columns, _HEIGHT_IN * lines))
  figure.set_layout_engine('constrained')
  grid = figure.subplots(lines, columns, squeeze=False, sharex=True).ravel()
  for axes, (name, own) in zip(grid, samples.items()):
    found = sum(one['found'] for one in own)
    _draw(axes, own)
    axes.set_ylabel(f'number of {noun}')
    axes.locator_params(axis='y', integer=True)
    title = textwrap.fill(f'{name}: {found} found', _TITLE_WIDTH)
    axes.set_title(title, parse_math=False)
  for axes in grid[len(samples) :]:
    axes.set_axis_off()
  for axes in grid[max(0, len(samples) - columns) : len(samples)]:
    axes.tick_params(labelbottom=True)
  figure.supxlabel(label, fontsize=matplotlib.rcParams['font.size'])
  every = [one for own in samples.values() for one in own]
  if any(not math.isnan(one['with_missed']) for one in every):
    handles, names = grid[0].get_legend_handles_labels()
    # Below it would lie on the label.
    figure.legend(handles, names, loc='outside upper center', ncols=2)
  return figure


def _draw(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
  low, high, found, true, true_low, true_high = np.array(
    [
      [
        *(one['size_from_nm'], one['size_to_nm'], one['found']),
        *(one['with_missed'], one['with_missed_low'], one['with_missed_high']),
      ]
      for one in rows
    ],
    float,
  ).T
  style: Any = {'align': 'edge', 'color': colours.BLUE, 'edgecolor': 'white'}
  axes.bar(low, found, high - low, label='found', **style)
  # Of classes without an object nothing can stand behind one.
  known = ~np.isnan(true) & (found > 0)
  axes.bar(
    low,
    np.where(known, np.maximum(true - found, 0), 0),
    high - low,
    bottom=found,
    alpha=_MISSED_ALPHA,
    label='missed, if as in the development set',
    **style,
  )
  tallest = np.where(known, np.maximum(true_high, found), found)
  axes.set_ylim(top=1.08 * max(tallest.max(), 1))
  middle = (low + high) / 2
  arms = np.array([true - true_low, true_high - true])[:, known]
  axes.errorbar(
    middle[known],
    true[known],
    np.maximum(arms, 0),
    fmt='none',
    ecolor='black',
    elinewidth=0.8,
  )
