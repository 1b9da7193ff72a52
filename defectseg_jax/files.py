"""Files and folders that are whole or not there."""

import contextlib
import csv
import io
import json
import math
import os
import pathlib
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from defectseg_jax.errors import InputError


@contextlib.contextmanager
def write_whole(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """A temporary path beside `path`, renamed to it when the block ends well.

  Args:
    path: where the file is to be; what stood there is replaced.

  Yields:
    The path to write to, with the same suffix.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  temporary = path.with_name(f'.{path.stem}.{_unique()}{path.suffix}')
  try:
    yield temporary
    temporary.replace(path)
  finally:
    temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """A temporary folder beside `path`, renamed to it when the block ends well.

  Args:
    path: where the folder is to be; nothing, or an empty folder, is there.

  Yields:
    The folder to write to.

  Raises:
    InputError: the folder holds something already or cannot be made.
  """
  if path.exists() and not (path.is_dir() and not any(path.iterdir())):
    raise InputError(f'{path}: is there already; give --output a new folder')
  made = path.with_name(f'.{path.name}.{_unique()}')
  try:
    made.mkdir(parents=True)
  except OSError as error:
    raise InputError(
      f'{path}: cannot be written to ({error.strerror}); give another --output'
    ) from error
  try:
    yield made
    made.replace(path)
  finally:
    shutil.rmtree(made, ignore_errors=True)


def json_text(content: Any) -> str:
  """JSON; numbers that are none become null, which JSON has."""
  return json.dumps(_without_nan(content), indent=2, allow_nan=False) + '\n'


def csv_text(rows: Sequence[Mapping[str, Any]], digits: int | None) -> str:
  """CSV with a header, a line for each row.

  Args:
    rows: at least one, all with the columns of the first.
    digits: of floats; None keeps them to the last bit.
  """
  stream = io.StringIO()
  writer = csv.DictWriter(stream, rows[0].keys(), lineterminator='\n')
  writer.writeheader()
  for row in rows:
    writer.writerow({name: _cell(value, digits) for name, value in row.items()})
  return stream.getvalue()


def _unique():
  """Also among processes of several machines, whose numbers may be the same."""
  return f'{os.getpid()}.{secrets.token_hex(4)}'


def _cell(value, digits):
  if not isinstance(value, float):
    return value
  if math.isnan(value):
    return 'NaN'
  return value if digits is None else f'{value:.{digits}g}'


def _without_nan(content):
  if isinstance(content, Mapping):
    return {name: _without_nan(value) for name, value in content.items()}
  if isinstance(content, list | tuple):
    return [_without_nan(value) for value in content]
  if isinstance(content, float) and not math.isfinite(content):
    return None
  return content
