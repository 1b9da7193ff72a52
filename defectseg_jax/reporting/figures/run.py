"""Pictures of a run: the curves of its training, the maps of its test set.

Figures are drawn without a display, and returned; who asks for one writes it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

# Roberts et al. (2019), section "Results": the colours of the comparison map.
COMPARISON_COLOURS = {
  'true positive': (64, 224, 208),
  'true negative': (0, 0, 0),
  'false positive': (255, 0, 0),
  'false negative': (255, 255, 0),
}


def comparison_map(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
  """Each pixel in the colour of its kind: TP turquoise, FP red, FN yellow.

  Args:
    prediction: bool [H, W].
    truth: bool [H, W].

  Returns:
    uint8 [H, W, 3].

  Examples:
    A pixel that both have, then one that is in the truth alone:

    >>> truth = np.array([[True, True]])
    >>> prediction = np.array([[True, False]])
    >>> comparison_map(prediction, truth).tolist()
    [[[64, 224, 208], [255, 255, 0]]]
  """
  colours = np.array(list(COMPARISON_COLOURS.values()), np.uint8)
  kind = np.select(
    [prediction & truth, ~prediction & ~truth, prediction & ~truth],
    [0, 1, 2],
    default=3,
  )
  return colours[kind]


def iu_curves(
  history: Sequence[Mapping[str, Any]], *, defect: str, best_epoch: int
) -> Figure:
  """IU of training and development sets by epoch, and the learning rate.

  Args:
    history: the rows of history.csv, at least one.
    defect: for the title.
    best_epoch: the epoch whose weights were kept, counted from 1.

  Returns:
    The figure.
  """
  epochs = [row['epoch'] for row in history]
  figure = Figure(figsize=(8, 5), layout='constrained')
  upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
  for key, label, colour in (
    ('train_iu', 'training patches', '#1f6f8b'),
    ('dev_iu', 'development set', '#d1495b'),
  ):
    values = [row[key] for row in history]
    upper.plot(epochs, values, '.-', color=colour, label=label)
  upper.axvline(
    best_epoch, color='grey', linestyle=':', label=f'kept: epoch {best_epoch}'
  )
  upper.set(ylabel='IU at the best threshold', ylim=(0, 1), title=defect)
  upper.legend(loc='lower right')
  rates = [row['learning_rate'] for row in history]
  lower.step(epochs, rates, where='mid', color='black')
  lower.set(yscale='log', xlabel='epoch', ylabel='learning rate')
  for axes in (upper, lower):
    axes.grid(alpha=0.3)
  lower.locator_params(axis='x', integer=True)
  return figure


def test_image(
  image: np.ndarray,
  truth: np.ndarray,
  prediction: np.ndarray,
  *,
  name: str,
  scores: Mapping[str, float],
) -> Figure:
  """Micrograph, truth, prediction and comparison map, side by side.

  Args:
    image: [H, W], as the network sees it.
    truth: bool [H, W].
    prediction: bool [H, W].
    name: for the title.
    scores: pixel accuracy, precision, recall and IU of this image.

  Returns:
    The figure, at about one screen pixel for each pixel of the micrograph.
  """
  height, width = image.shape
  dpi = 100
  # The four panels, with room for titles and the legend that is by eye.
  figure = Figure(
    figsize=(max(4 * (width + 20) / dpi, 9), max((height + 110) / dpi, 3.2)),
    dpi=dpi,
    layout='constrained',
  )
  low, high = np.percentile(image, (0.5, 99.5))
  panels = (
    ('micrograph', image, {'cmap': 'gray', 'vmin': low, 'vmax': high}),
    ('truth', truth, {'cmap': 'gray', 'vmin': 0, 'vmax': 1}),
    ('prediction', prediction, {'cmap': 'gray', 'vmin': 0, 'vmax': 1}),
    ('comparison', comparison_map(prediction, truth), {}),
  )
  for axes, (title, pixels, style) in zip(
    figure.subplots(1, 4), panels, strict=True
  ):
    axes.imshow(pixels, interpolation='none', **style)
    axes.set_title(title)
    axes.set_axis_off()
  numbers = ',  '.join(
    f'{key.replace("_", " ")} {value:.3f}' for key, value in scores.items()
  )
  # File names may hold a dollar sign, which does not begin a formula.
  figure.suptitle(f'{name}:  {numbers}', parse_math=False)
  figure.legend(
    handles=[
      Patch(
        facecolor=f'#{bytes(colour).hex()}',
        edgecolor='grey',
        label=kind,
      )
      for kind, colour in COMPARISON_COLOURS.items()
    ],
    loc='outside lower center',
    ncols=4,
  )
  return figure
