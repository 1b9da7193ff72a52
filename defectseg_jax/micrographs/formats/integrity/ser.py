"""Is a .ser file of TIA whole, and are they images of the foil?

Without this check, images whose place in the file was cut off would come back
as whatever was in memory.

References:
  C. Boothroyd, TIA (Emispec) file format.
"""

import pathlib
import struct
from typing import BinaryIO

from defectseg_jax.errors import InputError, file_error

_LITTLE_ENDIAN, _SERIES = 0x4949, 0x0197
_SPECTRA, _IMAGES = 0x4120, 0x4122
_LAST_VERSION_OF_32_BITS = 0x0210
_PIXEL_BYTES = {1: 1, 2: 2, 3: 4, 4: 1, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 16}
# A metre. The scale of a diffraction pattern stands in the same place, in 1/m:
# millions. Which of the two it is, only the .emi file says.
_LARGEST_SCALE = 1.0


def check_ser(path: pathlib.Path) -> None:
  """Compares the header, and the place of every image, with the file's size.

  Args:
    path: the file.

  Raises:
    InputError: the file is no .ser file, is cut off, holds spectra or a map of
      images, or has a scale that only a diffraction pattern has.
  """
  size = path.stat().st_size
  with path.open('rb') as file:
    try:
      _check(file, size, path)
    except struct.error as error:
      raise _damage_error(
        path, f'its header reaches behind byte {size}'
      ) from error


def _check(file: BinaryIO, size: int, path: pathlib.Path) -> None:
  order, series, version, kind, _, _, valid = _unpack(file, '<HHHIIII')
  if (order, series) != (_LITTLE_ENDIAN, _SERIES):
    raise _damage_error(path, 'it does not begin as one')
  if kind == _SPECTRA:
    raise file_error(path, 'it holds spectra', 'name a file with images')
  if kind != _IMAGES:
    raise _damage_error(path, f'its data are of kind {kind:#x}')
  place = 'I' if version <= _LAST_VERSION_OF_32_BITS else 'Q'
  places, dimensions = _unpack(file, f'<{place}I')
  if dimensions > 1 and valid > 1:
    raise file_error(
      path,
      f'it is a map with an image at each of {valid} points',
      'export the images as a stack',
    )
  if not valid:
    raise file_error(
      path, 'it holds no image that was finished', 'name another file'
    )
  # Of each image where it begins, then of each where its tag does.
  bytes_each = struct.calcsize(place)
  if places + 2 * valid * bytes_each > size:
    raise _damage_error(
      path, f'{valid} images are not listed before byte {size}'
    )
  file.seek(places)
  for begin in _unpack(file, f'<{valid}{place}'):
    _check_image(file, begin, size, path)


def _check_image(
  file: BinaryIO, begin: int, size: int, path: pathlib.Path
) -> None:
  if begin > size:  # Some are too large to seek.
    raise _damage_error(path, f'an image would begin at byte {begin} of {size}')
  file.seek(begin)
  _, x_scale, _, _, y_scale, _, kind, columns, rows = _unpack(
    file, '<ddIddIHII'
  )
  if kind not in _PIXEL_BYTES:
    raise _damage_error(path, f'its pixels are of type {kind}')
  end = file.tell() + columns * rows * _PIXEL_BYTES[kind]
  if end > size:
    raise _damage_error(path, f'its pixels would end at byte {end} of {size}')
  scale = max(abs(x_scale), abs(y_scale))
  if scale >= _LARGEST_SCALE:
    raise file_error(
      path,
      f'its scale is {scale:.6g}: too large for a pixel in metres; in 1/m, that'
      ' of a diffraction pattern',
      'name a micrograph, or set its scale in TIA',
    )


def _unpack(file: BinaryIO, layout: str) -> tuple:
  return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _damage_error(path: pathlib.Path, problem: str) -> InputError:
  return file_error(
    path,
    f'no .ser file, or damaged or cut off: {problem}',
    'copy or export it again',
  )
