"""The journal of an image: each change, on disk before it is answered.

A file of JSON, a line for each change. The first line says what the others
begin from. A line that was cut off, as by a kill, is taken away: it was never
answered. Undo and redo are lines like others, so that nothing is ever lost, and
the number of a document's version is the number of its lines.
"""

import dataclasses
import datetime
import json
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from defectseg_jax import disk
from defectseg_jax.errors import InputError, file_error

DO, UNDO, REDO, SAVED = 'do', 'undo', 'redo', 'saved'


@dataclasses.dataclass(frozen=True)
class Entry:
  """One change, as it stands in a line.

  Attributes:
    text: what a person reads.
    box: of the pixels that change.
    delta: by layer, from `Layers.delta`.
    before, after: of what else changes, the values.
    hand: ids that a person's hand is on since this change, and was not before.
    operation: that was asked for; None for what another program changed.
  """

  text: str
  box: tuple[int, int, int, int]
  delta: Mapping[str, str]
  before: Mapping[str, Any]
  after: Mapping[str, Any]
  hand: tuple[int, ...] = ()
  operation: Mapping[str, Any] | None = None

  def to_json(self) -> dict[str, Any]:
    """What its line holds."""
    return {'line': DO, **dataclasses.asdict(self)}

  @classmethod
  def from_json(cls, content: Mapping[str, Any]) -> 'Entry':
    """Raises KeyError or TypeError for what is no entry."""
    box = tuple(int(side) for side in content['box'])
    top, left, bottom, right = box
    return cls(
      str(content['text']),
      (top, left, bottom, right),
      dict(content['delta']),
      dict(content['before']),
      dict(content['after']),
      tuple(int(one) for one in content['hand']),
      content['operation'],
    )


