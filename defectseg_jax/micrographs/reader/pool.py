"""Who reads the next file: mostly the one process that read the last."""

import atexit
import contextlib
import os
import pathlib
from collections.abc import Iterator

from defectseg_jax.micrographs.annotations.shapes import Annotation
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.reader.process import Reader

# All that were started, and of these the one that has nothing to do.
_all: set[Reader] = set()
_idle: list[Reader] = []


def start_reader() -> None:
  """Lets a process load its libraries while this one does its own.

  Nobody need call it: the first file starts one, too, and says what is wrong
  where that cannot be done.
  """
  reader = _borrow()
  with contextlib.suppress(OSError):
    reader.start()
  _give_back(reader)


@atexit.register
def stop_readers() -> None:
  """Ends what was started, where no more files are read for long."""
  for reader in _all:
    reader.stop()


def stream_frames(path: pathlib.Path) -> Iterator[Frame]:
  """Reads the images of a file by another process, one after the other.

  Other files may be read before the last image is taken: by one more process.

  Args:
    path: a regular file, or a folder of images, with a suffix that is known.

  Yields:
    At least one image; of a damaged file some may come before the error.

  Raises:
    InputError: see `Reader.frames`.
  """
  reader = _borrow()
  try:
    yield from reader.frames(path)
  finally:
    _give_back(reader)


def read_shapes(path: pathlib.Path) -> list[Annotation]:
  """Reads what was drawn, in a file of outlines, by another process.

  Args:
    path: a regular file: JSON, or a set of ImageJ's regions.

  Returns:
    An entry for each image.

  Raises:
    InputError: see `Reader.shapes`.
  """
  reader = _borrow()
  try:
    return reader.shapes(path)
  finally:
    _give_back(reader)


def _borrow() -> Reader:
  try:
    return _idle.pop()
  except IndexError:
    reader = Reader()
    _all.add(reader)
    return reader


def _give_back(reader: Reader) -> None:
  if _idle:
    reader.stop()
    _all.discard(reader)
  else:
    _idle.append(reader)


def _forget_all() -> None:
  """In a fork, which must not ask the processes of another one."""
  for reader in _all:
    reader.forget()
  _all.clear()
  _idle.clear()


# Windows has no forks.
if hasattr(os, 'register_at_fork'):
  os.register_at_fork(after_in_child=_forget_all)
