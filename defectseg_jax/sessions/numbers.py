"""The numbers of a session, collected image by image, before they are written.

What is kept of an image is small: its arrays are not among it, since those of
all images do not fit memory.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.applicability.verdict import Verdict
from defectseg_jax.applicability.widening import (
  EXPECTED_F1,
  EXPECTED_F1_CONVENTION,
  shared_by_network,
)
from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
  kind_of,
  shared_uncertainty,
  statistics_over_images,
  why_missing,
)
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.reference import SCORES

# What may not be known of an image, and what cannot be said then.
_MISSING = (
  (
    'pixel_size_nm',
    'scale',
    'lengths are in pixels, and numbers per area and per volume are left out',
  ),
  (
    'thickness_nm',
    "foil's thickness",
    'numbers per volume are left out, as densities and swelling',
  ),
)
_MOST_NAMED = 3


@dataclasses.dataclass(frozen=True, eq=False)
class ImageNumbers:
  """What tables hold of one image.

  Attributes:
    row: of summary.csv.
    sources: the files, flags and scales that the numbers come from.
    objects: columns of objects.csv, an object a row.
    sizes_nm, sizes_px: [n], what the histogram shows.
    warnings: what a reader must look at before the numbers are believed.
    verdict: whether the network applies; None where nobody can tell, or a
      person corrected what it found.
  """

  row: Mapping[str, Any]
  sources: Mapping[str, Any]
  objects: Mapping[str, np.ndarray]
  sizes_nm: np.ndarray
  sizes_px: np.ndarray
  warnings: Sequence[QualityWarning]
  verdict: Verdict | None = None

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
  verdict: Verdict | None = None,
) -> ImageNumbers:
  """Collects what tables hold of one image.

  Args:
    name: of the image.
    found: what was measured in it.
    scale: of it.
    sources: the files it comes from, by what they are, and the scales.
    replaced_pixels: outliers that were replaced.
    scores: against its true mask; None without a comparison.
    verdict: whether the network applies to it.

  Returns:
    The numbers, with the warnings of the scale and of the measurement.
  """
  warnings, shape = [*scale.warnings, *found.warnings], found.labels.shape
  lengths = {
    'pixel_size_nm': scale.pixel_size_nm,
    'thickness_nm': scale.thickness_nm,
  }
  return ImageNumbers(
    row={
      'image': name,
      'applies': '' if verdict is None else str(verdict.applies),
      **dict(zip(('height_px', 'width_px'), shape)),
      **lengths,
      'valid_fraction': found.valid_fraction,
      'replaced_pixels': replaced_pixels,
      # An empty cell is what cannot be given, and NaN what there is none of.
      **{
        name: None if why_missing(name, lengths) else value
        for name, value in found.summary.items()
      },
      **(scores or {}),
      'warnings': '; '.join(warning.name for warning in warnings),
    },
    sources={
      **sources,
      'pixel_size_from': scale.pixel_size_from,
      'thickness_from': scale.thickness_from,
    },
    objects={
      name: np.full(len(values), None) if why_missing(name, lengths) else values
      for name, values in found.objects.items()
    },
    sizes_nm=found.sizes_nm,
    sizes_px=found.sizes_px,
    warnings=warnings,
    verdict=verdict,
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
    """Names of the numbers that go into a paper, and of the scores.

    First what is expected of the network, then what needs no scale and no
    thickness, where one is missing.
    """
    kind = kind_of(self.settings.defect)
    without = kind.pixel_headlines if self.cautions else ()
    return (*self._expected, *without, *kind.headlines, *self._scores)

  @property
  def conventions(self) -> dict[str, str]:
    """How the numbers are defined, by name."""
    of_defect = kind_of(self.settings.defect).conventions
    return {**self._expected, **of_defect, **self._scores}

  @functools.cached_property
  def over_images(self) -> dict[str, dict[str, float]]:
    """Mean and interval over images of each headline, for all who tell it."""
    settings = self.settings.quantification
    verdicts = [one.verdict for one in self.images if one.verdict is not None]
    shared = {
      one: math.hypot(
        shared_uncertainty(one, settings), shared_by_network(verdicts, one)
      )
      for one in self.headlines
    }
    return statistics_over_images(self.rows, self.headlines, shared=shared)

  @property
  def cautions(self) -> list[str]:
    """What is missing of the images, and how to give it: a line, or none."""
    parts, flags = [], []
    for column, what, needs in _MISSING:
      lack = [one.name for one in self.images if one.row[column] is None]
      if not lack:
        continue
      parts.append(f'the {what} of {_some(lack, len(self.images))}; {needs}')
      flags.append(f'--{column}')
    if not parts:
      return []
    return [
      f'Not known: {". Not known: ".join(parts)}. Give {" and ".join(flags)}, '
      'or --calibration=FILE.csv with a line for each image. An image without '
      'takes no part in the means that need it.'
    ]

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
      and self._knows(flag.replace('uncertainty', 'nm'))
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

  def _knows(self, column: str) -> bool:
    """Whether a length of any image is known; so it is without images."""
    return not self.images or any(
      one.row[column] is not None for one in self.images
    )

  @property
  def _expected(self) -> Mapping[str, str]:
    if all(one.verdict is None for one in self.images):
      return {}
    return {EXPECTED_F1: EXPECTED_F1_CONVENTION}

  @property
  def _scores(self) -> Mapping[str, str]:
    return SCORES if self.compared else {}


def _some(names: Sequence[str], count: int) -> str:
  """Names of images, or how many they are."""
  if len(names) == count:
    return 'every image' if count > 1 else names[0]
  if len(names) <= _MOST_NAMED:
    return ', '.join(names)
  return f'{len(names)} of {count} images ({names[0]}, ...)'
