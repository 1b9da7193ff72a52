"""Bars and axes of a histogram, for a template to draw."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from defectseg_jax.reporting.figures.bins import bin_count
from defectseg_jax.reporting.figures.missed import Missed

# By eye: the upper end of an interval may be far away, and would flatten all
# bars; it ends at the frame then.
_MOST_ABOVE = 2.0


@dataclasses.dataclass(frozen=True)
class Histogram:
  """A histogram in a frame of 1 by 1, its origin below left.

  Attributes:
    bars: left end, width and height of each.
    missing: of what a network misses above a bar: left end, width, lower and
      upper end, and the ends of the interval of the latter.
    unsure: the place up to which less than half of the objects are found; 0
      where that is not known, or so of no size that is shown.
    along, up: places of ticks and their labels.
    mean: its place.
    caption: number and mean in words.
    label: of the axis, with the unit.
    missed: in sentences.
  """

  bars: Sequence[tuple[float, float, float]]
  missing: Sequence[tuple[float, float, float, float, float, float]]
  unsure: float
  along: Sequence[tuple[float, str]]
  up: Sequence[tuple[float, str]]
  mean: float
  caption: str
  label: str
  missed: Sequence[str]


def histogram(
  sizes: np.ndarray,
  label: str,
  *,
  unit: str = 'nm',
  missed: Missed | None = None,
) -> Histogram | None:
  """How many objects there are of each size.

  Args:
    sizes: [n].
    label: of the axis, with the unit.
    unit: of the sizes, for the caption.
    missed: what a network misses of them; None where that is not known.

  Returns:
    As many bars as `bin_count` asks for, at most 100; None if there are no
    sizes.
  """
  sizes = np.asarray(sizes, float)
  if not len(sizes):
    return None
  counts, edges = np.histogram(sizes, bin_count(sizes))
  highest = float(counts.max())
  above = np.zeros((0, 3))
  if missed is not None:
    above = missed.true_counts(sizes, edges)
    ends = np.minimum(above[:, 2], _MOST_ABOVE * above[:, 0].max())
    highest = max(highest, float(above[:, 0].max()), float(ends.max()))
  ticks = MaxNLocator(6).tick_values(float(edges[0]), float(edges[-1]))
  count_ticks = MaxNLocator(4, integer=True, min_n_ticks=2).tick_values(
    0, highest
  )
  left, right, top = ticks[0], ticks[-1], count_ticks[-1]

  def along(value: float) -> float:
    return float((value - left) / (right - left))

  mean = float(sizes.mean())
  return Histogram(
    bars=[
      (along(a), along(b) - along(a), float(count / top))
      for a, b, count in zip(edges[:-1], edges[1:], counts)
    ],
    missing=[
      (along(a), along(b) - along(a), count / top, *np.minimum(ends / top, 1))
      for a, b, count, ends in zip(edges[:-1], edges[1:], counts, above)
      if ends[2] > count
    ],
    unsure=_unsure(missed, along),
    along=[(along(tick), f'{tick:g}') for tick in ticks],
    up=[(float(tick / top), f'{tick:g}') for tick in count_ticks],
    mean=along(mean),
    caption=f'mean {mean:.4g} {unit}, of {len(sizes)}',
    label=label,
    missed=[] if missed is None else missed.sentences(unit),
  )


def _unsure(missed: Missed | None, along: Callable[[float], float]) -> float:
  """Where half of the objects begin to be found, within the frame."""
  if missed is None or missed.half is None:
    return 0.0
  # Of no size: less than half are found everywhere.
  place = 1.0 if math.isnan(missed.half) else along(missed.half)
  return min(max(place, 0.0), 1.0)
