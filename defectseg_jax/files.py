"""Files and folders that are whole or not there, and one process at a time."""

import contextlib
import csv
import io
import json
import math
import pathlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from defectseg_jax import disk
from defectseg_jax.errors import InputError, file_error
from defectseg_jax.locks import LockHeldError, lock


@contextlib.contextmanager
def write_whole(
  path: pathlib.Path, *, beside: bool = False
) -> Iterator[pathlib.Path]:
  """A temporary path beside `path`, renamed to it when the block ends well.

  The content is on the disk before the name is, and the name before the block
  is left: no power cut makes a file that was written empty or old again.

  Args:
    path: where the file is to be; what stood there is replaced.
    beside: whether it is claimed beside itself, as `claim` says, and not with
      its folder.

  Yields:
    The path to write to, with the same suffix.

  Examples:
    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with write_whole(folder / 'numbers.csv') as path:
    ...   write_text(path, 'image,number')
    ...   [file.name for file in folder.glob('numbers.csv')]
    []
    >>> [file.name for file in folder.iterdir()]
    ['numbers.csv']
  """
  disk.make_folder(path.parent)
  name = disk.temporary_name(path.name if beside else '')
  temporary = path.with_name(name + path.suffix)
  try:
    yield temporary
    disk.sync(temporary)
    temporary.replace(path)
    disk.sync(path.parent)
  finally:
    temporary.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
  """Writes a text: the same bytes on every system, whatever its language.

  Args:
    path: what stood there is replaced.
    text: is written as UTF-8; its lines end as they do in memory.
  """
  path.write_text(text, encoding='utf-8', newline='\n')


@contextlib.contextmanager
def new_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """A temporary folder beside `path`, renamed to it when the block ends well.

  Args:
    path: where the folder is to be; nothing, or an empty folder, is there.

  Yields:
    The folder to write to.

  Raises:
    InputError: the folder holds something already, another process makes it,
      or it cannot be made.
  """
  there = f'{path}: is there already; give --output a new folder'
  with claim(path, flag='--output', beside=True):
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
      raise InputError(there)
    made = path.with_name(disk.temporary_name(path.name))
    made.mkdir()
    try:
      yield made
      disk.sync_tree(made)
      try:
        _come_into_place(made, path)
      except OSError as error:
        if not path.exists():
          raise
        raise InputError(there) from error
      disk.sync(path.parent)
    finally:
      shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def new_files(
  path: pathlib.Path, *, replace: bool = False
) -> Iterator[pathlib.Path]:
  """Where to write a file, and others beside it that belong to it.

  When the block ends well they come into their places, `path` the last: where
  it is, the others are.

  Args:
    path: where the file is to be.
    replace: whether a file may be there already.

  Yields:
    The path to write to, of the same name, in a temporary folder.

  Raises:
    InputError: the file is there already, another process makes it, or it
      cannot be made.
  """
  with claim(path, flag='--output', beside=True):
    if path.exists() and not replace:
      raise InputError(f'{path}: is there already; give --output another name')
    made = path.with_name(disk.temporary_name(path.name))
    made.mkdir()
    try:
      yield made / path.name
      disk.sync_tree(made)
      for file in made.iterdir():
        if file.name != path.name:
          file.replace(path.with_name(file.name))
      disk.sync(path.parent)
      (made / path.name).replace(path)
      disk.sync(path.parent)
    finally:
      shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def claim(
  folder: pathlib.Path, *, flag: str, beside: bool = False
) -> Iterator[None]:
  """Keeps other processes out of a folder, and sweeps what dead ones left.

  Args:
    folder: that is worked on; it is made if need be.
    flag: that names it, for messages.
    beside: whether the folder is not to be there yet, or it is a file: its
      lock, and what is half-written, lie beside it.

  Raises:
    InputError: another process is at work there, or nobody can write there.
  """
  place, name = (folder.parent, folder.name) if beside else (folder, '')
  file = place / (f'.{name}{disk.LOCK}' if name else disk.LOCK)
  with contextlib.ExitStack() as held:
    try:
      disk.make_folder(place)
      if held.enter_context(lock(file)):
        disk.sweep(place, name, inner=not beside)
    except LockHeldError as error:
      remedy = f'wait for it, or give another {flag}'
      raise file_error(folder, f'{error} is at work here', remedy) from error
    except OSError as error:
      problem = f'cannot be written to ({error.strerror})'
      raise file_error(folder, problem, f'give another {flag}') from error
    try:
      yield
    finally:
      _remove_lock(file, held)


def _come_into_place(made: pathlib.Path, path: pathlib.Path) -> None:
  """Renames a folder to one that may be there, empty."""
  try:
    made.replace(path)
  except PermissionError:
    # Windows replaces no folder, not even an empty one.
    with contextlib.suppress(FileNotFoundError):
      path.rmdir()
    made.replace(path)


def _remove_lock(file: pathlib.Path, held: contextlib.ExitStack) -> None:
  """While it is ours; on Windows, which removes no open file, just after."""
  try:
    file.unlink()
  except PermissionError:
    held.close()
    with contextlib.suppress(OSError):
      file.unlink()
  except OSError:
    pass


def json_text(content: Any) -> str:
  """JSON text; NaN and infinities become null, as JSON has no such numbers.

  Args:
    content: anything that `json.dumps` takes.

  Examples:
    >>> print(json_text({'density_per_m3': 1e21, 'error': float('nan')}))
    {
      "density_per_m3": 1e+21,
      "error": null
    }
    <BLANKLINE>
  """
  return json.dumps(_without_nan(content), indent=2, allow_nan=False) + '\n'


def json_line(content: Any) -> str:
  """As `json_text`, in one line.

  Examples:
    >>> json_line({'signs': [float('nan'), 1.0]})
    '{"signs": [null, 1.0]}\\n'
  """
  return json.dumps(_without_nan(content), allow_nan=False) + '\n'


def csv_text(
  rows: Sequence[Mapping[str, Any]], digits: int | None, *, header: bool = True
) -> str:
  """CSV text with a header, a line for each row.

  A text that a spreadsheet would run as a formula, as a name that begins with
  `=`, is written with an apostrophe before it, and `read_csv` takes it away.

  Args:
    rows: at least one, all with the columns of the first.
    digits: of floats; None keeps them to the last bit.
    header: whether it begins with the names of the columns.

  Examples:
    >>> print(csv_text([{'image': 'a', 'area_nm2': 2 / 3}], digits=3), end='')
    image,area_nm2
    a,0.667
  """
  stream = io.StringIO()
  writer = csv.DictWriter(stream, rows[0].keys(), lineterminator='\n')
  if header:
    writer.writeheader()
  for row in rows:
    writer.writerow({name: _cell(value, digits) for name, value in row.items()})
  return stream.getvalue()


def _cell(value: Any, digits: int | None) -> Any:
  if isinstance(value, str):
    return f"'{value}" if _may_run(value) else value
  if not isinstance(value, float):
    return value
  if math.isnan(value):
    return 'NaN'
  return value if digits is None else f'{value:.{digits}g}'


def _may_run(text: str) -> bool:
  """Also whether it begins as what was written with an apostrophe."""
  try:
    float(text)
  except ValueError:
    return text.startswith(('=', '+', '-', '@', '\t', '\r', "'"))
  return False


def _without_nan(content: Any) -> Any:
  if isinstance(content, Mapping):
    return {name: _without_nan(value) for name, value in content.items()}
  if isinstance(content, list | tuple):
    return [_without_nan(value) for value in content]
  if isinstance(content, float) and not math.isfinite(content):
    return None
  return content
