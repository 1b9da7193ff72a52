"""Picture of the probability of detection against size."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)

_FOUND = '#1f6f8b'
_REAL = '#8a8a8a'


def detection_curve(by_size: DetectionBySize, *, defect: str) -> Figure:
  """How many of the objects of each size a network finds.

  Args:
    by_size: of its development set.
    defect: for the title.

  Returns:
    The curve with its 95% interval, a point for each class with the number of
    its objects; and which part of what it finds is real.
  """
  figure = Figure(figsize=(7, 4.2), layout='constrained')
  axes = figure.subplots()
  edges, middles = by_size.edges_px, by_size.middles_px
  # As between the last middles and the edges: constant.
  places = np.concatenate([edges[:1], middles, edges[-1:]])
  value, low, high = np.pad(by_size.curve, ((1, 1), (0, 0)), mode='edge').T
  axes.fill_between(places, low, high, color=_FOUND, alpha=0.2, lw=0)
  axes.plot(places, value, color=_FOUND, label='found, of all true ones')
  axes.plot(middles, by_size.curve[:, 0], 'o', color=_FOUND, ms=4)
  axes.plot(
    middles,
    by_size.precision[:, 0],
    's--',
    color=_REAL,
    ms=4,
    label='real, of all that were found',
  )
  for place, share, count in zip(
    middles, by_size.curve[:, 0], by_size.found + by_size.missed
  ):
    axes.annotate(
      f'{count:.0f}',
      (place, share),
      (0, -12),
      textcoords='offset points',
      ha='center',
      fontsize=7,
      color=_FOUND,
    )
  axes.axhline(0.5, color='black', lw=0.6, ls=':')
  axes.axhline(0.9, color='black', lw=0.6, ls=':')
  axes.set_xscale('log')
  axes.set_xticks(edges)
  axes.xaxis.set_major_formatter(ScalarFormatter())
  axes.set_xticks([], minor=True)
  axes.set_xticklabels([f'{edge:.3g}' for edge in edges])
  axes.set(
    xlabel='diameter of the circle of the same area (px of the network)',
    ylabel='part',
    ylim=(0, 1.02),
    title=f'{defect}: probability of detection, development set',
  )
  axes.legend(loc='lower right', fontsize=8)
  axes.grid(alpha=0.3)
  return figure
