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

from defectseg_jax.applicability.widening import (
  EXPECTED_F1,
  expected_f1_convention,
  shared_by_network,
)
from defectseg_jax.quantification import (
  Detection,
  MeasurementSettings,
  QualityWarning,
  image_weights,
  shared_uncertainty,
  statistics_over_images,
)
from defectseg_jax.quantification.properties.of_numbers import (
  CONVENTIONS as PROPERTY_CONVENTIONS,
)
from defectseg_jax.quantification.surfaces import REMARK
from defectseg_jax.quantification.weights import Weights, weights_text
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.sessions.image_numbers import ImageNumbers
from defectseg_jax.sessions.property_numbers import (
  property_remarks,
  with_mean_properties,
)
from defectseg_jax.sessions.reference import SCORES
from defectseg_jax.sessions.sample_numbers import (
  SampleResults,
  sample_results,
)
from defectseg_jax.sessions.samples import NO_SAMPLES, Samples
from defectseg_jax.sessions.series_files import series_remarks
from defectseg_jax.sessions.series_numbers import SeriesNumbers

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
# The name of the warning that a row of a table was not used.
_UNUSED = 'table_row_not_used'
SIZES_UNKNOWN = (
  'Which sizes the network misses is not known: it was scored before they were '
  'kept. --mode=evaluate scores a run again.'
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
    unused_rows: rows of tables that are of no image, a line for each table.
    samples: which images are of which sample.
    series: of the frames of one experiment; None where images are none.
  """

  settings: MeasurementSettings
  provenance: Provenance
  images: Sequence[ImageNumbers]
  failures: Mapping[str, str] = dataclasses.field(default_factory=dict)
  notes: Sequence[str] = ()
  compared: bool = False
  unused_rows: Sequence[str] = ()
  samples: Samples = NO_SAMPLES
  series: SeriesNumbers | None = None

  @property
  def rows(self) -> list[Mapping[str, Any]]:
    """The rows of summary.csv, of images that could be measured.

    Each says if a row of a table is of no image: it may be meant for this one.
    """
    rows = [image.row for image in self.images]
    if not self.unused_rows:
      return rows
    return [
      {**row, 'warnings': '; '.join(filter(None, [row['warnings'], _UNUSED]))}
      for row in rows
    ]

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
    return (*self._expected, *self._of_specimen, *self._scores)

  @property
  def _of_specimen(self) -> tuple[str, ...]:
    kind = self.settings.kind
    without = kind.pixel_headlines if self._missing() else ()
    return (*without, *kind.headlines, *self.settings.property_names)

  @property
  def conventions(self) -> dict[str, str]:
    """How the numbers are defined, by name."""
    of_alloy = {
      name: PROPERTY_CONVENTIONS[name] for name in self.settings.property_names
    }
    kind = self.settings.kind.conventions
    return {**self._expected, **kind, **of_alloy, **self._scores}

  @functools.cached_property
  def over_images(self) -> dict[str, dict[str, Any]]:
    """Mean and interval over images of each headline, for all who tell it.

    Of the images that are in the mean; `weighted_by` says by what they weigh.
    """
    weights = {name: one.values for name, one in self._weights.items()}
    found = {
      name: {**row, 'weighted_by': self._weights[name].by or 'images'}
      for name, row in self._statistics(weights).items()
    }
    return with_mean_properties(found, self.settings)

  @property
  def plain_means(self) -> dict[str, dict[str, Any]]:
    """The same, with each image for one, however much it shows."""
    return with_mean_properties(self._statistics(None), self.settings)

  def _statistics(
    self, weights: Mapping[str, np.ndarray] | None
  ) -> dict[str, dict[str, float]]:
    settings = self.settings.quantification
    images = [one for one in self.images if one.in_mean]
    verdicts = [one.verdict for one in images if one.verdict is not None]
    shared = {
      one: math.hypot(
        shared_uncertainty(one, settings), shared_by_network(verdicts, one)
      )
      for one in self.headlines
    }
    return statistics_over_images(
      [one.row for one in images],
      self.headlines,
      shared=shared,
      weights=weights,
    )

  @functools.cached_property
  def by_sample(self) -> SampleResults | None:
    """The numbers of each sample; None where no table names samples."""
    names = [
      one for one in self._of_specimen if one not in PROPERTY_CONVENTIONS
    ]
    return sample_results(self.samples, self.images, names, self.settings)

  @functools.cached_property
  def _weights(self) -> dict[str, Weights]:
    rows = [one.row for one in self.images if one.in_mean]
    return {name: image_weights(name, rows) for name in self.headlines}

  @property
  def cautions(self) -> list[str]:
    """Warnings of all images together, a line each."""
    return [*self.unused_rows, *self.samples.cautions, *self._missing()]

  def _missing(self) -> list[str]:
    """What is missing of the images, and how to give it: a line, or none."""
    parts, flags = [], []
    for column, what, needs in _MISSING:
      lack = [one.name for one in self.images if one.row[column] is None]
      needed = column != 'thickness_nm' or not self.settings.surface
      if not lack or not needed:
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
      flag: what + whose
      for flag, what in (
        ('thickness_uncertainty', 'the thickness'),
        ('pixel_size_uncertainty', 'the scale'),
      )
      if (whose := self._without(flag)) is not None
    }
    said = [REMARK] if self.settings.surface else []
    said += self.notes
    said += series_remarks(self.series) if self.series else []
    said += property_remarks(self.settings)
    if len([one for one in self.images if one.in_mean]) > 1:
      said += filter(None, [weights_text(self._weights)])
      said += self.samples.remarks()
    if isinstance(self.settings.detection, Detection):
      said += [SIZES_UNKNOWN] if self.settings.by_size is None else []
    if not exact:
      return said
    return [
      *said,
      f'Intervals leave out how well {" and ".join(exact.values())} '
      f'{"is" if len(exact) == 1 else "are"} known: give '
      f'{" and ".join(f"--{flag}" for flag in exact)} (0.1 is 10%, one '
      'standard deviation).',
    ]

  def _without(self, flag: str) -> str | None:
    """Of which images an uncertainty is 0; None where of none."""
    length = flag.replace('uncertainty', 'nm')
    known = [one for one in self.images if one.row[length] is not None]
    exact = [one.name for one in known if not one.row[flag]]
    if not exact:
      return None
    return '' if len(exact) == len(known) else f' of {_some(exact, len(known))}'

  @property
  def _expected(self) -> Mapping[str, str]:
    if all(one.verdict is None for one in self.images):
      return {}
    lines = self.settings.kind.has_test_lines
    return {EXPECTED_F1: expected_f1_convention(lines=lines)}

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
