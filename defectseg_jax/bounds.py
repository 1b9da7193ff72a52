"""What a setting may hold: said beside its field, asked in one place.

A field is annotated with its bounds and the reason for them:

  epochs: Annotated[int, within(1, 100_000, 'each is a pass')] = 100

`read_fields` and `require_fields` ask for all of them, of a config as of flags,
so that a wrong value ends in one line, whoever would have read it first.
"""

import dataclasses
import difflib
import functools
import math
import numbers
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, TypeGuard, TypeVar

from defectseg_jax.errors import InputError

_Section = TypeVar('_Section')
# Characters of a value in a message.
_LONGEST = 60


@dataclasses.dataclass(frozen=True)
class Bounds:
  """The ends between which a number lies, and why.

  Attributes:
    low, high: the ends.
    reason: of the bounds, for messages.
    below: whether the upper end is itself left out.
  """

  low: float
  high: float
  reason: str = ''
  below: bool = False

  def hold(self, value: float) -> bool:
    """Whether a number lies between the ends; NaN does not."""
    return self.low <= value and (
      value < self.high if self.below else value <= self.high
    )

  def in_words(self) -> str:
    """The bounds and their reason, as they stand after 'must be'."""
    return f'{self}: {self.reason}' if self.reason else str(self)

  def __str__(self) -> str:
    """The bounds alone."""
    end = 'below ' if self.below else ''
    return f'from {_number(self.low)} to {end}{_number(self.high)}'


@dataclasses.dataclass(frozen=True)
class Choices:
  """The values of which one is taken."""

  values: tuple[Any, ...]

  def said_of(self, value: Any) -> str:
    """What to choose, with what was probably meant."""
    words = [str(one) for one in self.values]
    near = difflib.get_close_matches(str(value), words, 1)
    meant = f'; did you mean {near[0]}?' if near else ''
    return f'choose one of {", ".join(words)}{meant}'


def within(
  low: float,
  high: float,
  reason: str = '',
  *,
  below: bool = False,
) -> Bounds:
  """The bounds of a number, or of both numbers of a range.

  Args:
    low, high, reason, below: as `Bounds` has them.

  Examples:
    >>> str(within(0, 1)), str(within(0, 1, below=True))
    ('from 0 to 1', 'from 0 to below 1')
  """
  return Bounds(low, high, reason, below)


def one_of(*values: Any) -> Choices:
  """The values that a field may have."""
  return Choices(values)


PIXEL_SIZE_NM = within(1e-4, 1e6, 'it is in nanometres')
THICKNESS_NM = within(0.1, 1e6, 'it is in nanometres')
RELATIVE = within(0, 1, 'it is relative, and 10% is written as 0.1', below=True)

Fraction = Annotated[float, within(0, 1, 'it is a fraction')]
Relative = Annotated[float, RELATIVE]
Seed = Annotated[
  int, within(0, 2**31 - 1, 'generators of random numbers take no other')
]


def read_fields(
  kind: type[_Section],
  given: Any,
  where: str,
  *,
  complete: bool = False,
) -> _Section:
  """Makes a section's dataclass of what a config holds.

  Args:
    kind: a frozen dataclass; fields of it that are dataclasses are sections in
      turn.
    given: its fields, as a mapping.
    where: name of the section, for messages.
    complete: whether no field may be missing; else those have their defaults.

  Raises:
    InputError: a field is unknown or missing, or its value is out of bounds.

  Examples:
    >>> @dataclasses.dataclass(frozen=True)
    ... class Training:
    ...   epochs: Annotated[int, within(1, 100)] = 10
    >>> read_fields(Training, {'epochs': 0}, 'config.training')
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: config.training.epochs=0: must be a w...
  """
  # A ConfigDict is no Mapping, though it reads like one.
  if not hasattr(given, 'items'):
    raise InputError(f'{where}={_shown(given)}: must be a section of fields')
  known = {field.name: field for field in dataclasses.fields(kind)}  # pyright: ignore
  missing = known.keys() - given.keys() if complete else set()
  for name in sorted(missing | (given.keys() - known.keys()), key=str):
    what = 'is missing' if name in known else 'is not known'
    raise InputError(
      f'{where}.{name}: {what}; the fields stand in configs/common.py'
    )
  fields = dict(given)
  for name, inner in _sections(kind):
    fields[name] = read_fields(
      inner, given.get(name, {}), f'{where}.{name}', complete=complete
    )
  require_fields(kind, fields, f'{where}.')
  return kind(**fields)


