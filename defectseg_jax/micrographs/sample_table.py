"""Which image is of which sample, and what was done to it, from a CSV."""

import math
import pathlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from defectseg_jax.bounds import read_number
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import COLUMNS, rows_by_file
from defectseg_jax.micrographs.csv_files import read_csv

# Units as they end the name of a condition, and as they are shown. A longer one
# goes before a shorter one that it ends in.
UNITS = {
  '_dpa_per_s': 'dpa/s',
  '_k_per_s': 'K/s',
  '_k_per_min': 'K/min',
  '_per_cm2': 'cm⁻²',
  '_per_m2': 'm⁻²',
  '_wt_percent': 'wt%',
  '_at_percent': 'at%',
  '_percent': '%',
  '_appm': 'appm',
  '_ppm': 'ppm',
  '_dpa': 'dpa',
  '_kev': 'keV',
  '_mev': 'MeV',
  '_gpa': 'GPa',
  '_mpa': 'MPa',
  '_min': 'min',
  '_mm': 'mm',
  '_um': 'µm',
  '_nm': 'nm',
  '_c': '°C',
  '_k': 'K',
  '_s': 's',
  '_h': 'h',
  '_d': 'd',
}
_MOST_NAMED = 6
# Columns that tables of images have for other purposes.
_OTHERS = ('file', 'sample', 'split', *COLUMNS)


class SampleRow(NamedTuple):
  """What is said of one image.

  Attributes:
    sample: name of its sample; '' where none is given.
    conditions: by column, the unit in the name; what is empty is left out.
  """

  sample: str
  conditions: Mapping[str, float]


class SampleTable(NamedTuple):
  """A table of samples.

  Attributes:
    path: of the file.
    rows: by what stands in `file`, without the folder.
    unused: columns that nothing is made of.
  """

  path: pathlib.Path
  rows: Mapping[str, SampleRow]
  unused: tuple[str, ...]

  def caution(self) -> str:
    """One line about the columns that were not used; '' without any."""
    if not self.unused:
      return ''
    more = len(self.unused) - _MOST_NAMED
    return (
      f'{self.path}: not used: {", ".join(self.unused[:_MOST_NAMED])}'
      + (f' and {more} more' * (more > 0))
      + '; the name of a condition ends in its unit, as dose_dpa, '
      'temperature_c, time_s'
    )


def read_sample_table(path: str | pathlib.Path) -> SampleTable | None:
  """Reads samples and conditions.

  Args:
    path: CSV as `read_csv` reads it, with the columns `file` and `sample`, and
      any number of conditions: columns of numbers whose names end in a unit.

  Returns:
    The table; None where it has no column `sample`.

  Raises:
    InputError: the file cannot be read or is no CSV, has no column `file`, a
      file stands there twice, or a condition is no number.

  Examples:
    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / 'samples.csv'
    >>> _ = path.write_text('file;sample;Dose (dpa)\\na.tif;A1;0,5\\n')
    >>> read_sample_table(path).rows['a.tif']
    SampleRow(sample='A1', conditions={'dose_dpa': 0.5})
  """
  path = pathlib.Path(path)
  header = read_csv(path).header
  if 'sample' not in header:
    return None
  others = [name for name in header if name not in _OTHERS]
  conditions = [name for name in others if unit_of_condition(name)]
  table = read_csv(path, numbers=conditions)
  if 'file' not in header:
    raise InputError(
      f'{path}: the header is {table.found}; it needs file, with the name of '
      f'each image ({table.form})'
    )
  rows = rows_by_file(table, path)
  return SampleTable(
    path,
    {
      name: SampleRow(
        (row['sample'] or '').strip(), _numbers(row, conditions, where)
      )
      for name, (row, where) in rows.items()
    },
    tuple(name for name in others if name not in conditions),
  )


def require_sample_table(path: str | pathlib.Path) -> SampleTable:
  """Likewise, of a table that must have samples.

  Raises:
    InputError: it has no column `sample`, or as above.
  """
  table = read_sample_table(path)
  if table is None:
    raise InputError(
      f'{path}: has no column sample; give the columns file, sample, and '
      'conditions with their units, as dose_dpa'
    )
  return table


def unit_of_condition(name: str) -> str:
  """The unit that a column's name ends in; '' without one.

  Examples:
    >>> unit_of_condition('temperature_c'), unit_of_condition('operator')
    ('°C', '')
  """
  return next(
    (u for end, u in UNITS.items() if name.endswith(end) and name != end), ''
  )


def condition_title(name: str) -> str:
  """A condition as an axis has it.

  Examples:
    >>> condition_title('damage_rate_dpa_per_s')
    'damage rate (dpa/s)'
  """
  for end, unit in UNITS.items():
    if name.endswith(end) and name != end:
      return f'{name.removesuffix(end).replace("_", " ")} ({unit})'
  return name.replace('_', ' ')


def _numbers(
  row: Mapping[str, str | None], names: Iterable[str], where: str
) -> dict[str, float]:
  """Of one row, without what is empty."""
  found = {}
  for name in names:
    text = (row.get(name) or '').strip()
    if not text:
      continue
    value = read_number(text)
    if math.isnan(value):
      raise InputError(
        f'{where}: {name} is {text!r}: must be a number; write nothing if it '
        'is not known'
      )
    found[name] = value
  return found
