"""Is a TIFF file whole?

Readers of TIFF are lenient: a directory or a tag that lies behind the end of
the file is left out with a log message, and strips that were never written
come back as zeros. A micrograph without its scale, or half black, is worse than
no micrograph.
"""

import os
import pathlib
import struct
from typing import BinaryIO

from defectseg_jax.errors import InputError, file_error

# Bytes of one value, by the type's number (TIFF 6.0 section 2; BigTIFF).
_TYPE_BYTES = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8,
  13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip


def directory_count(path: pathlib.Path) -> int:
  """The number of directories, all of which are checked.

  Args:
    path: the file.

  Raises:
    InputError: the file is no TIFF; a directory, or a value of one, lies behind
      the end of the file; or the chain of directories runs in a circle.
  """
  with open(path, 'rb') as file:
    size = os.fstat(file.fileno()).st_size
    order, is_big, offset = _header(file, path)
    seen = set()
    while offset:
      if offset in seen:
        raise _damage_error(path, f'directory {len(seen)} was seen before')
      seen.add(offset)
      try:
        offset = _next_directory(file, offset, size, order, is_big)
      except (struct.error, EOFError) as error:
        raise _damage_error(
          path,
          f'directory {len(seen) - 1} at byte {offset} reaches behind the end'
          f' at byte {size}',
        ) from error
  if not seen:
    raise _damage_error(path, 'it has no image directory')
  return len(seen)


def _header(file: BinaryIO, path: pathlib.Path) -> tuple[str, bool, int]:
  head = file.read(16)
  order = {b'II': '<', b'MM': '>'}.get(head[:2])
  if order is not None and len(head) == 16:
    (magic,) = struct.unpack_from(f'{order}H', head, 2)
    if magic == 42:
      return order, False, struct.unpack_from(f'{order}I', head, 4)[0]
    if magic == 43:
      return order, True, struct.unpack_from(f'{order}Q', head, 8)[0]
  raise file_error(
    path,
    f'it begins with {head[:8]!r} and is no TIFF, or is cut off',
    'export it as TIFF or PNG',
  )


def _next_directory(
  file: BinaryIO, offset: int, size: int, order: str, is_big: bool
) -> int:
  """Checks one directory; struct.error or EOFError where the file ends."""
  count_format, entry_format, offset_format = (
    ('Q', 'HHQQ', 'Q') if is_big else ('H', 'HHII', 'I')
  )
  if offset > size:  # some offsets of BigTIFF are too large to seek
    raise EOFError
  file.seek(offset)
  count_bytes = struct.calcsize(order + count_format)
  (count,) = struct.unpack(order + count_format, file.read(count_bytes))
  entry_bytes = struct.calcsize(order + entry_format)
  if offset + count_bytes + count * entry_bytes > size:
    raise EOFError
  entries = file.read(count * entry_bytes)
  inline_bytes = struct.calcsize(order + offset_format)
  for entry in struct.iter_unpack(order + entry_format, entries):
    _, kind, length, where = entry
    value_bytes = _TYPE_BYTES.get(kind, 0) * length
    if value_bytes > inline_bytes and where + value_bytes > size:
      raise EOFError
  (following,) = struct.unpack(order + offset_format, file.read(inline_bytes))
  return following


def _damage_error(path: pathlib.Path, problem: str) -> InputError:
  return file_error(
    path,
    f'the TIFF is damaged or cut off: {problem}',
    'copy or export it again',
  )
