"""Is an MRC file whole, and what does its header say that readers pass over?

Layout: Cheng et al., J. Struct. Biol. 192, 146 (2015), MRC2014; IMOD's stamp
and flags: IMOD's description of the MRC format.
"""

import pathlib
import struct
from typing import NamedTuple

from defectseg_jax.errors import InputError, file_error

_HEADER_BYTES = 1024
_STAMP_BYTE = 212
_BIG_ENDIAN = 0x11
_PIXEL_BYTES = {0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2}  # by the mode
# FEI's extended header, 1024 records of 128 bytes, with a size of its own.
_FEI_EXTENDED_BYTES = 1024 * 128
_FEI_PIXEL_SIZE_BYTE = 44
# A metre: a pixel that is larger is one of a diffraction pattern, in 1/m.
_LARGEST_PIXEL_M = 1.0
# IMOD writes 1 A where it does not know, as mrcfile's users do.
_DEFAULT_ANGSTROM = 1.0
_BYTES_MODE, _LARGEST_SIGNED = 0, 127
_IMOD_STAMP, _IMOD_SIGNED = 1146047817, 1
_LABELS = slice(224, 1024)


class MrcHeader(NamedTuple):
  """What the header says besides the pixels.

  Attributes:
    calibrated: whether it gives the size of a pixel.
    signed_bytes: whether pixels of 8 bits are -128 to 127.
    doubt: about the size of a pixel; '' for none.
  """

  calibrated: bool
  signed_bytes: bool
  doubt: str = ''


def check_mrc(path: pathlib.Path) -> MrcHeader:
  """Compares the header with the size of the file.

  Args:
    path: the file.

  Returns:
    What the header says.

  Raises:
    InputError: the header is cut off, is not that of an MRC file, was written
      by a big-endian machine, promises more pixels than the file has, or is
      that of a diffraction pattern.
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
  if b'diffraction' in head[_LABELS].lower():
    raise _diffraction_error(path, 'its label says so')
  signed = mode == _BYTES_MODE and _has_signed_bytes(head)
  if extended == _FEI_EXTENDED_BYTES:
    return MrcHeader(_fei_gives_size(record, path), signed)
  return _cell(head)._replace(signed_bytes=signed)


def _fei_gives_size(record: bytes, path: pathlib.Path) -> bool:
  (pixel_m,) = struct.unpack_from('<f', record, _FEI_PIXEL_SIZE_BYTE)
  if pixel_m >= _LARGEST_PIXEL_M:
    raise _diffraction_error(path, f'its scale is {pixel_m:.6g}, in 1/m')
  return pixel_m > 0


def _cell(head: bytes) -> MrcHeader:
  """Whether the cell, in A, and its intervals say how large a pixel is."""
  intervals = struct.unpack_from('<2i', head, 28)
  lengths = struct.unpack_from('<2f', head, 40)
  if not all(size > 0 for size in (*intervals, *lengths)):
    return MrcHeader(False, False)
  if all(
    length / interval == _DEFAULT_ANGSTROM
    for length, interval in zip(lengths, intervals)
  ):
    return MrcHeader(
      False,
      False,
      'it says 1 A a pixel, which programs write where nobody calibrated',
    )
  return MrcHeader(True, False)


def _has_signed_bytes(head: bytes) -> bool:
  """IMOD's flag; without it what the range tells, and else MRC2014."""
  stamp, flags = struct.unpack_from('<2i', head, 152)
  if stamp == _IMOD_STAMP:
    return bool(flags & _IMOD_SIGNED)
  # Programs older than MRC2014 wrote 0 to 255, and said so only here.
  _, largest = struct.unpack_from('<2f', head, 76)
  return not largest > _LARGEST_SIGNED


def _diffraction_error(path: pathlib.Path, reason: str) -> InputError:
  return file_error(
    path, f'it is a diffraction pattern: {reason}', 'name a micrograph'
  )


def _damage_error(path: pathlib.Path, problem: str) -> InputError:
  return file_error(
    path, f'no MRC, or damaged or cut off: {problem}', 'copy or export it again'
  )
