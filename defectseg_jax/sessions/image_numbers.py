"""The numbers of one image of a session, as tables hold them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.applicability.verdict import Applies, Verdict
from defectseg_jax.micrographs.calibration_table import LENGTHS, UNCERTAINTIES
from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
  why_missing,
)
from defectseg_jax.quantification.plausibility import why_impossible
from defectseg_jax.quantification.properties.of_numbers import property_columns
from defectseg_jax.sessions.calibration import Scale

# Warning of an image that cannot be right, and so is in no mean.
NOT_IN_MEAN = 'not_in_mean'


@dataclasses.dataclass(frozen=True, eq=False)
class ImageNumbers:
  """What tables hold of one image.

  Attributes:
    row: of summary.csv.
    sources: the files, flags and scales that the numbers come from.
    objects: columns of objects.csv, an object a row; empty once that table has
      them.
    sizes_nm, sizes_px: [n], what the histogram shows.
    warnings: what a reader must look at before the numbers are believed.
    stands_for: how many true objects stand behind each of the sizes, as of
      `Measurement`.
    verdict: whether the network applies; None where nobody can tell, or a
      person corrected what it found.
    in_mean: whether it is in the mean over images.
  """

  row: Mapping[str, Any]
  sources: Mapping[str, Any]
  objects: Mapping[str, np.ndarray]
  sizes_nm: np.ndarray
  sizes_px: np.ndarray
  warnings: Sequence[QualityWarning]
  stands_for: np.ndarray | None = None
  verdict: Verdict | None = None
  in_mean: bool = True

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
  settings: MeasurementSettings,
  sources: Mapping[str, Any],
  replaced_pixels: int = 0,
  scores: Mapping[str, float | None] | None = None,
  verdict: Verdict | None = None,
  include: bool = False,
) -> ImageNumbers:
  """Collects what tables hold of one image.

  Args:
    name: of the image.
    found: what was measured in it.
    scale: of it.
    settings: how it was measured.
    sources: the files it comes from, by what they are, and the scales.
    replaced_pixels: outliers that were replaced.
    scores: against its true mask; None without a comparison.
    verdict: whether the network applies to it.
    include: whether it is in the mean, whatever speaks against it.

  Returns:
    The numbers, with the warnings of scale and measurement. An image that
    cannot be right has its numbers, and is in no mean.
  """
  warnings = [*scale.warnings, *found.warnings]
  outside = [] if include else _impossible(warnings)
  warnings += outside
  in_mean = include or not (outside or _is_refused(verdict))
  lengths = {name: getattr(scale, name) for name in LENGTHS}
  return ImageNumbers(
    row={
      'image': name,
      'applies': '' if verdict is None else str(verdict.applies),
      'in_mean': in_mean,
      **dict(zip(('height_px', 'width_px'), found.labels.shape)),
      **lengths,
      **_uncertainties(settings),
      'valid_fraction': found.valid_fraction,
      'replaced_pixels': replaced_pixels,
      # An empty cell is what cannot be given, and NaN what there is none of.
      **_given({**found.summary, **_properties(found, settings)}, lengths),
      **(scores or {}),
      'warnings': '; '.join(warning.name for warning in warnings),
    },
    sources={**sources, **_lengths_from(scale)},
    objects=_columns_given(found.objects, lengths),
    sizes_nm=found.sizes_nm,
    sizes_px=found.sizes_px,
    warnings=warnings,
    stands_for=found.stands_for,
    verdict=verdict,
    in_mean=in_mean,
  )


def _properties(
  found: Measurement, settings: MeasurementSettings
) -> dict[str, float]:
  """What its numbers mean for the alloy; nothing where none is named."""
  if not settings.property_names:
    return {}
  return property_columns(found.summary, settings.defect, settings.properties)


def _is_refused(verdict: Verdict | None) -> bool:
  return verdict is not None and verdict.applies == Applies.NO


def _lengths_from(scale: Scale) -> dict[str, str]:
  return {
    'pixel_size_from': scale.pixel_size_from,
    'thickness_from': scale.thickness_from,
  }


def _uncertainties(settings: MeasurementSettings) -> dict[str, float]:
  known = settings.quantification
  return {name: getattr(known, name) for name in UNCERTAINTIES}


def _impossible(warnings: Sequence[QualityWarning]) -> list[QualityWarning]:
  """That an image is in no mean since it cannot be right; or nothing."""
  why = why_impossible(warnings)
  if not why:
    return []
  return [
    QualityWarning(
      NOT_IN_MEAN,
      f'it cannot be right ({why}): its numbers stand for themselves, and are '
      'in no mean over images (--include=NAME takes them all the same)',
    )
  ]


def _given(
  numbers: Mapping[str, Any], lengths: Mapping[str, float | None]
) -> dict[str, Any]:
  return {
    name: None if why_missing(name, lengths) else value
    for name, value in numbers.items()
  }


def _columns_given(
  columns: Mapping[str, np.ndarray], lengths: Mapping[str, float | None]
) -> dict[str, np.ndarray]:
  return {
    name: np.full(len(values), None) if why_missing(name, lengths) else values
    for name, values in columns.items()
  }
