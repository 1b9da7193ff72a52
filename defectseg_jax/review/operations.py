"""What a person may ask for, as JSON, checked before anything is done.

| kind | fields | what it does |
|---|---|---|
| toggle | row, column | an object out, or one that is out in again |
| grow | row, column | a missed object, grown around the place |
| paint | points, radius_px, erase, id | a brush, or an eraser |
| polygon | points, erase, id | an outline, filled |
| line | points, width_px, snap | a dislocation through the points |
| split | points | cuts an object along a stroke; at one point: in two |
| merge | points | the objects under the points become one |
| threshold | value | the network's objects anew |
| proposal | value | what lesson number `value` proposes |
| region | points, value | what counts: 0 as usual, 1 not labelled, 2 none |
| done | value | accepts the image, or takes that back |

Each has `version`, too: that of the document that it was made on.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from defectseg_jax.errors import InputError

# A stroke of a pen has a few hundred; by eye.
_MOST_POINTS = 20_000
_LARGEST_RADIUS_PX = 512.0
_LARGEST_WIDTH_PX = 64.0

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Operation:
  """What is asked for; None, and no points, where its kind has no such field.

  Attributes:
    kind: as the table above has them.
    points: row and column of each, in pixels of the image; one for `toggle` and
      `grow`.
    radius_px: of the brush.
    width_px: of the line.
    erase: whether objects are taken away.
    snap: whether the line follows the ridge between its points.
    id: of the object that is painted; None for the one that the stroke begins
      on, or a new one.
    value: of threshold, proposal, region or done.
  """

  kind: str
  points: tuple[Point, ...] = ()
  radius_px: float = 0.0
  width_px: float = 0.0
  erase: bool = False
  snap: bool = True
  id: int | None = None
  value: Any = None


def read_operation(
  given: Mapping[str, Any], shape: tuple[int, int]
) -> Operation:
  """Checks what a page sends.

  Args:
    given: a JSON object.
    shape: height and width of the image.

  Raises:
    InputError: it is no operation, or a number is out of its range.

  Examples:
    >>> read_operation({'kind': 'toggle', 'row': 3, 'column': 4.5}, (8, 8))
    ... # doctest: +ELLIPSIS
    Operation(kind='toggle', points=((3.0, 4.5),), ...)
    >>> read_operation({'kind': 'toggle', 'row': 9, 'column': 4}, (8, 8))
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: toggle: row=9 is not from 0 to below 8; ...
  """
  if not isinstance(given, Mapping):
    raise InputError('an operation: is no JSON object; give one with a kind')
  kind = given.get('kind')
  if not isinstance(kind, str) or kind not in _FIELDS:
    raise InputError(
      f'kind={_short(kind)}: is no operation; choose one of '
      f'{", ".join(_FIELDS)}'
    )
  known = _FIELDS[kind]
  extra = sorted(map(str, set(given) - {'kind', 'version'} - set(known)))
  if extra:
    raise InputError(f'{kind}: has no {_short(extra[0])}; leave it out')
  read: dict[str, Any] = {}
  for field in known:
    if field not in given and field in _DEFAULTS:
      continue
    if field not in given:
      raise InputError(f'{kind}: {field} is missing; give it')
    read[field] = _READERS[field](kind, given[field], shape)
  if 'row' in read:
    read['points'] = ((read.pop('row'), read.pop('column')),)
  return Operation(kind, **read)


def _row(kind: str, value: Any, shape: tuple[int, int]) -> float:
  return _number(kind, 'row', value, 0, shape[0], below=True)


def _column(kind: str, value: Any, shape: tuple[int, int]) -> float:
  return _number(kind, 'column', value, 0, shape[1], below=True)


def _points(kind: str, value: Any, shape: tuple[int, int]) -> tuple[Point, ...]:
  """Points, which a stroke may carry past the image's sides."""
  if not isinstance(value, list | tuple):
    raise InputError(f'{kind}: points is no list; give rows and columns')
  fewest = {'polygon': 3, 'region': 3, 'line': 2, 'merge': 1}.get(kind, 1)
  if not fewest <= len(value) <= _MOST_POINTS:
    raise InputError(
      f'{kind}: has {len(value)} points; give from {fewest} to {_MOST_POINTS}'
    )
  beyond = float(max(shape))
  found = []
  for one in value:
    if not isinstance(one, list | tuple) or len(one) != 2:
      raise InputError(f'{kind}: {_short(one)} is no row and column; give two')
    row = _number(kind, 'row', one[0], -beyond, shape[0] + beyond)
    column = _number(kind, 'column', one[1], -beyond, shape[1] + beyond)
    found.append((row, column))
  return tuple(found)


def _radius(kind: str, value: Any, _: tuple[int, int]) -> float:
  return _number(kind, 'radius_px', value, 0.5, _LARGEST_RADIUS_PX)


def _width(kind: str, value: Any, _: tuple[int, int]) -> float:
  return _number(kind, 'width_px', value, 1, _LARGEST_WIDTH_PX)


def _flag(name: str) -> Any:
  def read(kind: str, value: Any, _: tuple[int, int]) -> bool:
    if not isinstance(value, bool):
      raise InputError(f'{kind}: {name}={_short(value)} is not true or false')
    return value

  return read


def _id(kind: str, value: Any, _: tuple[int, int]) -> int | None:
  if value is None:
    return None
  return int(_number(kind, 'id', value, 1, 2**31 - 1, whole=True))


def _value(kind: str, value: Any, shape: tuple[int, int]) -> Any:
  if kind == 'done':
    return _flag('value')(kind, value, shape)
  if kind == 'proposal':
    return int(_number(kind, 'value', value, 1, 1_000_000, whole=True))
  if kind == 'region':
    return int(_number(kind, 'value', value, 0, 2, whole=True))
  return _number(kind, 'value', value, 0, 1)


def _number(
  kind: str,
  name: str,
  value: Any,
  low: float,
  high: float,
  *,
  below: bool = False,
  whole: bool = False,
) -> float:
  fits = isinstance(value, int | float) and not isinstance(value, bool)
  # No float holds 10**400; NaN lies between no numbers.
  fits = fits and low <= value <= high
  if not fits or (below and value == high) or (whole and value != int(value)):
    end = 'below ' if below else ''
    raise InputError(
      f'{kind}: {name}={_short(value)} is not '
      f'{"a whole number " if whole else ""}from {low:g} to {end}{high:g}; '
      'give one that is'
    )
  return float(value)


def _short(value: Any) -> str:
  text = ' '.join(str(value).split())
  return text if len(text) <= 60 else f'{text[:57]}...'


_FIELDS = {
  'toggle': ('row', 'column'),
  'grow': ('row', 'column'),
  'paint': ('points', 'radius_px', 'erase', 'id'),
  'polygon': ('points', 'erase', 'id'),
  'line': ('points', 'width_px', 'snap'),
  'split': ('points',),
  'merge': ('points',),
  'threshold': ('value',),
  'proposal': ('value',),
  'region': ('points', 'value'),
  'done': ('value',),
}
# What may be left out.
_DEFAULTS = {'erase', 'id', 'snap'}
_READERS = {
  'row': _row,
  'column': _column,
  'points': _points,
  'radius_px': _radius,
  'width_px': _width,
  'erase': _flag('erase'),
  'snap': _flag('snap'),
  'id': _id,
  'value': _value,
}
