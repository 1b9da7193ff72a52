"""The tables of a session: objects.csv, summary.csv and summary.json."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from defectseg_jax.files import csv_text, json_text, write_text
from defectseg_jax.quantification.intervals import LEVEL
from defectseg_jax.reporting.tables import samples_table
from defectseg_jax.reporting.terminal import print_numbers
from defectseg_jax.sessions.image_numbers import ImageNumbers
from defectseg_jax.sessions.numbers import SessionNumbers

# Of numbers in a table.
DIGITS = 6


@contextlib.contextmanager
def objects_table(
  folder: pathlib.Path,
) -> Iterator[Callable[[ImageNumbers], ImageNumbers]]:
  """Writes objects.csv image by image: memory holds one image's objects.

  Args:
    folder: where to write; it exists.

  Yields:
    What writes the rows of an image, and gives its numbers back without them.
    A header stands there from the first image on, also of one without objects.
  """
  with (folder / 'objects.csv').open(
    'w', encoding='utf-8', newline=''
  ) as stream:

    def write(numbers: ImageNumbers) -> ImageNumbers:
      if not stream.tell():
        columns = ['image', *numbers.objects, 'warnings']
        stream.write(','.join(columns) + '\n')
      rows = numbers.object_rows()
      if rows:
        stream.write(csv_text(rows, digits=DIGITS, header=False))
      return dataclasses.replace(numbers, objects={})

    yield write
    if not stream.tell():
      stream.write('\n')


def write_tables(folder: pathlib.Path, numbers: SessionNumbers) -> None:
  """Writes summary.csv, over_images.csv and summary.json.

  Args:
    folder: where to write; it exists.
    numbers: of all images, at least one of them measured or failed.
  """
  write_text(
    folder / 'summary.csv', csv_text(summary_rows(numbers), digits=DIGITS)
  )
  write_text(folder / 'summary.json', json_text(summary_of(numbers)))
  rows = list(_rows_over_images(numbers))
  if rows:
    write_text(folder / 'over_images.csv', csv_text(rows, digits=DIGITS))


def _rows_over_images(numbers: SessionNumbers) -> Iterator[dict[str, Any]]:
  """The mean of the images, and all that they show together; of several."""
  if len([one for one in numbers.images if one.in_mean]) < 2:
    return
  for name, found in (
    ('mean', numbers.plain_means),
    ('pooled', numbers.over_images),
  ):
    row: dict[str, Any] = {'over_images': name}
    for headline, one in found.items():
      row |= {
        headline: one['mean'],
        f'{headline}_low': one['low'],
        f'{headline}_high': one['high'],
        f'{headline}_std': one['std'],
        f'{headline}_images': one['images'],
      }
    yield row


def print_tables(numbers: SessionNumbers, console: Console) -> None:
  """Prints the headlines, then warnings, failures and remarks."""
  print_numbers(
    console,
    numbers.settings.defect,
    numbers.rows,
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    warnings=numbers.warnings,
    failures=numbers.failures,
    cautions=numbers.cautions,
    remarks=numbers.remarks,
  )
  if (found := numbers.by_sample) is not None:
    rows = [one.row(found.conditions) for one in found.samples]
    console.print(samples_table(rows, found.names))


def summary_rows(numbers: SessionNumbers) -> Sequence[Mapping[str, Any]]:
  """Those of summary.csv, with a column `failure` if an image failed."""
  rows = numbers.rows
  if not numbers.failures:
    return rows
  columns = rows[0] if rows else ('image', 'warnings')
  return [
    *({**row, 'failure': ''} for row in rows),
    *(
      {**dict.fromkeys(columns, ''), 'image': name, 'failure': reason}
      for name, reason in numbers.failures.items()
    ),
  ]


def summary_of(numbers: SessionNumbers) -> dict[str, Any]:
  """The content of summary.json."""
  settings = dataclasses.asdict(numbers.settings.quantification)
  return {
    'defect': numbers.settings.defect,
    'provenance': numbers.provenance.to_json(),
    'level': LEVEL,
    'surface': numbers.settings.surface,
    # By name, as a config has them.
    'settings': dict(sorted(settings.items())),
    'conventions': numbers.conventions,
    'remarks': [*numbers.cautions, *numbers.remarks],
    'images': [{**one.row, **one.sources} for one in numbers.images],
    'failures': numbers.failures,
    'over_images': numbers.over_images,
    'warnings': [
      {'image': name, **warning._asdict()} for name, warning in numbers.warnings
    ],
  }
