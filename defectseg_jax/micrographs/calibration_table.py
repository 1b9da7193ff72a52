"""Scale and thickness of many images, from a CSV that a person wrote."""

import math
import pathlib
from collections.abc import Mapping
from typing import NamedTuple

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.csv_files import read_csv

COLUMNS = ('pixel_size_nm', 'thickness_nm')


class Calibration(NamedTuple):
  """What is known of one image.

  Attributes:
    pixel_size_nm: side of a pixel, in nanometres; None if it is not known.
    thickness_nm: of the foil, in nanometres; None if it is not known.
  """

  pixel_size_nm: float | None = None
  thickness_nm: float | None = None


def read_calibration_table(path: str | pathlib.Path) -> dict[str, Calibration]:
  """Reads a table with `file` and `pixel_size_nm`, `thickness_nm` or both.

  Args:
    path: CSV with a header, comma-separated; other columns, such as the
      `split` of a splits.csv, are ignored.

  Returns:
    Calibrations by the stem of the file, which a micrograph and its mask share.

  Raises:
    InputError: the file cannot be read or is no CSV, a column is missing, a
      file stands there twice, or a length is no positive number.

  Examples:
    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / 'scales.csv'
    >>> _ = path.write_text('file,pixel_size_nm\\nfoil.tif,0.32\\n')
    >>> read_calibration_table(path)
    {'foil': Calibration(pixel_size_nm=0.32, thickness_nm=None)}
  """
  path = pathlib.Path(path)
  header, rows = read_csv(path)
  if 'file' not in header or not any(name in header for name in COLUMNS):
    raise InputError(
      f'{path}: the header is {",".join(header) or "missing"}; it needs file, '
      'and pixel_size_nm or thickness_nm or both'
    )
  calibrations = {}
  for line, row in enumerate(rows, start=2):
    where = f'{path} line {line}'
    stem = pathlib.PurePath(row['file'] or '').stem
    if stem in calibrations:
      raise InputError(f'{where}: {stem} stands here twice; keep one line')
    calibrations[stem] = calibration_of(row, where)
  return calibrations


def calibration_of(row: Mapping[str, str | None], where: str) -> Calibration:
  """The calibration in a row of a table.

  Args:
    row: text by column; what is missing or empty is not known.
    where: file and line, for messages.

  Returns:
    The calibration.

  Raises:
    InputError: a length is no positive number.

  Examples:
    >>> calibration_of({'file': 'a.png', 'thickness_nm': '90'}, 'scales.csv')
    Calibration(pixel_size_nm=None, thickness_nm=90.0)
  """
  return Calibration(*(_length(row.get(name), name, where) for name in COLUMNS))


def _length(text: str | None, column: str, where: str) -> float | None:
  if text is None or not text.strip():
    return None
  try:
    value = float(text)
  except ValueError:
    value = math.nan
  if not (math.isfinite(value) and value > 0):
    raise InputError(
      f'{where}: {column} is {text!r}; write a positive number of nanometres, '
      'or nothing if it is not known'
    )
  return value
