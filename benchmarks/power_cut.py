"""What a power cut leaves of a folder, as badly as a file system may have it.

Whoever is watched notes each call of fsync, each rename and each new folder in
a file. After it was killed, `cut` makes of the folder what a disk may hold:

- A file that was not brought to the disk since it was last changed is empty, or
  half of it is there.
- In a folder that was not brought to the disk since, renames did not happen,
  and new folders are not there; or they are: a disk may do either.

What is written by other libraries than Python's own is seen once it is brought
to the disk: the arrays of checkpoints are written by TensorStore, and their
folder is by the program.
"""

import json
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

LEAVES = ('empty', 'half', 'undone', 'mixed')
"""What may be left.

`undone` is `empty`, and renames did not happen; `mixed` likewise, but in the
watched folder itself, where records lie, they did.
"""


def watch(notes: pathlib.Path) -> None:
  """Notes from now on what this process asks of the disk.

  Args:
    notes: an empty folder on the same disk, outside of what is watched.
  """
  log = os.open(notes / 'log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)

  def note(*what: Any) -> None:
    os.write(log, (json.dumps(what) + '\n').encode())

  names = 'fsync', 'replace', 'rename', 'mkdir'
  before = {name: getattr(os, name) for name in names}

  def fsync(file: int) -> None:
    before['fsync'](file)
    place, stat = os.readlink(f'/proc/self/fd/{file}'), os.fstat(file)
    note('fsync', place, stat.st_ino, stat.st_mtime_ns, stat.st_size)

  def replace(old: Any, new: Any, **named: Any) -> None:
    kept = ''
    if os.path.isfile(new):
      kept = str(notes / f'kept-{os.urandom(8).hex()}')
      os.link(new, kept)
    before['replace'](old, new, **named)
    note('replace', os.path.abspath(old), os.path.abspath(new), kept)

  def mkdir(path: Any, *given: Any, **named: Any) -> None:
    before['mkdir'](path, *given, **named)
    note('mkdir', os.path.abspath(path))

  for function in (fsync, replace, mkdir):
    setattr(os, function.__name__, function)
  os.rename = replace


def cut(
  folder: pathlib.Path,
  notes: pathlib.Path,
  leaves: str,
  *,
  before: frozenset[int] = frozenset(),
) -> None:
  """Makes of a folder what a power cut may have left.

  Args:
    folder: that a process worked in, which was watched and is dead.
    notes: of `watch`.
    leaves: one of LEAVES.
    before: numbers of the files that were on the disk already (`files_of`).
  """
  done = [json.loads(line) for line in _lines(notes / 'log')]
  _empty(folder, done, before, half=leaves == 'half')
  if leaves == 'undone':
    _undo(done)
  elif leaves == 'mixed':
    _undo(done, kept=folder)


def files_of(folder: pathlib.Path) -> frozenset[int]:
  """The numbers of a folder's files, by which they are known again."""
  return frozenset(path.stat().st_ino for path in _files(folder))


def _lines(path: pathlib.Path) -> list[str]:
  return path.read_text().splitlines() if path.exists() else []


def _files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  for path in folder.rglob('*'):
    if path.is_file() and not path.is_symlink():
      yield path


def _empty(
  folder: pathlib.Path, done: list[Any], before: frozenset[int], *, half: bool
) -> None:
  synced = {(one[2], one[3], one[4]) for one in done if one[0] == 'fsync'}
  for path in _files(folder):
    stat = path.stat()
    known = stat.st_ino, stat.st_mtime_ns, stat.st_size
    if known not in synced and stat.st_ino not in before:
      os.truncate(path, stat.st_size // 2 if half else 0)


def _undo(done: list[Any], *, kept: pathlib.Path | None = None) -> None:
  """Takes back, the last first, what its folder was not synced after."""
  synced = {str(kept)}
  undo: list[Callable[[], object]] = []
  for what, *given in reversed(done):
    place = pathlib.Path(given[0])
    if what == 'fsync':
      synced.add(given[0])
    elif what == 'mkdir' and str(place.parent) not in synced:
      undo.append(lambda place=place: shutil.rmtree(place, ignore_errors=True))
    elif what == 'replace':
      new = pathlib.Path(given[1])
      if str(new.parent) not in synced and new.exists():
        undo.append(
          lambda old=place, new=new, kept=given[2]: _back(old, new, kept)
        )
  for one in undo:
    one()


def _back(old: pathlib.Path, new: pathlib.Path, kept: str) -> None:
  if new.exists() and old.parent.is_dir():
    os.rename(new, old)
  if kept and not new.exists():
    os.rename(kept, new)
