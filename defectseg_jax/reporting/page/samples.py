"""The samples of a session on its page: numbers, differences, figures."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from defectseg_jax.reporting.more_images import halved_by
from defectseg_jax.reporting.page import words
from defectseg_jax.reporting.page.pictures import figure_uri

_COLOURS = 64


@dataclasses.dataclass(frozen=True)
class SampleCell:
  """A number of one sample.

  Attributes:
    value: as in samples.csv, to sort by; '' where it is not known.
    text: in the power of ten of its column.
    interval: its ends likewise, and how many more images would halve it.
    whole: value and interval in full, for a tooltip.
  """

  value: str
  text: str
  interval: str
  whole: str


@dataclasses.dataclass(frozen=True)
class SampleRow:
  """A sample of the table.

  Attributes:
    name: of it.
    conditions: what was done to it, as text; '' where it is not known.
    images: in its numbers.
    area: of specimen in them, in square micrometres.
    cells: a number for each column.
  """

  name: str
  conditions: Sequence[str]
  images: int
  area: str
  cells: Sequence[SampleCell]


@dataclasses.dataclass(frozen=True)
class SamplesView:
  """What is shown of all samples.

  Attributes:
    conditions: titles of their columns.
    columns: of numbers.
    rows: a sample each.
    first: the sample that others are compared with.
    compared_columns: of the numbers that samples are compared by.
    compared: by sample, for each of these its number over that of the first.
    figures: data URIs, one for each condition, with what it shows.
    sizes: data URIs of sheets, of the sizes of all objects of each.
    estimator, test: how the numbers were made.
  """

  conditions: Sequence[str]
  columns: Sequence[words.Column]
  rows: Sequence[SampleRow]
  first: str
  compared_columns: Sequence[words.Column]
  compared: Mapping[str, Sequence[SampleCell]]
  figures: Sequence[str]
  sizes: Sequence[str]
  estimator: str
  test: str


def samples_view(
  rows: Sequence[Mapping[str, Any]],
  *,
  names: Sequence[str],
  conditions: Mapping[str, str],
  differences: Sequence[Mapping[str, Any]],
  figures: Sequence[Figure],
  sizes: Sequence[Figure],
  estimator: str,
  test: str,
) -> SamplesView:
  """What the page shows of samples.

  Args:
    rows: of samples.csv.
    names: of the numbers in them.
    conditions: by name, how a condition is shown.
    differences: rows of sample_differences.csv.
    figures: numbers against conditions.
    sizes: of the objects of each.
    estimator, test: how they were made, in words.
  """
  columns = [words.column_of(name, rows) for name in names]
  first = str(rows[0]['sample'])
  judged = {one['quantity'] for one in differences}
  compared = [one for one in columns if one.name in judged]
  against = {
    (one['second'], one['quantity']): one
    for one in differences
    if one['first'] == first
  }
  return SamplesView(
    conditions=list(conditions.values()),
    columns=columns,
    rows=[
      SampleRow(
        name=row['sample'],
        conditions=[_number_text(row[name]) for name in conditions],
        images=row['images'],
        area=_number_text(row['area_um2']),
        cells=[_cell(row, column) for column in columns],
      )
      for row in rows
    ],
    first=first,
    compared_columns=compared,
    compared={
      row['sample']: [
        _compared(against.get((row['sample'], one.name), {}))
        for one in compared
      ]
      for row in rows[1:]
    },
    figures=[figure_uri(one, colours=_COLOURS) for one in figures],
    sizes=[figure_uri(one, colours=_COLOURS) for one in sizes],
    estimator=estimator,
    test=test,
  )


def _number_text(value: Any) -> str:
  return f'{value:.4g}' if words.is_number(value) else ''


def _cell(row: Mapping[str, Any], column: words.Column) -> SampleCell:
  name, value = column.name, row[column.name]
  ends = words.interval_of(row, name)
  lines, whole = [], words.file_text(value)
  if ends:
    lines.append(' – '.join(map(column.text, ends)))
    whole += f' ({" to ".join(map(words.file_text, ends))})'
    lines.append(halved_by(row, name))
  if words.is_number(row[f'{name}_between_images']):
    whole += (
      f'; standard deviation between images '
      f'{words.file_text(row[f"{name}_between_images"])}'
    )
  if row[f'{name}_images'] not in (0, row['images']):
    lines.append(f'of {row[f"{name}_images"]}')
  return SampleCell(
    words.file_text(value),
    column.text(value),
    '\n'.join(filter(None, lines)),
    whole,
  )


def _compared(found: Mapping[str, Any]) -> SampleCell:
  """A ratio with its interval and p; a dash where there is none."""
  ratio = found.get('ratio', math.nan)
  p = found.get('p_holm', math.nan)
  lines = []
  if words.is_number(found.get('ratio_low')):
    lines.append(f'{found["ratio_low"]:.3g} – {found["ratio_high"]:.3g}')
  if words.is_number(p):
    lines.append('p < 0.001' if p < 0.001 else f'p {p:.2g}')
  text = f'× {ratio:.3g}' if words.is_number(ratio) else words.NONE
  return SampleCell(words.file_text(ratio), text, '\n'.join(lines), text)
