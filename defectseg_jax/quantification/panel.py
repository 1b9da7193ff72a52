"""A panel of people, and a machine, against a ground truth.

Tables 2, 3 and 4 of Roberts et al. (2019) for any data. A percent error is
|value - truth| / |truth|, as a fraction (0.2 is 20%); the average is over the
people who gave a value.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import InputError

_ROW = ('person', 'image', 'quantity', 'value')

# Values by (image, quantity); None or NaN where there is none.
Values = Mapping[tuple[str, str], float | None]


class PanelErrors(NamedTuple):
  """Fractions by (image, quantity); NaN where nothing was given.

  Attributes:
    people: of each person.
    average: over the people who gave a value.
    spread: standard deviation (n - 1) over them; NaN of fewer than two.
    answers: how many gave a value.
    machine: of the machine; empty where there is none.
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
  """|value - truth| / |truth|; NaN without a value, or for a truth of 0."""
  if value is None or truth == 0 or math.isnan(truth):
    return math.nan
  return abs(value - truth) / abs(truth)


def panel_errors(
  truth: Values,
  people: Mapping[str, Values],
  machine: Values | None = None,
) -> PanelErrors:
  """The errors of everyone.

  Args:
    truth: of every (image, quantity) that is judged.
    people: what each person gave; a person may have left out some.
    machine: what the machine gave, or None.

  Returns:
    Errors, in the order of the truth.

  Raises:
    InputError: someone names an image or a quantity that the truth has not,
      or the truth has no number.
  """
  for key, value in truth.items():
    if value is None or not math.isfinite(value):
      raise InputError(
        f'truth of {_named(key)}: {value} is no number; give one, or leave the '
        'row out'
      )
  for name, values in (*people.items(), ('the machine', machine or {})):
    _require_known(name, values, truth)
  errors = {
    name: {key: relative_error(own.get(key), truth[key]) for key in truth}
    for name, own in people.items()
  }
  by_key = {
    key: np.array([own[key] for own in errors.values()], float) for key in truth
  }
  given = {key: found[~np.isnan(found)] for key, found in by_key.items()}
  return PanelErrors(
    people=errors,
    average={key: average(found) for key, found in given.items()},
    spread={
      key: float(found.std(ddof=1)) if len(found) > 1 else math.nan
      for key, found in given.items()
    },
    answers={key: len(found) for key, found in given.items()},
    machine={}
    if machine is None
    else {key: relative_error(machine.get(key), truth[key]) for key in truth},
  )


def average(values: Iterable[float | None]) -> float:
  """The mean of those that are there: of times, too; NaN if none is."""
  found = [v for v in values if v is not None and not math.isnan(v)]
  return float(np.mean(found)) if found else math.nan


def speed_up(human_minutes: Iterable[float | None], machine_s: float) -> float:
  """How many times as long people take on average.

  Raises:
    InputError: the machine's time is not above 0.
  """
  if not machine_s > 0:
    raise InputError(f'machine_s={machine_s}: must be a number above 0')
  return average(human_minutes) * 60 / machine_s


def values_of_rows(
  rows: Iterable[Mapping[str, str]],
) -> dict[str, dict[tuple[str, str], float | None]]:
  """The rows of a table of numbers, such as csv.DictReader gives.

  Args:
    rows: with `person`, `image`, `quantity` and `value`; a value of '' is
      none.

  Returns:
    Values of each person, in the order of the rows.

  Raises:
    InputError: a column is missing, a value is no finite number, or is given
      twice.
  """
  people = {}
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
        f'row {number}: {row["person"]} has given {_named(key)} already; keep '
        'one of the two rows'
      )
    own[key] = _number(row['value'], number)
  return people


def values_of_masks(
  masks: Mapping[str, Mapping[str, np.ndarray]],
  measure: Callable[[str, np.ndarray], Mapping[str, float]],
) -> dict[str, dict[tuple[str, str], float]]:
  """Quantifies what each person drew, all by the same measure.

  Args:
    masks: by person, then by image.
    measure: of an image's name and a mask to numbers by name.

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


def _require_known(name, values, truth):
  images = {image for image, _ in truth}
  for key in values:
    if key in truth:
      continue
    if key[0] not in images:
      raise InputError(
        f'{name} names the image {key[0]}, which the truth has not; it has '
        f'{", ".join(sorted(images)) or "none"}'
      )
    known = sorted(quantity for image, quantity in truth if image == key[0])
    raise InputError(
      f'{name} gives {_named(key)}, which the truth has not; of that image it '
      f'has {", ".join(known)}'
    )


def _named(key):
  image, quantity = key
  return f'{quantity} of {image}'


def _number(text, row):
  if not str(text).strip():
    return None
  try:
    value = float(text)
  except ValueError:
    value = math.nan
  if not math.isfinite(value):
    raise InputError(
      f'row {row}: value={text}: must be a number, or nothing at all'
    )
  return value
