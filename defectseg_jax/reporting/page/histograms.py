"""Bars and axes of a histogram, for a template to draw."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from defectseg_jax.reporting.figures.bins import bin_count


@dataclasses.dataclass(frozen=True)
class Histogram:
  """A histogram in a frame of 1 by 1, its origin below left.

  Attributes:
    bars: left end, width and height of each.
    along, up: places of ticks and their labels.
    mean: its place.
    caption: number and mean in words.
    label: of the axis, with the unit.
  """

  bars: Sequence[tuple[float, float, float]]
  along: Sequence[tuple[float, str]]
  up: Sequence[tuple[float, str]]
  mean: float
  caption: str
  label: str


def histogram(
  sizes: np.ndarray, label: str, *, unit: str = 'nm'
) -> Histogram | None:
  """How many objects there are of each size.

  Args:
    sizes: [n].
    label: of the axis, with the unit.
    unit: of the sizes, for the caption.

  Returns:
    As many bars as `bin_count` asks for, at most 100; None if there are no
    sizes.
  """
  sizes = np.asarray(sizes, float)
  if not len(sizes):
    return None
  counts, edges = np.histogram(sizes, bin_count(sizes))
  ticks = MaxNLocator(6).tick_values(float(edges[0]), float(edges[-1]))
  count_ticks = MaxNLocator(4, integer=True, min_n_ticks=2).tick_values(
    0, float(counts.max())
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
    along=[(along(tick), f'{tick:g}') for tick in ticks],
    up=[(float(tick / top), f'{tick:g}') for tick in count_ticks],
    mean=along(mean),
    caption=f'mean {mean:.4g} {unit}, of {len(sizes)}',
    label=label,
  )
