"""How the pixels of a layer differ, as a text in a line of the journal.

Few pixels of a box change, and those beside each other by the same. So the text
is `runs:`, then packed whole numbers of 32 bits: of all runs of pixels of a row
that change by the same the rows, then their first columns, then their lengths,
then by how much. Version 0.2 packed the difference of each pixel of the box,
without a word before it; that is read, too.
"""

import base64
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

_RUNS = 'runs:'
_NUMBER = np.dtype('<i4')
# Some MiB of working memory, whatever the size of the image; by eye.
_AT_ONCE_PX = 1 << 21


def encode(places: np.ndarray, values: np.ndarray, width: int) -> str:
  """The text.

  Args:
    places: int64 [n], of the pixels that change, counted row after row; sorted.
    values: [n], by how much.
    width: of the box.
  """
  row, column = np.divmod(places, width)
  begins = np.ones(len(places), bool)
  begins[1:] = (np.diff(places) != 1) | (values[1:] != values[:-1])
  begins |= column == 0
  first = np.flatnonzero(begins)
  length = np.diff(first, append=len(places))
  runs = np.stack([row[first], column[first], length, values[first]])
  packed = zlib.compress(runs.astype(_NUMBER).tobytes(), 1)
  return _RUNS + base64.b64encode(packed).decode('ascii')


def decode(
  text: str, shape: tuple[int, int], kind: np.dtype
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  """The pixels that change, some at a time.

  Args:
    text: from `encode`.
    shape: of the box.
    kind: type of the layer.

  Yields:
    Rows and columns in the box, and by how much, of the layer's type.

  Raises:
    ValueError: the text is damaged.
  """
  if text.startswith(_RUNS):
    yield from _decode_runs(text.removeprefix(_RUNS), shape, kind)
  else:
    yield from _decode_each(text, shape, kind)


def _decode_runs(
  text: str, shape: tuple[int, int], kind: np.dtype
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  height, width = shape
  size = 4 * _NUMBER.itemsize
  unpacker, packed = zlib.decompressobj(), base64.b64decode(text, validate=True)
  # There are no more runs than pixels.
  content = _unpack(unpacker, packed, height * width * size + 1)
  if len(content) % size or not unpacker.eof:
    raise ValueError('it is of another length')
  row, column, length, value = np.frombuffer(content, _NUMBER).reshape(4, -1)
  inside = (row >= 0) & (row < height) & (column >= 0) & (length > 0)
  if not (inside & (column <= width - length)).all():
    raise ValueError('it is of pixels beside its box')
  value = value.astype(kind)
  ends = np.cumsum(length, dtype=np.int64)
  low = 0
  while low < len(row):
    before = int(ends[low - 1]) if low else 0
    limit = before + _AT_ONCE_PX
    high = max(low + 1, int(np.searchsorted(ends, limit, 'right')))
    part = slice(low, high)
    along = np.arange(before, ends[high - 1])
    along += np.repeat((column - ends + length)[part], length[part])
    yield (
      np.repeat(row[part].astype(np.int64), length[part]),
      along,
      np.repeat(value[part], length[part]),
    )
    low = high


def _decode_each(
  text: str, shape: tuple[int, int], kind: np.dtype
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
  """As version 0.2 wrote it: the difference of each pixel."""
  height, width = shape
  stored = kind.newbyteorder('<')
  unpacker, rest = zlib.decompressobj(), base64.b64decode(text, validate=True)
  step = max(1, _AT_ONCE_PX // max(1, width))
  for top in range(0, height, step):
    size = min(step, height - top) * width * kind.itemsize
    content = _unpack(unpacker, rest, size)
    rest = unpacker.unconsumed_tail
    if len(content) != size:
      raise ValueError('it holds too few bytes')
    values = np.frombuffer(content, stored)
    places = np.flatnonzero(values)
    row, column = np.divmod(places, width)
    yield row + top, column, values[places].astype(kind)


def _unpack(unpacker: Any, packed: bytes, most_bytes: int) -> bytes:
  try:
    return unpacker.decompress(packed, most_bytes)
  except zlib.error as error:
    raise ValueError(f'it cannot be unpacked ({error})') from error
