"""Is an MRC file whole, and does it say how large its pixels are?

Layout: Cheng et al., J. Struct. Biol. 192, 146 (2015), MRC2014.
"""

import pathlib
import struct

from defectseg_jax.errors import InputError, file_error

_HEADER_BYTES = 1024
_STAMP_BYTE = 212
_BIG_ENDIAN = 0x11
_PIXEL_BYTES = {0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2}  # by the mode
# FEI's extended header, 1024 records of 128 bytes, with a size of its own.
_FEI_EXTENDED_BYTES = 1024 * 128
_FEI_PIXEL_SIZE_BYTE = 44


def check_mrc(path: pathlib.Path) -> bool:
  """Compares the header with the size of the file.

  Args:
    path: the file.

  Returns:
    Whether the header gives the size of a pixel.

  Raises:
    InputError: the header is cut off, is not that of an MRC file, was written
      by a big-endian machine, or promises more pixels than the file has.
  """
  size = path.stat().st_size
  with path.open('rb') as file:
    head = file.read(_HEADER_BYTES)
    record = file.read(_FEI_PIXEL_SIZE_BYTE + 4)
  if len(head) < _HEADER_BYTES:
    raise _damage_error(
      path, f'its header ends after {len(head)} bytes of 1024'
    )
  if head[_STAMP_BYTE] == _BIG_ENDIAN:
    raise file_error(
      path,
      'it was written by a big-endian machine',
      'convert it to little-endian (IMOD: newstack), or export it as TIFF',
    )
  columns, rows, sections, mode = struct.unpack_from('<4i', head)
  intervals = struct.unpack_from('<2i', head, 28)
  lengths = struct.unpack_from('<2f', head, 40)
  (extended,) = struct.unpack_from('<I', head, 92)
  if min(columns, rows, sections) < 1 or mode not in _PIXEL_BYTES:
    raise _damage_error(
      path,
      f'its header says {columns} x {rows} x {sections} pixels of mode {mode}',
    )
  end = _HEADER_BYTES + extended
  end += columns * rows * sections * _PIXEL_BYTES[mode]
  if end > size:
    raise _damage_error(path, f'its pixels would end at byte {end} of {size}')
  if extended == _FEI_EXTENDED_BYTES:
    return any(record[_FEI_PIXEL_SIZE_BYTE:])
  return all(intervals) and all(lengths)


def _damage_error(path: pathlib.Path, problem: str) -> InputError:
  return file_error(
    path, f'no MRC, or damaged or cut off: {problem}', 'copy or export it again'
  )