def require_fields(kind: type, fields: Mapping[str, Any], where: str) -> None:
  """Looks whether the values of fields are what their annotations say.

  Args:
    kind: the dataclass.
    fields: values by name; those without an annotation are passed over.
    where: what stands before a name in a message: 'config.data.', or '--'.

  Raises:
    InputError: the first that is of another type, or out of its bounds.
  """
  for name, asked in _asked(kind).items():
    if name in fields and (wrong := asked.wrong(fields[name])):
      raise InputError(f'{where}{name}={_shown(fields[name])}: {wrong}')


@dataclasses.dataclass(frozen=True)
class _Asked:
  """What is asked of a field: its type, and its bounds or choices."""

  kind: Any
  optional: bool
  bounds: Bounds | Choices | None

  def wrong(self, value: Any) -> str:
    """What is wrong with a value, and what would be right; '' if nothing."""
    if value is None and self.optional:
      return ''
    if isinstance(self.bounds, Choices):
      # 1 is True, and is not what a field of numbers means by it.
      right = (
        type(one) is type(value) and one == value for one in self.bounds.values
      )
      return '' if any(right) else self.bounds.said_of(value)
    if self.kind is bool:
      return '' if isinstance(value, bool) else 'must be True or False'
    if self.kind is str:
      right = isinstance(value, str) and '\0' not in value
      return '' if right else 'must be text'
    if typing.get_origin(self.kind) is tuple:
      return self._wrong_in_range(value)
    right = _is_number(value, whole=self.kind is int) and self._holds(value)
    return '' if right else self._must_be()

  def _wrong_in_range(self, value: Any) -> str:
    if not isinstance(value, tuple | list) or not all(
      _is_number(one) and self._holds(one) for one in value
    ):
      return f'each {self._must_be()}'
    if Ellipsis in typing.get_args(self.kind):
      return '' if value else 'give one number at least'
    if len(value) != 2 or value[0] > value[1]:
      return 'give two numbers, the smaller first'
    return ''

  def _holds(self, value: float) -> bool:
    return not isinstance(self.bounds, Bounds) or self.bounds.hold(value)

  def _must_be(self) -> str:
    if not isinstance(self.bounds, Bounds):
      return 'must be a finite number'
    what = 'a whole number ' if self.kind is int else ''
    return f'must be {what}{self.bounds.in_words()}'


@functools.cache
def _asked(kind: type) -> dict[str, _Asked]:
  """What is asked of each field of a dataclass that takes plain values."""
  return {
    name: found
    for name, hint in typing.get_type_hints(kind, include_extras=True).items()
    if (found := _asked_by(hint)) is not None
  }


def _asked_by(hint: Any, bounds: Any = None) -> _Asked | None:
  if typing.get_origin(hint) is Annotated:
    hint, bounds = hint.__origin__, hint.__metadata__[0]
  kinds = [one for one in _kinds(hint) if one is not types.NoneType]
  if len(kinds) != 1:
    return None
  plain = kinds[0] in (bool, int, float, str)
  if not plain and typing.get_origin(kinds[0]) is not tuple:
    return None
  return _Asked(kinds[0], len(_kinds(hint)) > 1, bounds)


def _kinds(hint: Any) -> tuple[Any, ...]:
  """The types that a union has; else the type itself."""
  if typing.get_origin(hint) in (typing.Union, types.UnionType):
    return typing.get_args(hint)
  return (hint,)


@functools.cache
def _sections(kind: type) -> tuple[tuple[str, type], ...]:
  """The fields of a dataclass that are dataclasses."""
  return tuple(
    (name, typing.cast(type, hint))
    for name, hint in typing.get_type_hints(kind).items()
    if dataclasses.is_dataclass(hint)
  )


def _is_number(value: Any, *, whole: bool = False) -> TypeGuard[float]:
  wanted = numbers.Integral if whole else numbers.Real
  if isinstance(value, bool) or not isinstance(value, wanted):
    return False
  # No float holds 10**400.
  return isinstance(value, numbers.Integral) or math.isfinite(value)


def read_number(text: str) -> float:
  """What a cell of a table says; NaN of what is no finite number.

  Examples:
    >>> read_number('0.5'), read_number('high'), read_number('inf')
    (0.5, nan, nan)
  """
  try:
    value = float(text)
  except ValueError:
    return math.nan
  return value if math.isfinite(value) else math.nan


def _number(value: float) -> str:
  return str(value) if isinstance(value, int) else f'{value:g}'


def _shown(value: Any) -> str:
  """A value in a message: in one line, and not longer than that."""
  try:
    text = str(value)
  except ValueError:
    # Python writes no whole number of more than 4300 digits.
    text = 'a number of thousands of digits'
  # Line breaks, and what is no text in any encoding.
  text = ascii(text)[1:-1] if not text.isprintable() else text
  text = text or "''"
  return text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'
