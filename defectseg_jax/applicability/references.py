"""references.csv: what is known of a network on reference micrographs."""

import csv
import dataclasses
import io
import math
import pathlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from defectseg_jax.applicability.signs import NAMES
from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.files import csv_text, write_text, write_whole

# Columns of the truths: the true number over the one that was found.
_TRUTH = 'true_over_found_'
# So many digits tell one network from another.
_IDENTITY = 16


@dataclasses.dataclass(frozen=True)
class Reference:
  """A micrograph with its truth.

  Attributes:
    kind: in which way it is difficult.
    signs: what can be seen without labels.
    f1: of objects, or of the length of lines.
    truths: by number of a summary the true one over the one that was found;
      NaN where one of the two is not known.
  """

  kind: str
  signs: Mapping[str, float]
  f1: float
  truths: Mapping[str, float]


def write_references(
  path: pathlib.Path,
  references: Sequence[Reference],
  *,
  network: str,
  beside: bool = False,
) -> None:
  """Writes references.csv.

  Args:
    path: of the file.
    references: one at least.
    network: identity of the network that they are of.
    beside: as `write_whole` has it.
  """
  rows = [_row(one, network) for one in references]
  with write_whole(path, beside=beside) as temporary:
    write_text(temporary, csv_text(rows, digits=None))


def read_references(path: pathlib.Path, *, network: str) -> list[Reference]:
  """Reads references.csv.

  Args:
    path: of the file.
    network: identity of the network that they must be of.

  Returns:
    The references; none if there is no such file.

  Raises:
    InputError: the file cannot be read, or is of another network.
  """
  again = 'remove it, and make it again by --mode=references'
  try:
    text = read_regular(path).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline='')))
    found = [_reference(row) for row in rows]
    others = {row['network'] for row in rows} - {network[:_IDENTITY]}
  except FileNotFoundError:
    return []
  except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
    raise InputError(
      f'{path}: has no reference micrographs ({error}); {again}'
    ) from error
  if others:
    raise InputError(
      f'{path}: is of other weights ({min(others)}), or of another threshold, '
      f'than the network ({network[:_IDENTITY]}); {again}'
    )
  return found


def _row(reference: Reference, network: str) -> dict[str, str]:
  numbers = {
    # In one order, also where they were read.
    **{name: reference.signs[name] for name in NAMES},
    'f1': reference.f1,
    **{f'{_TRUTH}{name}': one for name, one in reference.truths.items()},
  }
  return {
    'network': network[:_IDENTITY],
    'kind': reference.kind,
    **{name: f'{value:.4g}' for name, value in numbers.items()},
  }


def _reference(row: Mapping[str, str]) -> Reference:
  signs = {name: float(row[name]) for name in NAMES}
  if not all(math.isfinite(one) for one in signs.values()):
    raise ValueError('a sign is not finite')
  return Reference(
    kind=row['kind'],
    signs=signs,
    f1=float(row['f1']),
    truths={
      name.removeprefix(_TRUTH): float(value)
      for name, value in row.items()
      if name.startswith(_TRUTH)
    },
  )


def signs_array(signs: Iterable[Mapping[str, float]]) -> np.ndarray:
  """float64 [n, signs], in the order of `NAMES`."""
  return np.array([[one[name] for name in NAMES] for one in signs], float)
