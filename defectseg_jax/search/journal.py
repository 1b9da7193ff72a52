"""Optuna's record of a search, journal.log: a line for each thing done.

A process that is killed, or a disk that is full, may leave half a line. Whoever
adds the next line to it makes a line that nobody can read.
"""

import os
import pathlib

import optuna
from optuna.storages.journal import (
  JournalFileBackend,
  JournalFileSymlinkLock,
)

from defectseg_jax.disk import read_regular


def open_journal(path: pathlib.Path) -> optuna.storages.JournalStorage:
  """The record in a file, cut back to its last whole line.

  Args:
    path: of the file. Everybody who adds to it, and who opens it, has the lock
      of the study.
  """
  _cut_back(path)
  return optuna.storages.JournalStorage(
    JournalFileBackend(str(path), lock_obj=_NoLock(str(path)))
  )


class _NoLock(JournalFileSymlinkLock):
  """In the place of a link that outlives a killed process by half a minute."""

  def acquire(self) -> bool:
    return True

  def release(self) -> None:
    pass


def _cut_back(path: pathlib.Path) -> None:
  """What was half-written is as if it had not been begun."""
  if not path.exists():
    return
  content = read_regular(path)
  # A power cut may leave zeros in the place of what was added last.
  whole = content.rstrip(b'\0')
  whole = whole[: whole.rfind(b'\n') + 1]
  if whole != content:
    with path.open('r+b') as file:
      file.truncate(len(whole))
      os.fsync(file.fileno())
