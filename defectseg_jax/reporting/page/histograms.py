"""Bars and axes of a histogram, for a template to draw."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

# One far-off size would else ask for thousands of bars.
_MOST_BARS = 40


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


def histogram(sizes_nm: np.ndarray, label: str) -> Histogram | None:
  """How many objects there are of each size.

  Args:
    sizes_nm: [n].
    label: of the axis, with the unit.

  Returns:
    As many bars as the rules of Sturges and of Freedman and Diaconis ask for;
    None if there are no sizes.
  """
  sizes_nm = np.asarray(sizes_nm, float)
  if not len(sizes_nm):
    return None
  bins = min(len(np.histogram_bin_edges(sizes_nm, 'sturges')) - 1, _MOST_BARS)
  spread = np.subtract(*np.percentile(sizes_nm, (75, 25)))
  if spread > 0:
    width = 2 * spread / len(sizes_nm) ** (1 / 3)
    bins = int(min(max(bins, np.ptp(sizes_nm) / width), _MOST_BARS))
  counts, edges = np.histogram(sizes_nm, bins)
  ticks = MaxNLocator(6).tick_values(edges[0], edges[-1])
  left, right = ticks[0], ticks[-1]
  counted = MaxNLocator(4, integer=True, min_n_ticks=2).tick_values(
    0, counts.max()
  )
  top = counted[-1]

  def along(value):
    return float((value - left) / (right - left))

  mean_nm = sizes_nm.mean()
  return Histogram(
    bars=[
      (along(a), along(b) - along(a), float(count / top))
      for a, b, count in zip(edges[:-1], edges[1:], counts)
    ],
    along=[(along(tick), f'{tick:g}') for tick in ticks],
    up=[(float(tick / top), f'{tick:g}') for tick in counted],
    mean=along(mean_nm),
    caption=f'mean {mean_nm:.4g} nm, of {len(sizes_nm)}',
    label=label,
  )
