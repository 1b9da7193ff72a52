"""CSV files that a person wrote, perhaps in a spreadsheet.

Programs write "CSV" as the language of their computer has it: with semicolons
and decimal commas, with tabs, in UTF-8, UTF-16 or Windows' own encoding.
"""

import codecs
import csv
import io
import pathlib
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError

_SEPARATORS = {',': 'commas', ';': 'semicolons', '\t': 'tabs'}
_MARKS = (
  (codecs.BOM_UTF8, 'utf-8-sig', 'UTF-8'),
  (codecs.BOM_UTF16_LE, 'utf-16', 'UTF-16'),
  (codecs.BOM_UTF16_BE, 'utf-16', 'UTF-16'),
)
# Letters of a header in a message: of a file that is no table, it is a page.
_LONGEST = 80
# What Excel writes, and reads, to say the separator.
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?[;,\t]*\r?\n', re.IGNORECASE)
# What `csv_text` writes before a text that a spreadsheet would run.
_FORMULA = re.compile(r"^'(?=[=+\-@\t\r'])")
# What people and other programs call the column `file`.
_SAME_AS_FILE = ('file_name', 'filename')
_DECIMAL_COMMA = re.compile(r'[+-]?\d*,\d+(?:[eE][+-]?\d+)?')
# 1,200 is 1200 to some and 1.2 to others.
_OF_THOUSANDS = re.compile(r'[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+')


class Table(NamedTuple):
  """What stands in a CSV.

  Attributes:
    header: names of the columns, in small letters, words joined by `_`.
    rows: text by column, without spaces around.
    lines: of the file, in which the rows end.
    form: how it was read, for messages: separator and encoding.
  """

  header: list[str]
  rows: list[dict[str, str]]
  lines: list[int]
  form: str

  @property
  def found(self) -> str:
    """What the header is, for messages."""
    return ','.join(self.header)[:_LONGEST] or 'missing'


def read_csv(
  path: str | pathlib.Path, *, numbers: Collection[str] = ()
) -> Table:
  """Reads a CSV, as spreadsheets save it.

  Args:
    path: of a table with a header; separated by commas, semicolons or tabs,
      whichever makes the most of the header; in UTF-8, UTF-16 with its mark, or
      else Windows' Western encoding (cp1252). Rows without a word are left out.
    numbers: columns of numbers. A decimal comma becomes a point in them.

  Returns:
    The table; columns that end early in a row are None there.

  Raises:
    InputError: the file cannot be read, is no CSV, has a column twice, a row
      has more columns than the header, or nobody can tell whether a comma or a
      point is that of decimals.

  Examples:
    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / 'scales.csv'
    >>> _ = path.write_text('File; Pixel size (nm)\\nfoil.tif;0,32\\n')
    >>> read_csv(path, numbers=['pixel_size_nm']).rows
    [{'file': 'foil.tif', 'pixel_size_nm': '0.32'}]
  """
  path = pathlib.Path(path)
  text, encoding = _read_text(path)
  text, first_line, separator = _split_off_separator(text)
  form = f'read as separated by {_SEPARATORS[separator]}, in {encoding}'
  header: list[str] = []
  rows, lines = [], []
  try:
    reader = csv.reader(
      io.StringIO(text, newline=''), delimiter=separator, strict=True
    )
    for cells in reader:
      cells = [_FORMULA.sub('', cell.strip()) for cell in cells]
      where = f'{path} line {reader.line_num + first_line}'
      if not any(cells):
        continue
      if not header:
        header = _header_of(cells, where)
        continue
      rows.append(_row_of(cells, header, where, form))
      lines.append(reader.line_num + first_line)
  except csv.Error as error:
    raise InputError(
      f'{path}: is no CSV ({error}; {form}); save it as CSV again'
    ) from error
  table = Table(header, rows, lines, form)
  _use_points(table, numbers, separator, path)
  return table


def _read_text(path: pathlib.Path) -> tuple[str, str]:
  """The text of a file, and the name of its encoding."""
  try:
    content = read_regular(path)
  except OSError as error:
    raise InputError(
      f'{path}: cannot be opened ({error.strerror}); see that the path is right'
    ) from error
  try:
    for mark, codec, name in _MARKS:
      if content.startswith(mark):
        return content.decode(codec), name
    if b'\0' in content:
      raise InputError(
        f'{path}: is no CSV in UTF-8, UTF-16 with its mark, or cp1252: it has '
        'bytes of 0, as workbooks do; save it as CSV UTF-8'
      )
    try:
      return content.decode('utf-8'), 'UTF-8'
    except UnicodeDecodeError:
      return content.decode('cp1252'), 'cp1252'
  except UnicodeDecodeError as error:
    raise InputError(
      f'{path}: is no CSV in UTF-8, UTF-16 or cp1252 ({error}); save it as CSV '
      'UTF-8'
    ) from error


def _split_off_separator(text: str) -> tuple[str, int, str]:
  """The text without a line sep=, lines taken off, and the separator."""
  said = _SAYS_SEPARATOR.match(text)
  if said and said[1] in _SEPARATORS:
    return text[said.end() :], 1, said[1]
  header = next((line for line in text.splitlines() if line.strip()), '')
  # A comma where no separator makes more of it.
  return text, 0, max(_SEPARATORS, key=header.count)


def _header_of(cells: list[str], where: str) -> list[str]:
  """Names of columns; '' at the end, of columns that were never filled."""
  names = [re.sub(r'[\W_]+', '_', c.casefold()).strip('_') for c in cells]
  if 'file' not in names:
    names = ['file' if name in _SAME_AS_FILE else name for name in names]
  while not names[-1]:
    names.pop()
  twice = [name for name in names if names.count(name) > 1]
  if twice:
    raise InputError(
      f'{where}: the column {twice[0] or "without a name"} stands there twice; '
      'keep one of them'
    )
  return names


def _row_of(
  cells: list[str], header: list[str], where: str, form: str
) -> dict[str, str]:
  if any(cells[len(header) :]):
    raise InputError(
      f'{where}: has more columns than the header ({form}); correct it'
    )
  # What is not there is None, as csv.DictReader has it.
  given: Iterator[str | None] = iter(cells)
  return {name: next(given, None) for name in header}  # pyright: ignore


def _use_points(
  table: Table, columns: Collection[str], separator: str, path: pathlib.Path
) -> None:
  """Replaces decimal commas by points, in place."""
  cells = [
    (row, name, row[name], line)
    for row, line in zip(table.rows, table.lines, strict=True)
    for name in columns
    if row.get(name)
  ]
  commas = any(_DECIMAL_COMMA.fullmatch(cell) for _, _, cell, _ in cells)
  # Where semicolons part columns, commas part decimals: so Excel has it. And
  # where a comma does so in one number, a point may part thousands in another.
  for row, name, cell, line in cells:
    unclear = (',' in cell and separator != ';') or ('.' in cell and commas)
    if unclear and _OF_THOUSANDS.fullmatch(cell):
      raise InputError(
        f'{path} line {line}: {name} is {cell!r}, and nobody can tell whether '
        f'its mark parts decimals or thousands ({table.form}); write it '
        'without thousands, with a decimal point'
      )
    if _DECIMAL_COMMA.fullmatch(cell):
      row[name] = cell.replace(',', '.')
