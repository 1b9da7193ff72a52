"""The numbers of a session, collected image by image, before they are written.

What is kept of an image is small: its arrays are not among it, since those of
all images do not fit memory.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
  kind_of,
  shared_uncertainty,
  statistics_over_images,
)
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.reference import SCORES


@dataclasses.dataclass(frozen=True, eq=False)
class ImageNumbers:
  """What tables hold of one image.

  Attributes:
    row: of summary.csv.
    sources: the files, flags and scales that the numbers come from.
    objects: columns of objects.csv, an object a row.
    sizes_nm: [n], what the histogram shows.
    warnings: what a reader must look at before the numbers are believed.
  """

  row: Mapping[str, Any]
  sources: Mapping[str, Any]
  objects: Mapping[str, np.ndarray]
  sizes_nm: np.ndarray
  warnings: Sequence[QualityWarning]

  @property
  def name(self) -> str:
    """Of the image."""
    return self.row['image']

  def object_rows(self) -> list[dict[str, Any]]:
    """The rows of objects.csv."""
    ends = {'image': self.name}, {'warnings': self.row['warnings']}
    columns = [values.tolist() for values in self.objects.values()]
    return [
      {**ends[0], **dict(zip(self.objects, values)), **ends[1]}
      for values in zip(*columns)
    ]


def image_numbers(
  name: str,
  found: Measurement,
  scale: Scale,
  *,
  sources: Mapping[str, Any],
  replaced_pixels: int = 0,
  scores: Mapping[str, float | None] | None = None,
) -> ImageNumbers:
  """Collects what tables hold of one image.

  Args:
    name: of the image.
    found: what was measured in it.
    scale: of it.
    sources: the files it comes from, by what they are, and the scales.
    replaced_pixels: outliers of the micrograph that were replaced.
    scores: against its true mask; None where no image is compared.

  Returns:
    The numbers, with the warnings of the scale and of the measurement.
  """
  warnings = [*scale.warnings, *found.warnings]
  height, width = found.labels.shape
  return ImageNumbers(
    row={
      'image': name,
      'height_px': height,
      'width_px': width,
      'pixel_size_nm': scale.pixel_size_nm,
      'thickness_nm': scale.thickness_nm,
      'valid_fraction': found.valid_fraction,
      'replaced_pixels': replaced_pixels,
      **found.summary,
      **(scores or {}),
      'warnings': '; '.join(warning.name for warning in warnings),
    },
    sources={
      **sources,
      'pixel_size_from': scale.pixel_size_from,
      'thickness_from': scale.thickness_from,
    },
    objects=found.objects,
    sizes_nm=found.sizes_nm,
    warnings=warnings,
  )


@dataclasses.dataclass(frozen=True, eq=False)
class SessionNumbers:
  """The numbers of all images of a session.

  Attributes:
    settings: how they were measured.
    provenance: by what program, when, and with which network.
    images: that could be measured, in their order.
    failures: why others could not, by name.
    notes: what a reader must know of all images together.
    compared: whether images have scores against a true mask.
  """

  settings: MeasurementSettings
  provenance: Provenance
  images: Sequence[ImageNumbers]
  failures: Mapping[str, str] = dataclasses.field(default_factory=dict)
  notes: Sequence[str] = ()
  compared: bool = False

  @property
  def rows(self) -> list[Mapping[str, Any]]:
    """The rows of summary.csv, of images that could be measured."""
    return [image.row for image in self.images]

  @property
  def warnings(self) -> list[tuple[str, QualityWarning]]:
    """Image and warning, of all images."""
    return [(one.name, each) for one in self.images for each in one.warnings]

  @property
  def headlines(self) -> tuple[str, ...]:
    """Names of the numbers that go into a paper, and of the scores."""
    return (*kind_of(self.settings.defect).headlines, *self._scores)

  @property
  def conventions(self) -> dict[str, str]:
    """How the numbers are defined, by name."""
    return {**kind_of(self.settings.defect).conventions, **self._scores}

  @functools.cached_property
  def over_images(self) -> dict[str, dict[str, float]]:
    """Mean and interval over images of each headline, for all who tell it."""
    settings = self.settings.quantification
    shared = {one: shared_uncertainty(one, settings) for one in self.headlines}
    return statistics_over_images(self.rows, self.headlines, shared=shared)

  @property
  def remarks(self) -> list[str]:
    """The notes, and which uncertainties the intervals leave out."""
    exact = {
      flag: what
      for flag, what in (
        ('thickness_uncertainty', 'the thickness'),
        ('pixel_size_uncertainty', 'the scale'),
      )
      if not getattr(self.settings.quantification, flag)
    }
    if not exact:
      return list(self.notes)
    return [
      *self.notes,
      f'Intervals leave out how well {" and ".join(exact.values())} '
      f'{"is" if len(exact) == 1 else "are"} known: give '
      f'{" and ".join(f"--{flag}" for flag in exact)} (0.1 is 10%, one '
      'standard deviation).',
    ]

  @property
  def _scores(self) -> Mapping[str, str]:
    return SCORES if self.compared else {}
