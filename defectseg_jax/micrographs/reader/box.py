"""Memory that two processes share, by which numbers go from one to the other.

A pipe copies as much, and takes four times as long. Neither side maps the
memory: what the other one does to it can give wrong numbers, as it could in a
pipe, but no crash.
"""

import os
import tempfile
from typing import BinaryIO

# By eye: a second place is filled while the first is emptied; places that stay
# in the cache of a processor are copied quickest.
_PLACES, _PLACE_BYTES = 2, 2**20
_FILLED = _EMPTIED = b'.'


class BoxError(Exception):
  """The other side is dead, or did not put in what it said."""


def create_box() -> int | None:
  """A file in memory, where the system has such files; its descriptor.

  None where a process that is started gets no descriptors, as on Windows:
  numbers go through the pipe then (`PipeFiller`, `PipeEmptier`).

  Raises:
    OSError: there is no room for another one.
  """
  if not hasattr(os, 'preadv'):
    return None
  if hasattr(os, 'memfd_create'):
    return os.memfd_create('defectseg_jax.reader', os.MFD_CLOEXEC)
  with tempfile.TemporaryFile() as file:
    return os.dup(file.fileno())


def create_filler(
  box: int | None, filled: BinaryIO, emptied: BinaryIO
) -> 'Filler | PipeFiller':
  """What hands over numbers; the arguments are those of `Filler`."""
  return PipeFiller(filled) if box is None else Filler(box, filled, emptied)


def create_emptier(
  box: int | None, filled: BinaryIO, emptied: BinaryIO
) -> 'Emptier | PipeEmptier':
  """What takes them: the other side."""
  return PipeEmptier(filled) if box is None else Emptier(box, filled, emptied)


class Filler:
  """Whoever has the numbers.

  Args:
    box: descriptor of `create_box`.
    filled: where it is said that a place was filled; not buffered.
    emptied: where the other side says that one was emptied; not buffered.
  """

  def __init__(self, box: int, filled: BinaryIO, emptied: BinaryIO) -> None:
    self._box, self._filled, self._emptied = box, filled, emptied
    self._place, self._full = 0, 0

  def put(self, content: memoryview) -> None:
    """Hands over bytes; the other side may still be at work on the last."""
    while content:
      if self._full == _PLACES:
        self._wait()
      piece, content = content[:_PLACE_BYTES], content[_PLACE_BYTES:]
      offset = self._place * _PLACE_BYTES
      while piece:
        count = os.pwrite(self._box, piece, offset)
        piece, offset = piece[count:], offset + count
      self._filled.write(_FILLED)
      self._place = (self._place + 1) % _PLACES
      self._full += 1

  def finish(self) -> None:
    """Waits until all was taken."""
    while self._full:
      self._wait()

  def _wait(self) -> None:
    if self._emptied.read(1) != _EMPTIED:
      raise BoxError('nobody takes what was read')
    self._full -= 1


class Emptier:
  """Whoever needs the numbers: the other side of a `Filler`."""

  def __init__(self, box: int, filled: BinaryIO, emptied: BinaryIO) -> None:
    self._box, self._filled, self._emptied = box, filled, emptied
    self._place = 0

  def take(self, room: memoryview) -> None:
    """Fills room with the next bytes.

    Raises:
      BoxError: they did not come.
    """
    while room:
      if self._filled.read(1) != _FILLED:
        raise BoxError('it ended')
      piece, room = room[:_PLACE_BYTES], room[_PLACE_BYTES:]
      offset = self._place * _PLACE_BYTES
      while piece:
        count = os.preadv(self._box, [piece], offset)
        if not count:
          raise BoxError('it put in too little')
        piece, offset = piece[count:], offset + count
      self._place = (self._place + 1) % _PLACES
      self._emptied.write(_EMPTIED)

  def close(self) -> None:
    """Gives the memory back, which the other side may still hold."""
    os.close(self._box)


class PipeFiller:
  """As `Filler`, by the pipe alone."""

  def __init__(self, pipe: BinaryIO) -> None:
    self._pipe = pipe

  def put(self, content: memoryview) -> None:
    """Hands over bytes; waits while the other side is slow to take them."""
    while content:
      content = content[self._pipe.write(content) :]

  def finish(self) -> None:
    """What was put in need not be waited for."""


class PipeEmptier:
  """As `Emptier`, by the pipe alone."""

  def __init__(self, pipe: BinaryIO) -> None:
    self._pipe = pipe

  def take(self, room: memoryview) -> None:
    """Fills room with the next bytes.

    Raises:
      BoxError: they did not come.
    """
    while room:
      count = self._pipe.readinto(room)  # pyright: ignore
      if not count:
        raise BoxError('it ended')
      room = room[count:]

  def close(self) -> None:
    """There is no memory to give back."""
