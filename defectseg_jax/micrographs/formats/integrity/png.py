"""Are all rows of a PNG in it?

Pillow fills in zeros for rows that are missing where the compressed stream ends
as it should, and asks for the memory of all rows before it looks.

References:
  PNG, third edition, 5 (chunks), 8 (interlace), 13 (filtering).
"""

import pathlib
import struct
import zlib
from typing import BinaryIO

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats.frame import check_size

_SIGNATURE_BYTES = 8
# Samples a pixel, by the kind of colour.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Adam7's passes: first column and row, and steps.
_PASSES = (
  *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
  *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
_MOST_AT_ONCE = 2**20


def check_png(path: pathlib.Path) -> None:
  """Unpacks the pixels, without keeping them, and counts.

  Args:
    path: of a file with the signature of PNG.

  Raises:
    InputError: rows are missing, the file is damaged or cut off, or the image
      too large.
  """
  with path.open('rb') as file:
    file.seek(_SIGNATURE_BYTES)
    try:
      header = _chunk(file, b'IHDR')
      width, height = struct.unpack_from('>II', header)
      check_size(path, height=height, width=width)
      needed, found = _needed_bytes(header), 0
      unpack = zlib.decompressobj()
      while found < needed and not unpack.eof:
        packed = _chunk(file, b'IDAT')
        while packed:
          found += len(unpack.decompress(packed, _MOST_AT_ONCE))
          packed = unpack.unconsumed_tail
    except (EOFError, KeyError, struct.error, zlib.error) as error:
      raise _damage_error(path, str(error) or 'it ends too early') from error
  if found < needed:
    raise _damage_error(
      path, f'its rows are {found} bytes of {needed}, unpacked'
    )


def _chunk(file: BinaryIO, wanted: bytes) -> bytes:
  """The content of the next chunk of a kind."""
  while True:
    head = file.read(8)
    if len(head) < 8:
      raise EOFError
    length, kind = struct.unpack('>I4s', head)
    if kind == b'IEND':
      raise EOFError
    if kind == wanted:
      content = file.read(length)
      file.seek(4, 1)  # its checksum, which Pillow looks at
      return content
    file.seek(length + 4, 1)


def _needed_bytes(header: bytes) -> int:
  """Of all rows, each with the byte that names its filter."""
  width, height, depth, kind, _, _, interlace = struct.unpack(
    '>IIBBBBB', header
  )
  bits = depth * _SAMPLES[kind]
  passes = _PASSES if interlace else ((0, 0, 1, 1),)
  needed = 0
  for column, row, across, down in passes:
    columns = -(-max(width - column, 0) // across)
    rows = -(-max(height - row, 0) // down)
    if columns:
      needed += rows * (1 + -(-columns * bits // 8))
  return needed


def _damage_error(path: pathlib.Path, problem: str) -> InputError:
  return file_error(
    path,
    f'the PNG is damaged or cut off: {problem}',
    'copy or export it again',
  )
