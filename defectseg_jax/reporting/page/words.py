"""Names of columns and numbers as a person reads them."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

NONE = '–'
# An interval may have no upper end, as that of a spacing of few objects.
NO_END = '∞'
# Digits of summary.csv and objects.csv, by which a page is compared with them.
FILE_DIGITS = 6
_SHOWN_DIGITS = 3

_UNITS = {
  '_per_m3': 'm⁻³',
  '_per_m2': 'm⁻²',
  '_per_m': 'm⁻¹',
  '_mpa': 'MPa',
  '_nm2': 'nm²',
  '_nm': 'nm',
  '_px': 'px',
}
_IN_PERCENT = (
  'volume_fraction',
  'swelling',
  'area_fraction',
  'iu',
  'precision',
  'recall',
)
_TITLES = {
  'diameter_mean_nm': 'mean diameter',
  'diameter_mean_corrected_nm': 'mean diameter, corrected',
  'diameter_mean_px': 'mean diameter',
  'diameter_std_nm': 'standard deviation of diameter',
  'density_grid_per_m2': 'line density, by crossings',
  'density_length_per_m2': 'line density, by length',
  'density_grid_corrected_per_m2': 'line density, by crossings, corrected',
  'density_length_corrected_per_m2': 'line density, by length, corrected',
  'expected_f1': 'expected F1',
  'number_per_area_per_m2': 'number per area N_A',
  'area_fraction': 'area fraction A_A',
  'line_length_per_area_per_m': 'line length per area L_A',
  'overlap_not_corrected': 'overlap not corrected',
  'iu': 'IU',
  'hardening_barrier_mpa': 'hardening, dispersed barriers',
  'hardening_orowan_mpa': 'hardening, Ashby-Orowan',
  'hardening_bks_mpa': 'hardening, Bacon-Kocks-Scattergood',
  'hardening_taylor_mpa': 'hardening, Taylor',
  'point_defect_path_nm': 'mean free path of point defects',
}
_SUPERSCRIPTS = str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹')


def title_of(name: str) -> str:
  """A column's name in words, without its unit.

  Examples:
    >>> title_of('diameter_mean_nm'), title_of('number_density_per_m3')
    ('mean diameter', 'number density')
  """
  if name in _TITLES:
    return _TITLES[name]
  for ending in _UNITS:
    name = name.removesuffix(ending)
  for ending in ('_corrected', '_detected'):
    if name.endswith(ending):
      name = f'{name.removesuffix(ending)},{ending}'
  return name.replace('_', ' ')


def unit_of(name: str) -> str:
  """The unit that a column's name ends in; '' for a number without a unit.

  Examples:
    >>> unit_of('number_density_per_m3'), unit_of('swelling'), unit_of('count')
    ('m⁻³', '%', '')
  """
  if name in _IN_PERCENT:
    return '%'
  return next((u for ending, u in _UNITS.items() if name.endswith(ending)), '')


def power_of_ten(exponent: int) -> str:
  """10²¹, for 21."""
  return '10' + str(exponent).translate(_SUPERSCRIPTS)


def file_text(value: Any) -> str:
  """A number as summary.csv has it; '' for None and NaN."""
  if not is_number(value) and value != math.inf:
    return ''
  return f'{value:.{FILE_DIGITS}g}' if isinstance(value, float) else str(value)


def is_number(value: Any) -> TypeGuard[int | float]:
  """Whether it is a finite number."""
  return isinstance(value, int | float) and math.isfinite(value)


@dataclasses.dataclass(frozen=True)
class Column:
  """A quantity in a table, its numbers to one power of ten and alike long.

  Attributes:
    name: of the quantity, unit in the name.
    exponent: numbers are shown over ten to this power.
    decimals: that are shown.
  """

  name: str
  exponent: int
  decimals: int

  @property
  def title(self) -> str:
    """Of the column, without the unit."""
    return title_of(self.name)

  @property
  def unit(self) -> str:
    """With the power of ten: `10²⁰ m⁻³`; '' of a bare number."""
    unit = unit_of(self.name)
    if not self.exponent or unit == '%':
      return unit
    return f'{power_of_ten(self.exponent)} {unit}'.strip()

  def text(self, value: Any) -> str:
    """A number in this column; a dash for None and NaN."""
    if value == math.inf:
      return NO_END
    if not is_number(value):
      return NONE
    if isinstance(value, int) and not self.exponent:
      return str(value)
    shown = value / 10.0**self.exponent
    text = f'{shown:.{self.decimals}f}'
    # Far below its neighbours, but not nothing.
    return f'{shown:.2g}' if value and not float(text) else text


def column_of(name: str, rows: Iterable[Mapping[str, Any]]) -> Column:
  """The column in which this quantity of these rows is read best.

  Where nothing was found in any, it is that of the intervals' upper ends.
  """
  rows = list(rows)
  sizes = _sizes(rows, name) or _sizes(rows, f'{name}_high')
  typical = _exponent(sizes[len(sizes) // 2]) if sizes else 0
  exponent = 0 if -3 < typical < 4 else typical
  if unit_of(name) == '%':
    exponent = -2
  decimals = max(0, _SHOWN_DIGITS - 1 - (typical - exponent))
  return Column(name, exponent, decimals)


def interval_of(row: Mapping[str, Any], name: str) -> tuple[Any, Any] | None:
  """The ends of a quantity's interval; None where one is not known.

  Examples:
    >>> interval_of({'x_low': 2.0, 'x_high': math.inf}, 'x')
    (2.0, inf)
    >>> interval_of({'x_low': 2.0, 'x_high': math.nan}, 'x')
  """
  low, high = row.get(f'{name}_low'), row.get(f'{name}_high')
  known = is_number(low) and (is_number(high) or high == math.inf)
  return (low, high) if known else None


def _sizes(rows: Iterable[Mapping[str, Any]], name: str) -> list[float]:
  values = [row.get(name) for row in rows]
  return sorted(abs(v) for v in values if is_number(v) and v)


def _exponent(value: float) -> int:
  return math.floor(math.log10(abs(value)))
