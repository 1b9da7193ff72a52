"""CSV files that a person wrote, perhaps in a spreadsheet."""

import csv
import pathlib
from typing import NamedTuple

from defectseg_jax.errors import InputError


class Table(NamedTuple):
  """What stands in a CSV.

  Attributes:
    header: names of the columns.
    rows: text by column.
  """

  header: list[str]
  rows: list[dict[str, str]]


def read_csv(path: str | pathlib.Path) -> Table:
  """Reads a CSV, as spreadsheets save it.

  Args:
    path: comma-separated, with a header; in UTF-8.

  Returns:
    The table; columns that end early in a row are None there.

  Raises:
    InputError: the file cannot be read, is no CSV, or a row has more columns
      than the header.

  Examples:
    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / 'splits.csv'
    >>> _ = path.write_text('file,split\\nfoil.tif,train\\n')
    >>> read_csv(path).rows
    [{'file': 'foil.tif', 'split': 'train'}]
  """
  path = pathlib.Path(path)
  try:
    with path.open(newline='', encoding='utf-8-sig') as stream:
      reader = csv.DictReader(stream, strict=True)
      header, rows = list(reader.fieldnames or []), list(reader)
  except OSError as error:
    raise InputError(
      f'{path}: cannot be opened ({error.strerror}); see that the path is right'
    ) from error
  except (csv.Error, UnicodeDecodeError) as error:
    raise InputError(
      f'{path}: is no CSV ({error}); save it as CSV again'
    ) from error
  for line, row in enumerate(rows, start=2):
    if None in row:
      raise InputError(
        f'{path} line {line}: has more columns than the header; correct it'
      )
  return Table(header, rows)
