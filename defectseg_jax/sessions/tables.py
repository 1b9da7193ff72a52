"""What is written of measured images: tables, overlays, histograms."""

import pathlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import ml_collections
import numpy as np

from defectseg_jax.files import csv_text, json_text
from defectseg_jax.quantification.dislocations.line_intercepts import grid_lines
from defectseg_jax.quantification.intervals import LEVEL
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.over_images import statistics_over_images
from defectseg_jax.quantification.plausibility import QualityWarning
from defectseg_jax.reporting import overlays
from defectseg_jax.reporting.figures import measurements
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.reference import SCORES

_DIGITS = 6


class Numbers:
  """The numbers of one session, image after image, in a folder.

  Attributes:
    rows: of summary.csv.
    doubts: image and doubt, of all images.
    failures: why an image could not be measured, by its name.
    notes: what a reader must know of all images together.
  """

  def __init__(
    self,
    folder: pathlib.Path,
    config: ml_collections.ConfigDict,
    *,
    compared: bool = False,
  ):
    """Begins without images.

    Args:
      folder: where to write; it is there.
      config: `defect` and `quantification` are read.
      compared: whether images have scores against a truth.
    """
    self._scores = SCORES if compared else {}
    self._folder = folder
    self._config = config
    self._sources = []
    self._objects = []
    self._object_columns = []
    self._sizes_nm = []
    self.rows: list[dict[str, Any]] = []
    self.doubts: list[tuple[str, QualityWarning]] = []
    self.failures: dict[str, str] = {}
    self.notes: list[str] = []
    for name in ('overlays', 'histograms'):
      (folder / name).mkdir()

  @property
  def headlines(self) -> tuple[str, ...]:
    """The numbers that go into a paper, and the scores."""
    return (*kind_of(self._config.defect).headlines, *self._scores)

  @property
  def conventions(self) -> dict[str, str]:
    """How the numbers are defined, by name."""
    return {**kind_of(self._config.defect).conventions, **self._scores}

  def add(
    self,
    name: str,
    found: Measurement,
    scale: Scale,
    *,
    pixels: np.ndarray | None,
    sources: dict[str, str | None],
    scores: Mapping[str, float] = MappingProxyType({}),
  ) -> None:
    """Notes an image, and draws it.

    Args:
      name: of the image.
      found: in it.
      scale: of it.
      pixels: [H, W], the micrograph, or None.
      sources: the files it comes from, by what they are.
      scores: against its truth, if it has one.
    """
    doubts = [*scale.doubts, *found.warnings]
    warnings = '; '.join(doubt.name for doubt in doubts)
    height, width = found.labels.shape
    self.rows.append(
      {
        'image': name,
        'height_px': height,
        'width_px': width,
        'pixel_size_nm': scale.pixel_size_nm,
        'thickness_nm': scale.thickness_nm,
        **found.summary,
        **{score: scores.get(score) for score in self._scores},
        'warnings': warnings,
      }
    )
    self._sources.append(
      {
        **sources,
        'pixel_size_from': scale.pixel_size_from,
        'thickness_from': scale.thickness_from,
      }
    )
    self.doubts += [(name, doubt) for doubt in doubts]
    columns = [values.tolist() for values in found.objects.values()]
    self._object_columns = ['image', *found.objects, 'warnings']
    self._objects += [
      dict(zip(self._object_columns, (name, *row, warnings)))
      for row in zip(*columns)
    ]
    self._sizes_nm.append(found.sizes_nm)
    self._draw(name, found, scale, pixels, doubts)

  def write_tables(self) -> dict[str, dict[str, float]]:
    """Writes objects.csv, summary.csv, summary.json and histogram.png.

    Returns:
      The headlines over images, as `statistics_over_images` gives them.
    """
    config = self._config
    together = statistics_over_images(self.rows, self.headlines)
    objects = ','.join(self._object_columns) + '\n'
    if self._objects:
      objects = csv_text(self._objects, digits=_DIGITS)
    (self._folder / 'objects.csv').write_text(objects)
    (self._folder / 'summary.csv').write_text(
      csv_text(self._all_rows(), digits=_DIGITS)
    )
    content = {
      'defect': config.defect,
      'level': LEVEL,
      'settings': config.quantification.to_dict(),
      'conventions': self.conventions,
      'remarks': self.remarks(),
      'images': [
        row | sources for row, sources in zip(self.rows, self._sources)
      ],
      'failures': self.failures,
      'over_images': together,
      'warnings': [
        {'image': name, **doubt._asdict()} for name, doubt in self.doubts
      ],
    }
    (self._folder / 'summary.json').write_text(json_text(content))
    if len(self.rows) > 1:
      sizes_nm = np.concatenate(self._sizes_nm)
      names = sorted({doubt.name for _, doubt in self.doubts})
      self._histogram('all images', sizes_nm, names).savefig(
        self._folder / 'histogram.png', dpi=120
      )
    return together

  def _all_rows(self):
    """With a column for what failed, if anything did."""
    if not self.failures:
      return self.rows
    columns = self.rows[0] if self.rows else ('image', 'warnings')
    return [
      *({**row, 'failure': ''} for row in self.rows),
      *(
        {**dict.fromkeys(columns, ''), 'image': name, 'failure': reason}
        for name, reason in self.failures.items()
      ),
    ]

  def remarks(self) -> list[str]:
    """The notes, and what the intervals do not know of."""
    exact = [
      f'config.quantification.{name}'
      for name in ('thickness_uncertainty', 'pixel_size_uncertainty')
      if not self._config.quantification[name]
    ]
    if not exact:
      return self.notes
    return [
      *self.notes,
      f'Intervals are those of counting: {" and ".join(exact)} '
      f'{"is" if len(exact) == 1 else "are"} 0. Give relative standard '
      'uncertainties, such as 0.1 for 10%.',
    ]

  def _draw(self, name, found, scale, pixels, doubts):
    config = self._config
    grid = None
    if kind_of(config.defect).has_test_lines:
      grid = grid_lines(
        found.labels.shape, spacing_px=config.quantification.spacing_px
      )
    overlays.overlay(
      pixels,
      found.labels,
      rows_px=found.objects['row_px'],
      columns_px=found.objects['column_px'],
      counted=found.counted,
      test_lines=grid,
      caption=[
        f'{name}: {scale.pixel_size_nm:g} nm a pixel, foil of '
        f'{scale.thickness_nm:g} nm'
      ],
      warnings=[doubt.message for doubt in doubts],
    ).save(self._folder / 'overlays' / f'{name}.png')
    names = [doubt.name for doubt in doubts]
    self._histogram(name, found.sizes_nm, names).savefig(
      self._folder / 'histograms' / f'{name}.png', dpi=120
    )

  def _histogram(self, title, sizes_nm, warnings):
    kind = kind_of(self._config.defect)
    return measurements.histogram(
      sizes_nm,
      title=f'{title}, {kind.sizes_noun}',
      label=kind.sizes_label,
      warnings=warnings,
    )
