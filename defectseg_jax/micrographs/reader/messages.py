"""What the two processes say to each other: short JSON, and numbers by a box.

Numbers that stand in the file as they are need not be sent: who asked is told
where they begin, and reads them itself, which interprets nothing. Nothing is
unpickled. Whoever touched a damaged file may say anything, so that each message
is checked before it is believed.
"""

import json
import math
import mmap
import pathlib
import struct
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.reader.box import BoxError
from defectseg_jax.micrographs.reader.plain import numbers_at

# Before each message: how many bytes of JSON follow.
_LENGTH = struct.Struct('>I')
# By eye: no path and no message of an error is so long.
_MOST_BYTES = 2**24
# Booleans, integers, floats; and complex ones, which are refused by name.
_KINDS = 'biufc'
_MOST_AXES = 3


class End(NamedTuple):
  """How the reading of a file ended.

  Attributes:
    error: what is wrong with the file; None if all its images were sent.
    log: what libraries logged: by whom, its level, its text.
    warnings: what they warned of: the name of the category, and the text.
  """

  error: str | None
  log: list[tuple[str, int, str]]
  warnings: list[tuple[str, str]]


class MessageError(Exception):
  """The other side is dead, or says what makes no sense."""


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
  """Writes a message.

  Args:
    stream: that is not buffered.
    message: what JSON can hold.
  """
  content = json.dumps(message).encode()
  _write(stream, memoryview(_LENGTH.pack(len(content)) + content))


def receive(stream: BinaryIO) -> dict[str, Any]:
  """Reads a message.

  Args:
    stream: that is not buffered.

  Raises:
    MessageError: there is none, or it is no message.
  """
  length = bytearray(_LENGTH.size)
  _read(stream, memoryview(length))
  (count,) = _LENGTH.unpack(length)
  if count > _MOST_BYTES:
    raise MessageError(f'a message of {count} bytes')
  content = bytearray(count)
  _read(stream, memoryview(content))
  try:
    message = json.loads(content)
  except (ValueError, RecursionError) as error:
    raise MessageError(f'no message ({error})') from error
  if not isinstance(message, dict):
    raise MessageError(f'no message but {message!r}')
  return message


def send_frame(
  stream: BinaryIO,
  frame: Frame,
  path: pathlib.Path,
  put: Callable[[memoryview], None],
) -> None:
  """Writes an image, or where it stands in its file.

  Args:
    stream: that is not buffered.
    frame: the image.
    path: the file that was asked for.
    put: hands over numbers, after the message.

  Raises:
    MemoryError: there is not enough for a copy; nothing was written.
  """
  arrays = [frame.values, *([] if frame.palette is None else [frame.palette])]
  offset = _offset(frame.values, path)
  # A copy may find no memory: before anything is said.
  arrays = [np.ascontiguousarray(array) for array in arrays]
  size_nm = frame.pixel_size_nm
  send(
    stream,
    {
      'is': 'frame',
      'arrays': [[array.dtype.str, array.shape] for array in arrays],
      'offset': offset,
      'white_is_zero': bool(frame.white_is_zero),
      'pixel_size_nm': None if size_nm is None else float(size_nm),
      'scale_doubt': frame.scale_doubt,
    },
  )
  for array in arrays if offset is None else arrays[1:]:
    put(memoryview(array.reshape(-1).view(np.uint8)))


def _offset(values: np.ndarray, path: pathlib.Path) -> int | None:
  """Where in the file mapped values begin; None where they are not mapped."""
  mapped: Any = values
  while isinstance(mapped.base, np.memmap):
    mapped = mapped.base
  if not isinstance(mapped, np.memmap) or not isinstance(
    mapped.base, mmap.mmap
  ):
    return None
  if not values.flags.c_contiguous or not mapped.filename:
    return None
  if pathlib.Path(mapped.filename).resolve() != path.resolve():
    return None
  return mapped.offset + values.ctypes.data - mapped.ctypes.data


def receive_frame(
  message: dict[str, Any],
  path: pathlib.Path,
  take: Callable[[memoryview], None],
  *,
  most_bytes: int,
  ahead: np.ndarray | None = None,
) -> Frame:
  """Reads the image that a message announces.

  Args:
    message: of `send_frame`.
    path: the file that was asked for.
    take: fills room with the numbers that were handed over.
    most_bytes: that the image may have.
    ahead: the bytes of the file, if they were read (`plain`).

  Raises:
    MessageError: it is no image, or ends too early.
    MemoryError: it has more bytes, or this machine has not so many.
  """
  try:
    empty = [np.dtype(kind) for kind, _ in message['arrays']]
    shapes = [tuple(map(int, shape)) for _, shape in message['arrays']]
    about = {
      'white_is_zero': bool(message['white_is_zero']),
      'pixel_size_nm': _number(message['pixel_size_nm']),
      'scale_doubt': str(message['scale_doubt']),
    }
    offset = message['offset']
    offset = None if offset is None else int(offset)
  except (KeyError, TypeError, ValueError) as error:
    raise MessageError(f'no image ({error!r})') from error
  for dtype, shape in zip(empty, shapes):
    is_image = dtype.kind in _KINDS and 1 < len(shape) <= _MOST_AXES
    if not is_image or min(shape) < 1 or len(shapes) not in (1, 2):
      raise MessageError(f'no image but {dtype} {shape}')
    most_bytes -= math.prod(shape) * dtype.itemsize
  if most_bytes < 0 or not shapes:
    raise MemoryError
  arrays = []
  try:
    for dtype, shape in zip(empty, shapes):
      if offset is not None and not arrays:
        arrays.append(numbers_at(path, offset, dtype, shape, ahead))
        continue
      array = np.empty(shape, dtype)
      take(memoryview(array.reshape(-1).view(np.uint8)))
      arrays.append(array)
  except (BoxError, OSError, OverflowError, ValueError) as error:
    raise MessageError(f'the image did not come ({error})') from error
  palette = arrays[1] if len(arrays) > 1 else None
  return Frame(arrays[0], palette=palette, **about)


def read_end(message: dict[str, Any]) -> End:
  """What the last message about a file says.

  Args:
    message: the fields of an `End`, and that it is the end.

  Raises:
    MessageError: it is another message.
  """
  try:
    error = message['error']
    if message['is'] != 'end':
      raise ValueError(message['is'])
    return End(
      None if error is None else str(error),
      [
        (str(who), int(level), str(what)) for who, level, what in message['log']
      ],
      [(str(category), str(text)) for category, text in message['warnings']],
    )
  except (KeyError, TypeError, ValueError) as error:
    raise MessageError(f'no end ({error!r})') from error


def _number(given: Any) -> float | None:
  return None if given is None else float(given)


def _write(stream: BinaryIO, content: memoryview) -> None:
  while content:
    content = content[stream.write(content) :]


def _read(stream: BinaryIO, place: memoryview) -> None:
  while place:
    count = stream.readinto(place)  # pyright: ignore
    if not count:
      raise MessageError('it ended')
    place = place[count:]
