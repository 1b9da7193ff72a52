"""--reference: masks or numbers of people and a truth, beside the program's."""

import dataclasses
import math
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

from defectseg_jax.errors import InputError
from defectseg_jax.files import csv_text, write_text
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.quantification import panel
from defectseg_jax.reporting.figures import measurements
from defectseg_jax.sessions.reference import TRUTH, person_folders, person_masks

MACHINE = 'machine'
# The quantity that people took, and that is not measured in the foil.
MINUTES = 'time_min'

Values = dict[tuple[str, str], float | None]


@dataclasses.dataclass(frozen=True)
class Reference:
  """What a truth and people say, by (image, quantity).

  Attributes:
    truth: of every image and quantity that is compared.
    people: what each person gave.
    minutes: how long each person took, by image.
  """

  truth: Values
  people: dict[str, Values]
  minutes: dict[str, dict[str, float | None]]


def read_reference(
  path: pathlib.Path,
  read: Callable[[Mapping[str, MaskFile]], Mapping[str, ObjectMask]]
  | None = None,
  measure: Callable[[str, ObjectMask], Mapping[str, float]] = lambda *_: {},
) -> Reference:
  """Reads a panel.

  Args:
    path: a CSV of person,image,quantity,value, in which one person is called
      truth; or a folder as `person_folders` takes it, of masks that are named
      as the images are.
    read: the masks of a person, by image; needed of a folder.
    measure: of an image's name and a mask to numbers by name.

  Returns:
    The panel.

  Raises:
    InputError: the path is not there, there is no truth, or a file is wrong.
  """
  if path.is_dir() and read is not None:
    masks = {
      person: read(person_masks(folder))
      for person, folder in person_folders(path).items()
    }
    people = panel.values_of_masks(masks, measure)
  else:
    people = _people_of_csv(path)
  if TRUTH not in people:
    raise InputError(
      f'{path}: nobody is called {TRUTH}; '
      + (
        f'put the true masks into {path / TRUTH}'
        if path.is_dir()
        else f'give the true values as rows of the person {TRUTH}'
      )
    )
  minutes = {
    name: {
      image: value
      for (image, quantity), value in own.items()
      if quantity == MINUTES
    }
    for name, own in people.items()
  }
  people = {
    name: {key: value for key, value in own.items() if key[1] != MINUTES}
    for name, own in people.items()
  }
  truth = people.pop(TRUTH)
  if not truth:
    raise InputError(f'{path}: {TRUTH} has no values; give at least one')
  return Reference(truth, people, {n: own for n, own in minutes.items() if own})


def machine_of_csv(
  reference: Reference,
) -> tuple[Reference, Values, dict[str, float]]:
  """Takes the machine's rows out of a panel whose masks are not at hand.

  Returns:
    The panel without it, its values, and its seconds by image.

  Raises:
    InputError: it has no rows.
  """
  if MACHINE not in reference.people:
    raise InputError(
      f'--reference: has no rows of the person {MACHINE}; give them, or give '
      "the machine's masks by --input"
    )
  people, minutes = dict(reference.people), dict(reference.minutes)
  values = people.pop(MACHINE)
  seconds = {
    image: 60 * value
    for image, value in minutes.pop(MACHINE, {}).items()
    if value is not None
  }
  return Reference(reference.truth, people, minutes), values, seconds


def machine_of_summaries(
  reference: Reference, summaries: Mapping[str, Mapping[str, float]]
) -> Values:
  """What the program's summaries say of all that the truth names.

  Raises:
    InputError: the truth names an image or a number that they have not; or a
      person has the program's name.
  """
  if MACHINE in reference.people:
    raise InputError(
      f'--reference: a person is called {MACHINE}, as the program is; give '
      'another name, or leave --input out'
    )
  values = {}
  for image, quantity in reference.truth:
    if image not in summaries:
      raise InputError(
        f'--reference: {TRUTH} names the image {image}, which --input has not; '
        f'it has {", ".join(summaries)}'
      )
    if quantity not in summaries[image]:
      raise InputError(
        f'--reference: {TRUTH} gives {quantity} of {image}; what is known are '
        f'the columns of summary.csv, such as '
        f'{", ".join(list(summaries[image])[:4])}'
      )
    value = summaries[image][quantity]
    values[image, quantity] = None if value is None else float(value)
  return values


def write_panel(
  folder: pathlib.Path,
  reference: Reference,
  machine: Values,
  seconds: Mapping[str, float],
) -> list[dict[str, Any]]:
  """Writes panel.csv, panel.png and, if anyone gave minutes, panel_time.csv.

  Args:
    folder: where to.
    reference: the panel.
    machine: the machine's values.
    seconds: what each image took the machine.

  Returns:
    The rows of panel.csv.
  """
  errors = panel.panel_errors(reference.truth, reference.people, machine)
  rows = []
  for row in errors.rows():
    image, quantity = str(row['image']), str(row['quantity'])
    values = {
      'truth': reference.truth[image, quantity],
      'machine': _number(machine.get((image, quantity))),
    }
    rows.append({'image': image, 'quantity': quantity, **values, **row})
  write_text(folder / 'panel.csv', csv_text(rows, digits=6))
  times = _time_rows(reference.minutes, seconds)
  if times:
    write_text(folder / 'panel_time.csv', csv_text(times, digits=6))
  figure = measurements.panel(
    reference.truth | {(str(row['image']), MINUTES): math.nan for row in times},
    {
      name: own
      | {
        (image, MINUTES): value
        for image, value in reference.minutes.get(name, {}).items()
      }
      for name, own in reference.people.items()
    },
    machine
    | {(image, MINUTES): value / 60 for image, value in seconds.items()},
  )
  figure.savefig(folder / 'panel.png')
  return rows


def _number(value: float | None) -> float:
  return math.nan if value is None else value


def _people_of_csv(path: pathlib.Path) -> dict[str, Values]:
  try:
    return panel.values_of_rows(read_csv(path, numbers=['value']).rows)
  except InputError as error:
    raise InputError(
      str(error) if str(error).startswith(str(path)) else f'{path}: {error}'
    ) from error


def _time_rows(
  minutes: Mapping[str, Mapping[str, float | None]],
  seconds: Mapping[str, float],
) -> list[dict[str, str | float]]:
  """Table 4 of the paper, an image a row."""
  images = dict.fromkeys(image for own in minutes.values() for image in own)
  rows = []
  for image in images:
    given = {name: own.get(image) for name, own in minutes.items()}
    machine_s = seconds.get(image, math.nan)
    rows.append(
      {
        'image': image,
        **{
          f'minutes_{name}': math.nan if value is None else value
          for name, value in given.items()
        },
        'minutes_average': panel.mean_of_given(given.values()),
        'machine_s': machine_s,
        'speed_up': panel.speed_up(given.values(), machine_s)
        if machine_s > 0
        else math.nan,
      }
    )
  return rows
