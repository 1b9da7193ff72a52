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


def create_box() -> int:
  """A file in memory, where the system has such files; its descriptor.

  Raises:
    OSError: there is no room for another one.
  """
  if hasattr(os, 'memfd_create'):
    return os.memfd_create('defectseg_jax.reader', os.MFD_CLOEXEC)
  with tempfile.TemporaryFile() as file:
    return os.dup(file.fileno())


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
