"""Which images of a session are of which sample."""

import dataclasses
import math
import pathlib
from collections.abc import Iterator, Mapping, Sequence

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.image_names import owners, row_of
from defectseg_jax.micrographs.sample_table import (
  SampleRow,
  SampleTable,
  read_sample_table,
  require_sample_table,
)
from defectseg_jax.sessions.calibration import unused_rows_text
from defectseg_jax.sessions.image_numbers import ImageNumbers

_MOST_NAMED = 6
# Files and names by which a table may call an image, its own first.
KnownAs = Sequence[tuple[pathlib.Path, str]]


@dataclasses.dataclass(frozen=True)
class Samples:
  """The samples of a session; none where no table names any.

  Attributes:
    of_image: by name of the image, its sample.
    conditions: by sample, lowest first; then by name.
    cautions: what of the table was not used, a line each.
  """

  of_image: Mapping[str, str] = dataclasses.field(default_factory=dict)
  conditions: Mapping[str, Mapping[str, float]] = dataclasses.field(
    default_factory=dict
  )
  cautions: Sequence[str] = ()

  @property
  def condition_names(self) -> tuple[str, ...]:
    """Of all samples, in their order."""
    names = (name for own in self.conditions.values() for name in own)
    return tuple(dict.fromkeys(names))

  def remarks(self) -> list[str]:
    """What must be known of the mean over all images; or nothing."""
    if len(self.conditions) < 2:
      return []
    return [
      f'The mean over images is over {len(self.conditions)} samples, which may '
      'differ: the numbers of each stand by sample.'
    ]

  def label(self, images: Sequence[ImageNumbers]) -> list[ImageNumbers]:
    """The images, their rows with the sample and its conditions.

    Args:
      images: of the session. Without samples they stay as they are.
    """
    if not self.conditions:
      return list(images)
    return [
      dataclasses.replace(one, row=self._labelled(one.row)) for one in images
    ]

  def _labelled(self, row: Mapping[str, object]) -> dict[str, object]:
    sample = self.of_image.get(str(row['image']), '')
    own = self.conditions.get(sample, {})
    found = {name: own.get(name) for name in self.condition_names}
    return {'image': row['image'], 'sample': sample, **found, **row}


NO_SAMPLES = Samples()


def read_samples(
  samples: str | None, calibration: str | None
) -> SampleTable | None:
  """The table of --samples, or that of --calibration if it has samples.

  Args:
    samples, calibration: paths; None where the flag is not given.

  Raises:
    InputError: a table cannot be read, or both of them name samples.
  """
  of_scales = None
  if calibration:
    of_scales = read_sample_table(pathlib.Path(calibration).expanduser())
  if samples is None:
    return of_scales
  if of_scales is not None:
    raise InputError(
      f'--samples={samples} and --calibration={calibration}: both have a '
      'column sample; take it out of one of them'
    )
  return require_sample_table(pathlib.Path(samples).expanduser())


def samples_of(
  table: SampleTable | None, images: Mapping[str, KnownAs]
) -> Samples:
  """Puts images to their samples.

  Args:
    table: None without samples.
    images: by name, how a table may call each, also those that failed.

  Returns:
    The samples. A condition that is not one number for all images of a sample
    is none of it, and a caution says so.
  """
  if table is None:
    return NO_SAMPLES
  beside = owners({path for one in images.values() for path, _ in one})
  rows: dict[str, SampleRow] = {}
  used = set()
  for name, known_as in images.items():
    found = (row_of(table.rows, *one, beside=beside) for one in known_as)
    row = next((one for one in found if one is not None), None)
    if row is not None:
      used.add(row)
      rows[name] = table.rows[row]
  of_image = {name: row.sample for name, row in rows.items() if row.sample}
  together: dict[str, list[SampleRow]] = {}
  for name, sample in of_image.items():
    together.setdefault(sample, []).append(rows[name])
  varying = {name: line for name, line in _varying(table, together)}
  conditions = {
    sample: {
      name: value
      for row in own
      for name, value in row.conditions.items()
      if name not in varying
    }
    for sample, own in together.items()
  }
  return Samples(
    of_image,
    _in_order(conditions),
    [
      line
      for line in (
        table.caution(),
        *varying.values(),
        unused_rows_text(
          str(table.path), [r for r in table.rows if r not in used]
        ),
        _without_sample(table, [n for n in images if n not in of_image]),
      )
      if line
    ],
  )


def _in_order(
  conditions: Mapping[str, Mapping[str, float]],
) -> dict[str, Mapping[str, float]]:
  """Samples by their conditions, the first of them first."""
  names = dict.fromkeys(n for own in conditions.values() for n in own)

  def place(sample: str) -> list[float]:
    own = conditions[sample]
    return [own.get(name, math.inf) for name in names]

  return {
    sample: conditions[sample] for sample in sorted(conditions, key=place)
  }


def _varying(
  table: SampleTable, together: Mapping[str, Sequence[SampleRow]]
) -> Iterator[tuple[str, str]]:
  """Conditions that differ within a sample, and what to say of each."""
  names = {
    name: None
    for own in together.values()
    for row in own
    for name in row.conditions
  }
  for name in names:
    for sample, own in together.items():
      values = {row.conditions[name] for row in own if name in row.conditions}
      if len(values) > 1:
        said = ' and '.join(f'{one:g}' for one in sorted(values)[:_MOST_NAMED])
        yield (
          name,
          f'{table.path}: {name} is {said} in images of one sample, {sample}: '
          'it is no condition of samples, and was not used; correct it, or '
          'give the images two samples',
        )
        break


def _without_sample(table: SampleTable, names: Sequence[str]) -> str:
  if not names:
    return ''
  more = len(names) - _MOST_NAMED
  return (
    f'{table.path}: names no sample of {", ".join(names[:_MOST_NAMED])}'
    + (f' and {more} more' * (more > 0))
    + ', which '
    + ('is' if len(names) == 1 else 'are')
    + ' in the numbers of no sample'
  )
