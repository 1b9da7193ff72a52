"""One table of a session's numbers, rounded as a paper has them.

Value and ends of the interval are rounded to one decimal place, that of the
second significant digit of the interval's half width (Guide to the Expression
of Uncertainty in Measurement, JCGM 100:2008, 7.2.6). One without an upper end
is as wide as its lower half. A value that this would make a 0 keeps its first
significant digit. A number without an interval has three significant digits.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from defectseg_jax.files import csv_text
from defectseg_jax.reporting.page.words import (
  NO_END,
  NONE,
  Column,
  column_of,
  interval_of,
  is_number,
)
from defectseg_jax.reporting.paper.phrases import count_of_images
from defectseg_jax.reporting.paper.record import RIMS, Record
from defectseg_jax.reporting.paper.rendering import latex_text, markdown_text

_DIGITS_OF_WIDTH = 2
_DIGITS = 3


@dataclasses.dataclass(frozen=True)
class Cell:
  """A number as it is shown; its ends are '' where they are not known."""

  value: str
  low: str = ''
  high: str = ''

  @property
  def texts(self) -> tuple[str, str, str]:
    """Value and ends; '' of what is not known."""
    return ('' if self.value == NONE else self.value), self.low, self.high

  @property
  def interval(self) -> str:
    """`0.98 to 1.52`, or a dash."""
    return f'{self.low} to {self.high}' if self.low else NONE


@dataclasses.dataclass(frozen=True)
class PaperTable:
  """Images a row, then their samples, then the mean over images.

  Attributes:
    level: of the intervals, as `95 %`.
    columns: the quantities.
    rows: label and a cell for each of them.
    images: how many of the rows are of images.
  """

  level: str
  columns: Sequence[Column]
  rows: Sequence[tuple[str, Sequence[Cell]]]
  images: int

  @property
  def heads(self) -> list[str]:
    """Of all columns; two for each quantity, after the image's."""
    return ['image', *self._of_quantities(f'{self.level} interval')]

  @property
  def heads_of_ends(self) -> list[str]:
    """Of all columns where both ends have one; three for each quantity."""
    heads = [_head(one) for one in self.columns]
    ends = '', ', low', ', high'
    return ['image', *(f'{one}{end}' for one in heads for end in ends)]

  def _of_quantities(self, interval: str) -> Iterator[str]:
    for one in self.columns:
      yield _head(one)
      yield interval

  def lines(self) -> Iterator[list[str]]:
    """Texts below the heads."""
    for label, cells in self.rows:
      yield [
        label,
        *(text for one in cells for text in (one.value, one.interval)),
      ]


def rounded(value: Any, ends: tuple[Any, Any] | None, power: int = 0) -> Cell:
  """A number and its interval, to one place.

  Args:
    value: the number; None or NaN where there is none.
    ends: of its interval; None where they are not known.
    power: of ten that all are shown over.

  Examples:
    Half a width of 0.0961 has its second digit in the third place.

    >>> rounded(1.23456, (1.1377, 1.3299))
    Cell(value='1.235', low='1.138', high='1.330')
    >>> rounded(1234.5, (1000, 1500)).value, rounded(1.2345, None).value
    ('1230', '1.23')
    >>> rounded(96.23, (59.18, math.inf))
    Cell(value='96', low='59', high='∞')
    >>> rounded(214.0, (0.0, 37_000.0))
    Cell(value='200', low='0', high='37000')
  """
  if not is_number(value):
    return Cell(NONE)
  half = (ends[1] - ends[0]) / 2 if ends else 0.0
  if ends and math.isinf(ends[1]):
    half = value - ends[0]
  if half > 0:
    place = _place(half, _DIGITS_OF_WIDTH) - power
  elif isinstance(value, int) and not power:
    return Cell(str(value))
  else:
    place = _place(value, _DIGITS) - power if value else 0
  shown, *others = (_at(one, place, power) for one in (value, *(ends or ())))
  if value and float(shown) == 0:
    # None was counted where 0 stands.
    shown = _at(value, _place(value, 1) - power, power)
  return Cell(shown, *others)


def _place(number: float, digits: int) -> int:
  """The power of ten of the last of so many digits, after they are rounded."""
  return int(f'{abs(number):.{digits - 1}e}'.partition('e')[2]) - digits + 1


def _at(number: float, place: int, power: int) -> str:
  if math.isinf(number):
    return NO_END
  shown = round(number / 10.0**power, -place)
  # No -0.0.
  return f'{shown + 0.0:.{max(0, -place)}f}'


def paper_table(record: Record) -> PaperTable:
  """The table of all images, of their samples, and of their mean."""
  names, images = record.reported, record.images
  columns = [column_of(name, images) for name in names]
  rows = [(_label(one), _cells(one, columns)) for one in images]
  for sample, row in record.samples.items():
    label = f'sample {sample} ({count_of_images(row["images"])})'
    rows.append((label, _cells(row, columns)))
  if len(record.in_mean) > 1:
    over = record.summary['over_images']
    means: dict[str, Any] = {}
    for name in names:
      means |= {
        name: over[name]['mean'],
        f'{name}_low': over[name]['low'],
        f'{name}_high': over[name]['high'],
      }
    label = f'mean of {len(record.in_mean)}'
    if len(record.samples) > 1:
      label += f', of {len(record.samples)} samples'
    rows.append((label, _cells(means, columns)))
  return PaperTable(record.level, columns, rows, len(images))


def _label(row: Mapping[str, Any]) -> str:
  """An image's name, with what its numbers are to be read with."""
  notes = []
  if row.get('applies', '') not in ('', 'applies'):
    notes.append(row['applies'])
  if RIMS in row['warnings']:
    notes.append('lines may be rims of particles')
  if not row['in_mean']:
    notes.append('not in the mean')
  return f'{row["image"]} ({", ".join(notes)})' if notes else row['image']


def _cells(row: Mapping[str, Any], columns: Sequence[Column]) -> list[Cell]:
  return [
    rounded(row.get(one.name), interval_of(row, one.name), one.exponent)
    for one in columns
  ]


def _head(column: Column) -> str:
  return f'{column.title} ({column.unit})' if column.unit else column.title


def table_csv(table: PaperTable) -> str:
  """CSV: of each quantity the value and both ends, in the same unit."""
  rows = [
    dict(
      zip(
        table.heads_of_ends,
        [label, *(text for one in cells for text in one.texts)],
        strict=True,
      )
    )
    for label, cells in table.rows
  ]
  return csv_text(rows, digits=None) if rows else 'image\n'


def table_markdown(table: PaperTable) -> str:
  """Markdown, as GitHub and pandoc read it."""
  heads = [markdown_text(one) for one in table.heads]
  rule = ['---', *['---:'] * (len(heads) - 1)]
  lines = [[markdown_text(one) for one in line] for line in table.lines()]
  return ''.join(f'| {" | ".join(one)} |\n' for one in (heads, rule, *lines))


def table_latex(table: PaperTable) -> str:
  """LaTeX, with the rules of the package booktabs."""
  heads = [latex_text(one) for one in table.heads]
  lines = [[latex_text(one) for one in line] for line in table.lines()]
  body = [f'{" & ".join(one)} \\\\' for one in lines]
  if len(table.rows) > table.images:
    body.insert(table.images, '\\midrule')
  return '\n'.join(
    [
      '% needs \\usepackage{booktabs}',
      f'\\begin{{tabular}}{{l{"r" * (len(heads) - 1)}}}',
      '\\toprule',
      f'{" & ".join(heads)} \\\\',
      '\\midrule',
      *body,
      '\\bottomrule',
      '\\end{tabular}',
      '',
    ]
  )
