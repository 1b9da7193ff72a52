"""A session's figures for print, in its folder `paper/figures/`."""

import pathlib

import numpy as np

from defectseg_jax.quantification import Measurement
from defectseg_jax.reporting.figures.measurements import printed_histogram
from defectseg_jax.reporting.figures.micrograph import micrograph_figure
from defectseg_jax.reporting.figures.printing import (
  COLUMN_IN,
  DOTS_PER_INCH,
  LETTERS_PT,
  journal_style,
  write_figure,
)
from defectseg_jax.reporting.figures.sample_sizes import MOST_LINES
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.sample_files import (
  condition_figures,
  sheets_of_sizes,
)

FIGURES = 'paper/figures'
# A paper shows a few, and each takes about half a second.
MOST_MICROGRAPHS = 3


def write_micrograph_figure(
  made: pathlib.Path,
  name: str,
  found: Measurement,
  pixels: np.ndarray | None,
  pixel_size_nm: float | None,
) -> None:
  """Writes the figure of one image; nothing of any after the first ones.

  Args:
    made: where to write; it exists.
    name: of the image.
    found: what was measured in it.
    pixels: [H, W], the micrograph; None where there is a mask alone, of which
      there is no figure.
    pixel_size_nm: side of a pixel, or None.
  """
  folder = made / FIGURES / 'micrographs'
  before = len(list(folder.glob('*.svg')))
  if pixels is None or before >= MOST_MICROGRAPHS:
    return
  with journal_style():
    figure = micrograph_figure(
      pixels,
      found.labels,
      pixel_size_nm=pixel_size_nm,
      width_in=COLUMN_IN,
      letters_pt=LETTERS_PT,
      most_px=_most_px(found.labels.shape),
      counted=found.counted,
      valid=found.valid,
    )
    write_figure(folder, name, figure)


def write_paper_figures(made: pathlib.Path, numbers: SessionNumbers) -> None:
  """Writes sizes, and of samples the numbers against their conditions.

  Args:
    made: where to write; it exists.
    numbers: of all images.
  """
  with journal_style():
    for name, figure in condition_figures(numbers):
      write_figure(made / FIGURES, name, figure)
    samples = numbers.by_sample.samples if numbers.by_sample else ()
    # One column of a journal, or the width of its page.
    columns = 1 if len(samples) <= MOST_LINES else 2
    for name, sheet in sheets_of_sizes(
      numbers, 'sizes_of_samples', columns=columns
    ):
      write_figure(made / FIGURES, name, sheet)
    images = [one for one in numbers.images if one.in_mean]
    scaled = [one for one in images if one.row['pixel_size_nm']]
    shown = scaled or images
    sizes = [one.sizes_nm if scaled else one.sizes_px for one in shown]
    if not any(map(len, sizes)):
      return
    kind = numbers.settings.kind
    doubted = sum(bool(one.row['warnings']) for one in shown)
    figure = printed_histogram(
      np.concatenate(sizes),
      label=kind.sizes_label if scaled else kind.sizes_label_px,
      count_label=f'number of {kind.sizes_noun}',
      unit='nm' if scaled else 'px',
      images=len(shown),
      doubted=doubted,
    )
    write_figure(made / FIGURES, 'histogram', figure)


def _most_px(shape: tuple[int, ...]) -> int:
  """The longest side of what fills a column at the dots of print."""
  height, width = shape
  return round(COLUMN_IN * DOTS_PER_INCH * max(height, width) / width)
