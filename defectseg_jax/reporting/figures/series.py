"""Numbers and drift of a series against time."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from defectseg_jax.reporting import colours

# By eye, in inches, of one axes.
_WIDTH_IN, _HEIGHT_IN = 3.8, 3.0


class Curve(NamedTuple):
  """A number of each frame; NaN where it is not known.

  Attributes:
    label: of the axis, with the unit.
    values, low, high: of each frame, and the ends of its interval.
  """

  label: str
  values: Sequence[float]
  low: Sequence[float]
  high: Sequence[float]


def series_figure(
  times: Sequence[float],
  curves: Sequence[Curve],
  drift_px: Sequence[tuple[float, float]],
  *,
  label: str,
) -> Figure:
  """Axes for each number, with its 95% interval, and one for the drift.

  Args:
    times: of the frames, rising.
    curves: with a value for each frame.
    drift_px: of each frame right and down, NaN where it is not known: such
      frames are marked below.
    label: of the times.

  Examples:
    >>> curve = Curve('density', [1.0, 2.0], [0.5, 1.2], [1.6, 2.9])
    >>> figure = series_figure([0, 1], [curve], [(0, 0), (3, 1)], label='frame')
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['density', 'drift (pixels)']
  """
  count = len(curves) + 1
  figure = Figure(figsize=(_WIDTH_IN * count, _HEIGHT_IN))
  figure.set_layout_engine('constrained')
  grid = figure.subplots(1, count, squeeze=False)[0]
  for axes, one in zip(grid, curves):
    axes.fill_between(
      times, one.low, one.high, color=colours.BLUE, alpha=0.25, lw=0
    )
    axes.plot(times, one.values, color=colours.BLUE, marker='o', ms=2.5, lw=1)
    axes.set(xlabel=label, ylabel=one.label)
    axes.set_ylim(bottom=0)
  axes = grid[-1]
  right, down = zip(*drift_px)
  axes.plot(
    times, right, color=colours.BLUE, marker='o', ms=2.5, lw=1, label='right'
  )
  axes.plot(
    times, down, color=colours.VERMILION, marker='s', ms=2.5, lw=1, label='down'
  )
  unknown = [t for t, one in zip(times, right) if math.isnan(one)]
  if unknown:
    bottom = axes.get_xaxis_transform()
    axes.plot(
      *(unknown, [0.02] * len(unknown), 'kx'),
      transform=bottom,
      ms=5,
      label='not known',
    )
  axes.set(xlabel=label, ylabel='drift (pixels)')
  axes.legend(fontsize=8)
  return figure
