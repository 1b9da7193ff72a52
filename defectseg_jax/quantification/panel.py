"""A panel of people, and a machine, against a ground truth.

Computes Tables 2, 3 and 4 of Roberts et al. (2019) for any data. An error is
|value - truth| / |truth|, as a fraction (0.2 is 20%). Its average is over the
people who gave a value.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np

from defectseg_jax.bounds import read_number
from defectseg_jax.errors import InputError

# Whatever is measured, with or without the numbers of its objects.
_Mask = TypeVar('_Mask')
_ROW = ('person', 'image', 'quantity', 'value')

# Values by (image, quantity); None or NaN where no value was given.
Values = Mapping[tuple[str, str], float | None]


class PanelErrors(NamedTuple):
  """Errors by (image, quantity), as fractions; NaN where no value was given.

  Attributes:
    people: by person, the errors of each.
    average: mean error of the people who gave a value.
    spread: standard deviation (n - 1) of their errors; NaN of fewer than two.
    answers: how many people gave a value.
    machine: the machine's errors; empty if there is no machine.
  """

  people: dict[str, dict[tuple[str, str], float]]
  average: dict[tuple[str, str], float]
  spread: dict[tuple[str, str], float]
  answers: dict[tuple[str, str], int]
  machine: dict[tuple[str, str], float]

  def rows(self) -> list[dict[str, str | int | float]]:
    """A row for each image and quantity, a column for each person."""
    return [
      {
        'image': image,
        'quantity': quantity,
        **{f'error_{name}': own[key] for name, own in self.people.items()},
        'error_average': self.average[key],
        'error_spread': self.spread[key],
        'answers': self.answers[key],
        'error_machine': self.machine.get(key, math.nan),
      }
      for key in self.average
      for image, quantity in [key]
    ]


def relative_error(value: float | None, truth: float) -> float:
  """|value - truth| / |truth|; NaN without a value, or for a truth of 0.

  Examples:
    >>> relative_error(120.0, 100.0)
    0.2
  """
  if value is None or truth == 0 or math.isnan(truth):
    return math.nan
  return abs(value - truth) / abs(truth)


def panel_errors(
  truth: Values,
  people: Mapping[str, Values],
  machine: Values | None = None,
) -> PanelErrors:
  """The errors of all people, and of the machine.

  Args:
    truth: the true value of every (image, quantity) that is judged.
    people: by person, the values of each; values may be missing.
    machine: the machine's values, or None.

  Returns:
    Errors, in the order of the truth.

  Raises:
    InputError: someone names an image or a quantity that is not in the truth,
      or a true value is not a number.

  Examples:
    Two people see 110 and 70 of 100 voids: errors of 10% and 30%.

    >>> key = ('foil_1', 'voids')
    >>> errors = panel_errors(
    ...   {key: 100.0}, {'ann': {key: 110.0}, 'bob': {key: 70.0}}, {key: 95.0}
    ... )
    >>> print(f'{errors.average[key]:.2f}, {errors.machine[key]:.2f}')
    0.20, 0.05
  """
  true_values = _finite_values(truth)
  for name, values in (*people.items(), ('the machine', machine or {})):
    _require_known(name, values, true_values)
  errors = {
    name: _relative_errors(own, true_values) for name, own in people.items()
  }
  by_key = {
    key: np.array([own[key] for own in errors.values()], float) for key in truth
  }
  given = {key: found[~np.isnan(found)] for key, found in by_key.items()}
  return PanelErrors(
    people=errors,
    average={key: mean_of_given(found) for key, found in given.items()},
    spread={
      key: float(found.std(ddof=1)) if len(found) > 1 else math.nan
      for key, found in given.items()
    },
    answers={key: len(found) for key, found in given.items()},
    machine={} if machine is None else _relative_errors(machine, true_values),
  )


def mean_of_given(values: Iterable[float | None]) -> float:
  """The mean of the values that are not None or NaN; NaN if all are."""
  found = [v for v in values if v is not None and not math.isnan(v)]
  return float(np.mean(found)) if found else math.nan


def speed_up(human_minutes: Iterable[float | None], machine_s: float) -> float:
  """How many times faster the machine is than the people are on average.

  Args:
    human_minutes: of each person; None where it is not known.
    machine_s: of the machine.

  Raises:
    InputError: the machine's time is not above 0.

  Examples:
    People take 1 and 3 minutes, on average 120 s; the machine takes 4 s.

    >>> speed_up([1.0, 3.0], machine_s=4.0)
    30.0
  """
  if not machine_s > 0:
    raise InputError(f'machine_s={machine_s}: must be a number above 0')
  return mean_of_given(human_minutes) * 60 / machine_s


def values_of_rows(
  rows: Iterable[Mapping[str, str]],
) -> dict[str, dict[tuple[str, str], float | None]]:
  """Values by person, from the rows of a table such as csv.DictReader gives.

  Args:
    rows: with `person`, `image`, `quantity` and `value`; a value of '' means
      that the person gave none.

  Returns:
    Values of each person, in the order of the rows.

  Raises:
    InputError: a column is missing, a value is not a finite number, or is
      given twice.
  """
  people: dict[str, dict[tuple[str, str], float | None]] = {}
  for number, row in enumerate(rows, start=1):
    missing = [name for name in _ROW if row.get(name) is None]
    if missing:
      raise InputError(
        f'row {number}: has no {", ".join(missing)}; the columns are '
        f'{",".join(_ROW)}'
      )
    key = (row['image'], row['quantity'])
    own = people.setdefault(row['person'], {})
    if key in own:
      raise InputError(
        f'row {number}: {row["person"]} has given {_phrase(key)} already; keep '
        'one of the two rows'
      )
    own[key] = _number(row['value'], number)
  return people


def values_of_masks(
  masks: Mapping[str, Mapping[str, _Mask]],
  measure: Callable[[str, _Mask], Mapping[str, float]],
) -> dict[str, dict[tuple[str, str], float]]:
  """Values by person, from masks that all are measured the same way.

  Args:
    masks: by person, then by image.
    measure: takes an image's name and a mask, and returns numbers by name.

  Returns:
    Values of each person.
  """
  return {
    person: {
      (image, quantity): value
      for image, mask in own.items()
      for quantity, value in measure(image, mask).items()
    }
    for person, own in masks.items()
  }


def _finite_values(truth: Values) -> dict[tuple[str, str], float]:
  """The truth; raises InputError if a value of it is not a number."""
  found = {}
  for key, value in truth.items():
    if value is None or not math.isfinite(value):
      raise InputError(
        f'truth of {_phrase(key)}: {value} is not a number; give a number, or '
        'leave the row out'
      )
    found[key] = value
  return found


def _relative_errors(
  values: Values, truth: Mapping[tuple[str, str], float]
) -> dict[tuple[str, str], float]:
  return {
    key: relative_error(values.get(key), true) for key, true in truth.items()
  }


def _require_known(
  name: str, values: Values, truth: Mapping[tuple[str, str], float]
) -> None:
  """Raises InputError if someone gives a value that is not in the truth."""
  images = {image for image, _ in truth}
  for key in values:
    if key in truth:
      continue
    if key[0] not in images:
      raise InputError(
        f'{name} names the image {key[0]}, which is not in the truth; it '
        f'has {", ".join(sorted(images)) or "no images"}'
      )
    known = sorted(quantity for image, quantity in truth if image == key[0])
    raise InputError(
      f'{name} gives {_phrase(key)}, which is not in the truth; of that image '
      f'it has {", ".join(known)}'
    )


def _phrase(key: tuple[str, str]) -> str:
  image, quantity = key
  return f'{quantity} of {image}'


def _number(text: str, row: int) -> float | None:
  """The value of a row; None for an empty one."""
  if not str(text).strip():
    return None
  value = read_number(text)
  if math.isnan(value):
    raise InputError(
      f'row {row}: value={text}: must be a number, or nothing at all'
    )
  return value
