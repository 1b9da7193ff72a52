"""Scale and thickness of many images, from a CSV that a person wrote."""

import pathlib
from collections.abc import Mapping
from typing import NamedTuple

from defectseg_jax.bounds import (
  PIXEL_SIZE_NM,
  RELATIVE,
  THICKNESS_NM,
  read_number,
  within,
)
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.csv_files import Table, read_csv
from defectseg_jax.micrographs.image_names import (
  name_in_table,
  without_suffix,
)

LENGTHS = ('pixel_size_nm', 'thickness_nm')
UNCERTAINTIES = ('pixel_size_uncertainty', 'thickness_uncertainty')
TIME = 'time_s'
COLUMNS = (*LENGTHS, *UNCERTAINTIES, TIME)
_BOUNDS = {
  'pixel_size_nm': PIXEL_SIZE_NM,
  'thickness_nm': THICKNESS_NM,
  'pixel_size_uncertainty': RELATIVE,
  'thickness_uncertainty': RELATIVE,
  TIME: within(-1e10, 1e10, 'it is in seconds'),
}


class Calibration(NamedTuple):
  """What is known of one image.

  Attributes:
    pixel_size_nm: side of a pixel, in nanometres; None if it is not known.
    thickness_nm: of the foil, in nanometres; None if it is not known.
    pixel_size_uncertainty, thickness_uncertainty: how well this image's is
      known, as relative standard uncertainties; None where nobody says.
    time_s: when it was taken, in a series; None where nobody says.
  """

  pixel_size_nm: float | None = None
  thickness_nm: float | None = None
  pixel_size_uncertainty: float | None = None
  thickness_uncertainty: float | None = None
  time_s: float | None = None


def read_calibration_table(path: str | pathlib.Path) -> dict[str, Calibration]:
  """Reads a table of `file` and what is known of each.

  Args:
    path: CSV as `read_csv` reads it, with a column `file`, and with
      `pixel_size_nm`, `thickness_nm` or both. Each may have its uncertainty in
      `pixel_size_uncertainty` and `thickness_uncertainty`. Of a series,
      `time_s` may stand there, also alone. Other columns, such as the `split`
      of a splits.csv, are ignored.

  Returns:
    Calibrations by what stands in `file`, without the folder;
    `image_names.row_of` finds the one of an image.

  Raises:
    InputError: the file cannot be read or is no CSV, a column is missing, a
      file stands there twice, there is no row, or a length or an uncertainty
      is out of its bounds.

  Examples:
    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / 'scales.csv'
    >>> _ = path.write_text('file,pixel_size_nm\\nfoil.tif,0.32\\n')
    >>> read_calibration_table(path)['foil.tif'].pixel_size_nm
    0.32
  """
  path = pathlib.Path(path)
  table = read_csv(path, numbers=COLUMNS)
  if 'file' not in table.header or not {*LENGTHS, TIME} & set(table.header):
    raise InputError(
      f'{path}: the header is {table.found}; it needs file, and pixel_size_nm '
      f'or thickness_nm or both ({table.form})'
    )
  if not table.rows:
    raise InputError(
      f'{path}: has a header and no rows; write one for each image'
    )
  return {
    name: calibration_of(row, where)
    for name, (row, where) in rows_by_file(table, path).items()
  }


def rows_by_file(
  table: Table, path: pathlib.Path
) -> dict[str, tuple[dict[str, str], str]]:
  """Rows, and where they stand, by the name in their column `file`.

  Args:
    table: with that column.
    path: of the table, for messages.

  Raises:
    InputError: a row has no name, or two have the same; `x` and `x.tif` are the
      same, `x.dm4` and `x.jpg` are two files.
  """
  rows: dict[str, tuple[dict[str, str], str]] = {}
  short_names: set[str] = set()
  for row, line in zip(table.rows, table.lines, strict=True):
    where = f'{path} line {line}'
    name = name_in_table(row['file'] or '')
    if not name:
      raise InputError(f'{where}: names no file; write one, or take it out')
    short = without_suffix(name)
    if name in rows or short in rows or name in short_names:
      twice = name if name in rows else short
      raise InputError(f'{where}: {twice} stands here twice; keep one line')
    short_names.add(short)
    rows[name] = row, where
  return rows


def calibration_of(row: Mapping[str, str | None], where: str) -> Calibration:
  """The calibration in a row of a table.

  Args:
    row: text by column; what is missing or empty is not known.
    where: file and line, for messages.

  Returns:
    The calibration.

  Raises:
    InputError: a length or an uncertainty is out of its bounds.

  Examples:
    >>> found = calibration_of({'file': 'a', 'thickness_nm': '90'}, 'a.csv')
    >>> found.thickness_nm, found.pixel_size_nm
    (90.0, None)
  """
  return Calibration(*(_known(row.get(name), name, where) for name in COLUMNS))


def _known(text: str | None, column: str, where: str) -> float | None:
  if text is None or not text.strip():
    return None
  bounds = _BOUNDS[column]
  value = read_number(text)
  if not bounds.hold(value):
    raise InputError(
      f'{where}: {column} is {text!r}: must be {bounds.in_words()}; write '
      'nothing if it is not known'
    )
  return value
