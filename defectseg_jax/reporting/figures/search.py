"""Pictures of a search: what was tried, and what came of it.

A trial is a row: `trial`, `round`, `dev_iu` (None of a failed trial), and the
value of each field that was searched, under the field's name.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_COLOURS = matplotlib.colormaps['viridis']
_FAILED = '#b0b0b0'


class Searched(NamedTuple):
  """A field that was searched.

  Attributes:
    name: of the field.
    low, high: its bounds; None of a choice.
    log: whether its logarithm was drawn.
    choices: what there was to choose from; () of a number.
  """

  name: str
  low: float | None = None
  high: float | None = None
  log: bool = False
  choices: tuple[Any, ...] = ()

  def place(self, value: Any) -> float:
    """Where a value lies between the bounds: 0 to 1."""
    if self.choices:
      return (self.choices.index(value) + 0.5) / len(self.choices)
    low, high = self._bounds()
    if self.log:
      low, high, value = np.log([low, high, value])
    return float((value - low) / (high - low))

  def ticks(self) -> list[tuple[float, str]]:
    """Places and labels of an axis."""
    if self.choices:
      return [(self.place(choice), str(choice)) for choice in self.choices]
    low, high = self._bounds()
    if self.log:
      exponents = np.arange(
        math.ceil(math.log10(low) - 1e-9), math.log10(high) + 1e-9
      )
      values = 10.0**exponents if len(exponents) > 1 else [low, high]
    else:
      values = MaxNLocator(5).tick_values(low, high)
    inside = [v for v in values if -1e-9 <= self.place(v) <= 1 + 1e-9]
    return [(self.place(value), f'{value:g}') for value in inside]

  def _bounds(self) -> tuple[float, float]:
    if self.low is None or self.high is None:
      raise ValueError(f'{self.name}: has no bounds; give low and high')
    return self.low, self.high


def rounds_progress(rows: Sequence[Mapping[str, Any]]) -> Figure:
  """The development IU of each trial by round, and the best so far.

  Args:
    rows: of all trials, at least one.

  Returns:
    The figure.
  """
  figure = Figure(figsize=(7, 3.5), layout='constrained')
  axes = figure.subplots()
  rounds = sorted({row['round'] for row in rows})
  best = []
  for number in rounds:
    ious = [
      row['dev_iu']
      for row in rows
      if row['round'] == number and row['dev_iu'] is not None
    ]
    # Side by side, so that trials of the same IU are all seen.
    places = number + np.linspace(-0.25, 0.25, len(ious))
    axes.plot(
      places if len(ious) > 1 else [number] * len(ious), ious, 'o', alpha=0.7
    )
    best.append(max([*ious, *best[-1:]], default=np.nan))
  axes.step(rounds, best, where='mid', color='black', label='best so far')
  axes.set(xlabel='round', ylabel='development IU')
  axes.xaxis.set_major_locator(MaxNLocator(integer=True))
  axes.legend(loc='lower right')
  return figure


def iu_by_field(
  rows: Sequence[Mapping[str, Any]], fields: Sequence[Searched]
) -> Figure:
  """The development IU against each field that was searched.

  Args:
    rows: of all trials, at least one.
    fields: at least one; the learning rate is shown first.

  Returns:
    The figure; a point's colour is its round.
  """
  fields = sorted(fields, key=lambda f: f.name != 'training.learning_rate')
  columns = min(3, len(fields))
  lines = -(-len(fields) // columns)
  figure = Figure(figsize=(3.6 * columns, 2.8 * lines), layout='constrained')
  grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
  known = [row for row in rows if row['dev_iu'] is not None]
  for axes, field in zip(grid.ravel(), fields, strict=False):
    drawn = axes.scatter(
      [field.place(row[field.name]) for row in known],
      [row['dev_iu'] for row in known],
      c=[row['round'] for row in known],
      cmap='plasma',
      vmin=1,
      vmax=max([2, *(row['round'] for row in rows)]),
    )
    places, labels = zip(*field.ticks(), strict=True)
    axes.set_xticks(places, labels)
    axes.set(xlim=(-0.05, 1.05), xlabel=field.name)
  for axes in grid.ravel()[len(fields) :]:
    axes.remove()
  for axes in grid[:, 0]:
    axes.set_ylabel('development IU')
  figure.colorbar(
    drawn,
    ax=list(grid.ravel()[: len(fields)]),
    label='round',
    ticks=MaxNLocator(integer=True),
  )
  return figure


def parallel_coordinates(
  rows: Sequence[Mapping[str, Any]], fields: Sequence[Searched]
) -> Figure:
  """A line for each trial through what was drawn, to its development IU.

  Args:
    rows: of all trials, at least one.
    fields: at least one.

  Returns:
    The figure; the better, the brighter and further on top; trials without
    an IU are grey.
  """
  known = [row['dev_iu'] for row in rows if row['dev_iu'] is not None]
  low, high = (min(known), max(known)) if known else (0.0, 1.0)
  iu = Searched('development IU', low, high if high > low else low + 1e-3)
  # By rank: the best often lie close together.
  shade = Normalize(0, max(len(known) - 1, 1))
  ranks = {iu: rank for rank, iu in enumerate(sorted(known))}
  figure = Figure(figsize=(1.9 * (len(fields) + 1), 4.2), layout='constrained')
  axes = figure.subplots()
  for order, row in enumerate(
    sorted(rows, key=lambda row: -1 if row['dev_iu'] is None else row['dev_iu'])
  ):
    heights = [field.place(row[field.name]) for field in fields]
    if row['dev_iu'] is not None:
      heights.append(iu.place(row['dev_iu']))
    axes.add_collection(
      LineCollection(
        [list(enumerate(heights))],
        colors=[
          _FAILED
          if row['dev_iu'] is None
          else _COLOURS(shade(ranks[row['dev_iu']]))
        ],
        linewidths=1.6,
        zorder=order + 2,
      )
    )
  for place, field in enumerate([*fields, iu]):
    axes.axvline(place, color='black', linewidth=0.8, zorder=1)
    for height, label in field.ticks():
      axes.annotate(
        label,
        (place, height),
        xytext=(3, 0),
        textcoords='offset points',
        va='center',
        fontsize=8,
        zorder=len(rows) + 3,
        bbox={'boxstyle': 'round,pad=0.1', 'fc': 'white', 'ec': 'none'},
      )
  names = [field.name.replace('.', '.\n') for field in [*fields, iu]]
  axes.set_xticks(range(len(names)), names)
  axes.set(xlim=(-0.1, len(fields) + 0.4), ylim=(-0.04, 1.04))
  axes.yaxis.set_visible(False)
  for spine in axes.spines.values():
    spine.set_visible(False)
  return figure
