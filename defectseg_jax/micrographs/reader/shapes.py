"""Outlines, from process to process: JSON about them, and their corners.

All goes by the box, as the numbers of an image do. Whoever read a damaged file
may say anything, so that it is checked before it is believed.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from defectseg_jax.micrographs.annotations.shapes import Annotation, Shape
from defectseg_jax.micrographs.formats.frame import MAX_PIXELS
from defectseg_jax.micrographs.painting import FARTHEST_PX
from defectseg_jax.micrographs.reader.box import BoxError
from defectseg_jax.micrographs.reader.messages import MessageError, send


def send_shapes(
  stream: BinaryIO,
  annotations: Sequence[Annotation],
  put: Callable[[memoryview], None],
) -> None:
  """Writes what was drawn.

  Args:
    stream: that is not buffered.
    annotations: of one file.
    put: hands over numbers, after the message.

  Raises:
    MemoryError: there is not enough for a copy; nothing was written.
  """
  corners, pixels, about = [np.zeros((0, 2))], [np.zeros(0, np.uint8)], []
  for one in annotations:
    shapes = []
    for shape in one.shapes:
      parts = [[len(polygon) for polygon in part] for part in shape.parts]
      corners += [polygon for part in shape.parts for polygon in part]
      size = None
      if shape.pixels is not None:
        size = shape.pixels.shape
        pixels.append(np.packbits(shape.pixels))
      text = shape.label, shape.name, shape.code, shape.group
      shapes.append([*text, parts, size])
    about.append([one.image, one.size, shapes])
  contents = (
    np.frombuffer(json.dumps(about).encode(), np.uint8),
    np.concatenate(corners, dtype=np.float64).reshape(-1).view(np.uint8),
    np.concatenate(pixels),
  )
  send(stream, {'is': 'shapes', 'bytes': [one.size for one in contents]})
  for one in contents:
    put(memoryview(one))


def receive_shapes(
  message: dict[str, Any],
  take: Callable[[memoryview], None],
  *,
  most_bytes: int,
) -> list[Annotation]:
  """Reads what a message announces.

  Args:
    message: of `send_shapes`.
    take: fills room with the numbers that were handed over.
    most_bytes: that they may have.

  Raises:
    MessageError: they are no shapes, or end too early.
    MemoryError: they have more bytes, or this machine has not so many.
  """
  try:
    sizes = [int(size) for size in message['bytes']]
    if len(sizes) != 3 or min(sizes) < 0 or sizes[1] % 16:
      raise ValueError(f'{sizes} bytes')
    if sum(sizes) > most_bytes:
      raise MemoryError
    text, corners, bits = (np.empty(size, np.uint8) for size in sizes)
    for one in (text, corners, bits):
      take(memoryview(one))
    corners = corners.view(np.float64).reshape(-1, 2)
    if not (np.abs(corners) < FARTHEST_PX).all():
      raise ValueError('corners that are nowhere')
    cutter = _Cutter(corners, bits)
    return [
      Annotation(
        str(image), _size(size), tuple(_shapes(shapes, cutter, most_bytes))
      )
      for image, size, shapes in json.loads(text.tobytes())
    ]
  except (
    *(BoxError, KeyError, OSError, OverflowError, RecursionError),
    *(TypeError, ValueError),
  ) as error:
    raise MessageError(f'no shapes ({error!r})') from error


class _Cutter:
  """Takes one part after the other from what came in one piece."""

  def __init__(self, corners: np.ndarray, bits: np.ndarray) -> None:
    self._corners, self._bits = corners, bits
    self.pixel_bytes = 0

  def polygon(self, count: int) -> np.ndarray:
    if not 0 < count <= len(self._corners):
      raise ValueError(f'{count} corners of {len(self._corners)}')
    found, self._corners = self._corners[:count], self._corners[count:]
    return found

  def pixels(self, shape: tuple[int, int]) -> np.ndarray:
    count = shape[0] * shape[1]
    size = -(-count // 8)
    if size > len(self._bits):
      raise ValueError(f'{shape} pixels of {len(self._bits)} bytes')
    found, self._bits = self._bits[:size], self._bits[size:]
    self.pixel_bytes += count
    return np.unpackbits(found, count=count).reshape(shape).view(bool)


def _shapes(given: Any, cutter: _Cutter, most_bytes: int) -> Iterator[Shape]:
  for label, name, code, group, parts, size in given:
    pixels = None
    if size is not None:
      # A bit becomes a byte.
      if cutter.pixel_bytes > most_bytes:
        raise MemoryError
      shape = _size(size)
      assert shape is not None
      pixels = cutter.pixels(shape)
    yield Shape(
      str(label),
      str(name),
      tuple(tuple(map(cutter.polygon, map(int, one))) for one in parts),
      pixels,
      str(code),
      None if group is None else str(group),
    )


def _size(given: Any) -> tuple[int, int] | None:
  if given is None:
    return None
  height, width = map(int, given)
  if min(height, width) < 1 or height * width > MAX_PIXELS:
    raise ValueError(f'an image of {height} x {width}')
  return height, width
