"""The text file that a scanning microscope writes beside an image -> its scale.

Hitachi and JEOL write `a.txt`, TESCAN `a.hdr` or `a-tif.hdr`, beside `a.tif`.
"""

import os
import pathlib
import re
from collections.abc import Iterator

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats.pixel_size import (
  NOTHING,
  StatedScale,
  scale_of_pixel,
)

# Of a text that is longer, no more is read: none of theirs is.
_MOST_BYTES = 2**20
_HITACHI = re.compile(r'^\s*\[(Sem|Tem|Stem)ImageFile\]', re.M | re.I)
_JEOL_BAR, _JEOL_MARKER = '$$SM_MICRON_BAR', '$$SM_MICRON_MARKER'


def scale_beside(path: pathlib.Path, *, columns: int) -> StatedScale:
  """What the text file of an image says of its scale.

  Args:
    path: of the image.
    columns: how wide the image is, in pixels.

  Returns:
    The scale; nothing where there is no such file, or one that is of no
    microscope that is known. Where the text was written of an image of another
    width, the doubt says so.

  Raises:
    InputError: the text file cannot be read, or its pixels are not square.
  """
  for beside in texts_beside(path):
    try:
      content = read_regular(beside, _MOST_BYTES)
    except OSError as error:
      raise file_error(
        path,
        f'{beside.name} beside it cannot be opened ({error.strerror})',
        'see that you may read it, or put it elsewhere',
      ) from error
    found = NOTHING
    for text in _decodings(content):
      found = _scale_of_text(text, path, columns)
      if found.pixel_size_nm is not None:
        break
    if found.doubt:
      found = found._replace(doubt=f'{beside.name}: {found.doubt}')
    if found != NOTHING:
      return found
  return NOTHING


def texts_beside(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """The texts that are there, of the names that the programs give them.

  Args:
    path: of the image.
  """
  before, suffix = os.path.splitext(path)
  for end in ('.txt', '.hdr', f'-{suffix[1:]}.hdr'):
    for spelling in dict.fromkeys((end, end.upper(), end.lower())):
      # Not by pathlib: it takes longer than the image's header.
      if os.path.isfile(before + spelling):
        yield pathlib.Path(before + spelling)
        break


def _decodings(content: bytes) -> Iterator[str]:
  """The text, in each encoding in which it may have been written.

  Only the letter for micro depends on it.
  """
  if content.startswith((b'\xff\xfe', b'\xfe\xff')):
    yield content.decode('utf-16', 'replace')
    return
  if b'\0' in content[:64]:
    order = 'le' if content[1:2] == b'\0' else 'be'
    yield content.decode(f'utf-16-{order}', 'replace')
    return
  for encoding in ('utf-8-sig', 'cp932', 'cp1252'):
    yield content.decode(encoding, 'replace')


def _scale_of_text(text: str, path: pathlib.Path, columns: int) -> StatedScale:
  if _HITACHI.search(text):
    size = _value(text, 'PixelSize', '=')
    scale = _scale(size, size, 'nm', path) if size else NOTHING
    return _checked(scale, _value(text, 'DataSize', '='), columns)
  if _JEOL_BAR in text and _JEOL_MARKER in text:
    scale = _jeol_scale(text, path)
    return _checked(scale, _value(text, '$CM_FULL_SIZE', r'[ \t]'), columns)
  width = _value(text, 'PixelSizeX', '=')
  if width and '[MAIN]' in text.upper():
    return _scale(width, _value(text, 'PixelSizeY', '=') or width, 'm', path)
  return NOTHING


def _jeol_scale(text: str, path: pathlib.Path) -> StatedScale:
  """The length that the bar stands for, by its length in pixels."""
  bar = _value(text, _JEOL_BAR, r'[ \t]')
  marker = _value(text, _JEOL_MARKER, r'[ \t]')
  match = re.match(r'([\d.,]+)\s*(\S*)', marker)
  if not match or not _number(bar):
    return StatedScale(doubt=f'its bar is {bar!r} pixels long, for {marker!r}')
  length = _number(match[1])
  if length is None:
    return StatedScale(doubt=f'its bar stands for {marker!r}')
  side = length / (_number(bar) or 1.0)
  return scale_of_pixel(side, side, match[2], path=path)


def _scale(
  width: str, height: str, unit: str, path: pathlib.Path
) -> StatedScale:
  x, y = _number(width), _number(height)
  if x is None or y is None:
    return StatedScale(doubt=f'its pixel is {width!r} x {height!r} {unit}')
  return scale_of_pixel(x, y, unit, path=path)


def _checked(scale: StatedScale, size: str, columns: int) -> StatedScale:
  """Doubts a scale that was written of an image of another width."""
  match = re.match(r'(\d+)\D+\d+', size)
  if scale.pixel_size_nm is None or not match or int(match[1]) == columns:
    return scale
  return scale._replace(
    doubt=f'it was written of {match[1]} columns, and the image has {columns}:'
    ' the scale is right if it was cropped, and wrong if it was resized'
  )


def _value(text: str, key: str, sign: str) -> str:
  """What stands behind `key sign` in its line; '' where there is none.

  A line without an end may have been cut off within its number.
  """
  pattern = rf'^\s*{re.escape(key)}[ \t]*{sign}[ \t]*(.*?)[ \t]*[\r\n]'
  match = re.search(pattern, text, re.M | re.I)
  return match[1] if match else ''


def _number(text: str) -> float | None:
  try:
    return float(text.replace(',', '.'))
  except ValueError:
    return None