class Journal:
  """The lines of one image's file.

  Attributes:
    path: of the file.
    begin: what the first line says.
    version: how many changes there were, undo and redo among them.
    values: what else than pixels changes, as it is after all lines.
    saved: by file, the version that it was written of last, and its checksum.
    corrected: objects that a person's hand was on then, and all.
  """

  def __init__(self, path: pathlib.Path) -> None:
    """Reads the file, if it is there, and cuts off what is torn.

    Args:
      path: of the file.

    Raises:
      InputError: a line other than the last one is damaged.
    """
    self.path = path
    self.begin: dict[str, Any] | None = None
    self.version = 0
    self.values: dict[str, Any] = {}
    self.saved: dict[str, tuple[int, str | None]] = {}
    self.corrected = 0, 0
    # Checksums of files that were saved; None of one that was not there.
    self._saved: dict[str, set[str | None]] = {}
    # Places of lines in the file: those that hold, and those undone.
    self._done: list[int] = []
    self._undone: list[int] = []
    self._values: dict[int, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    self._end = 0
    if path.is_symlink():
      raise file_error(path, 'is a link', 'move it away')
    if path.exists():
      self._read()

  @property
  def can_undo(self) -> bool:
    """Whether a change is there to be taken back."""
    return bool(self._done)

  @property
  def can_redo(self) -> bool:
    """Whether one was taken back last."""
    return bool(self._undone)

  def begin_with(self, content: Mapping[str, Any]) -> None:
    """Writes the first line of a new file.

    Args:
      content: anything; of it `files` are checksums of what is there, and
        `values` what else than pixels changes.
    """
    disk.make_folder(self.path.parent)
    self._append({'line': 'begin', **content})
    self._begin(content)
    disk.sync(self.path.parent)

  def do(self, entry: Entry) -> None:
    """Writes a change; those that were undone cannot be redone any more."""
    place = self._end
    self._append(entry.to_json())
    self._take_entry(entry, place)

  def undo(self) -> Entry:
    """Writes that the last change is taken back.

    Returns:
      That change.

    Raises:
      InputError: there is none.
    """
    if not self._done:
      raise InputError('undo: there is no change to take back')
    entry = self._entry_at(self._done[-1])
    self._append({'line': UNDO})
    self._take_undo()
    return entry

  def redo(self) -> Entry:
    """Writes that the last change that was undone holds again, as `undo`."""
    if not self._undone:
      raise InputError('redo: no change was taken back')
    entry = self._entry_at(self._undone[-1])
    self._append({'line': REDO})
    self._take_redo()
    return entry

  def note_saved(
    self,
    files: Mapping[str, str | None],
    version: int,
    corrected: tuple[int, int],
  ) -> None:
    """Writes which files will be on disk, before they are.

    Args:
      files: checksums by path below the session's folder; None for none.
      version: that they show.
      corrected: objects that a person's hand is on, and all.
    """
    line = {'files': files, 'of': version, 'corrected': list(corrected)}
    self._append({'line': SAVED, **line})
    self._take_saved(line)

  def _take_saved(self, line: Mapping[str, Any]) -> None:
    self._note(line['files'])
    for file, checksum in line['files'].items():
      self.saved[str(file)] = int(line['of']), checksum
    corrected, objects = line['corrected']
    self.corrected = int(corrected), int(objects)

  def knows(self, file: str, checksum: str | None) -> bool:
    """Whether a file is as it was at the beginning, or as it was saved."""
    return checksum in self._saved.get(file, ())

  def entries(self) -> Iterator[Entry]:
    """The changes that hold, in their order."""
    return (self._entry_at(place) for place in self._done)

  def _begin(self, content: Mapping[str, Any]) -> None:
    self._note(content['files'])
    self.values = dict(content['values'])
    self.begin = dict(content)

  def _note(self, files: Mapping[str, str | None]) -> None:
    for file, checksum in files.items():
      self._saved.setdefault(str(file), set()).add(checksum)

  def _take_entry(self, entry: Entry, place: int) -> None:
    self._values[place] = entry.before, entry.after
    self._done.append(place)
    self._undone.clear()
    self.version += 1
    self.values.update(entry.after)

  def _take_undo(self) -> None:
    place = self._done.pop()
    self._undone.append(place)
    self.values.update(self._values[place][0])
    self.version += 1

  def _take_redo(self) -> None:
    place = self._undone.pop()
    self._done.append(place)
    self.values.update(self._values[place][1])
    self.version += 1

  def _append(self, content: Mapping[str, Any]) -> None:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec='milliseconds')
    text = json.dumps({**content, 'at': now}, separators=(',', ':'))
    file = disk.open_own(self.path, os.O_WRONLY)
    try:
      # A try that failed, as on a full disk, leaves nothing of itself.
      os.ftruncate(file, self._end)
      data = f'{text}\n'.encode()
      with open(file, 'wb', closefd=False, buffering=0) as stream:
        stream.seek(self._end)
        rest = memoryview(data)
        while rest:
          rest = rest[stream.write(rest) :]
      os.fsync(file)
    finally:
      os.close(file)
    self._end += len(data)

  def _read(self) -> None:
    number = 0
    with self.path.open('rb') as stream:
      while line := stream.readline():
        number += 1
        place, end = self._end, stream.tell()
        try:
          if not line.endswith(b'\n'):
            raise ValueError('it is cut off')
          self._take(json.loads(line), place)
        except (ValueError, KeyError, TypeError, IndexError) as error:
          if stream.read(1):
            raise self._damaged(number, error) from error
          # Its operation was never answered.
          break
        self._end = end
    with self.path.open('r+b') as stream:
      stream.truncate(self._end)
      os.fsync(stream.fileno())

  def _take(self, content: Mapping[str, Any], place: int) -> None:
    kind = content['line']
    if self.begin is None:
      if kind != 'begin':
        raise ValueError('it is not what the others begin from')
      self._begin(content)
    elif kind == DO:
      self._take_entry(Entry.from_json(content), place)
    elif kind == UNDO:
      self._take_undo()
    elif kind == REDO:
      self._take_redo()
    elif kind == SAVED:
      self._take_saved(content)
    else:
      raise ValueError(f'{kind} is no change')

  def _entry_at(self, place: int) -> Entry:
    with self.path.open('rb') as stream:
      stream.seek(place)
      line = stream.readline()
    try:
      return Entry.from_json(json.loads(line))
    except (ValueError, KeyError, TypeError) as error:
      raise self._damaged(None, error) from error

  def _damaged(self, number: int | None, error: Exception) -> InputError:
    where = 'a line' if number is None else f'line {number}'
    return file_error(
      self.path,
      f'{where} is damaged ({error})',
      'the mask holds what was saved last: move this file away to go on '
      'without undo',
    )
