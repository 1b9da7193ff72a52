"""The pictures of a session: an overlay and a histogram for each image."""

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
  kind_of,
)
from defectseg_jax.reporting.figures import measurements
from defectseg_jax.reporting.figures.missed import Missed, missed_sizes
from defectseg_jax.reporting.overlays import measurement_overlay
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.image_numbers import ImageNumbers
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.paper_figures import write_micrograph_figure

_DPI = 120


def write_image_pictures(
  folder: pathlib.Path,
  name: str,
  found: Measurement,
  scale: Scale,
  *,
  pixels: np.ndarray | None,
  settings: MeasurementSettings,
) -> None:
  """Writes overlays/NAME.png, histograms/NAME.png, and a figure for print.

  Args:
    folder: where to write; it exists.
    name: of the image.
    found: what was measured in it.
    scale: of it.
    pixels: [H, W], the micrograph, or None.
    settings: how it was measured.
  """
  for kind in ('overlays', 'histograms'):
    (folder / kind).mkdir(exist_ok=True)
  measurement_overlay(
    found,
    pixels,
    name=name,
    pixel_size_nm=scale.pixel_size_nm,
    thickness_nm=scale.thickness_nm,
    settings=settings,
    warnings=scale.warnings,
    # Noise takes most time, and is no smaller after it.
  ).save(folder / 'overlays' / f'{name}.png', compress_level=1)
  write_micrograph_figure(folder, name, found, pixels, scale.pixel_size_nm)
  warnings = [*scale.warnings, *found.warnings]
  has_scale = scale.pixel_size_nm is not None
  _histogram(
    name,
    found.sizes_nm if has_scale else found.sizes_px,
    warnings,
    settings.defect,
    has_scale=has_scale,
    missed=missed_sizes(found, 'nm' if has_scale else 'px'),
  ).savefig(folder / 'histograms' / f'{name}.png', dpi=_DPI)


def write_session_histogram(
  folder: pathlib.Path, numbers: SessionNumbers
) -> None:
  """Writes histogram.png of all images together, if there are several.

  Args:
    folder: where to write; it exists.
    numbers: of all images.
  """
  if len(numbers.images) < 2:
    return
  images = [one for one in numbers.images if one.in_mean]
  scaled = [one for one in images if one.row['pixel_size_nm']]
  shown = scaled or images
  title = 'all images'
  if len(shown) < len(numbers.images):
    title = f'the {len(shown)} images in the mean'
    title += ' with a scale' if len(shown) < len(images) else ''
  by_name = {warning.name: warning for _, warning in numbers.warnings}
  _histogram(
    title,
    np.concatenate(
      [np.zeros(0)]
      + [one.sizes_nm if scaled else one.sizes_px for one in shown]
    ),
    [by_name[name] for name in sorted(by_name)],
    numbers.settings.defect,
    has_scale=bool(scaled),
    missed=_missed_of_all(shown),
  ).savefig(folder / 'histogram.png', dpi=_DPI)


def _missed_of_all(images: Sequence[ImageNumbers]) -> Missed | None:
  """Each size by its own image; the limits differ from image to image."""
  if all(one.stands_for is None for one in images):
    return None
  return Missed(
    np.concatenate(
      [
        np.full((len(one.sizes_px), 3), np.nan)
        if one.stands_for is None
        else one.stands_for
        for one in images
      ]
    )
  )


def _histogram(
  title: str,
  sizes: np.ndarray,
  warnings: Sequence[QualityWarning],
  defect: str,
  *,
  has_scale: bool,
  missed: Missed | None,
) -> Figure:
  kind = kind_of(defect)
  return measurements.histogram(
    sizes,
    title=f'{title}, {kind.sizes_noun}',
    label=kind.sizes_label if has_scale else kind.sizes_label_px,
    unit='nm' if has_scale else 'px',
    warnings=[warning.name for warning in warnings],
    missed=missed,
  )
