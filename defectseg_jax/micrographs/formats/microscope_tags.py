"""Private tags of microscopes' programs in a TIFF -> the scale of a page.

References:
  Gwyddion's and Bio-Formats' descriptions of what FEI, Zeiss, TESCAN, Olympus,
  TVIPS and JEOL write; tifffile parses some of it.
"""

import math
import pathlib
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import tifffile

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats.pixel_size import (
  NOTHING,
  StatedScale,
  agreed_scale,
  scale_of_pixel,
  without_printers,
)

_FEI_SFEG, _FEI_HELIOS, _FEI_XML = 34680, 34682, 34683
_ZEISS, _TESCAN, _TVIPS, _MICRO_MANAGER = 34118, 50431, 37706, 51123
_OLYMPUS = (33560, 33471)
_DESCRIPTION = 270  # of TIFF itself; SightX writes its XML there
# DigitalMicrograph's: unit and scale of x and of y.
_DM_UNITS, _DM_SCALES = (65003, 65004), (65009, 65010)

RESOLUTIONS = (282, 283)
"""TIFF's XResolution and YResolution."""

# Zeiss counts its pixel size for a screen of so many columns.
_ZEISS_COLUMNS = 1024
# By eye, of two numbers of which one has three digits.
_SAME_SIZE = 0.02
_FEI_PIXEL = re.compile(
  r'<pixel(Width|Height)\s+unit="([^"]*)"\s*>\s*([^<\s]+)\s*<'
)
_TESCAN_PIXEL = re.compile(rb'PixelSize([XY])[ \t]*=[ \t]*([^\s\0]+)')


def microscope_scales(
  page: tifffile.TiffPage, path: pathlib.Path
) -> Iterator[tuple[str, StatedScale]]:
  """What each program that put tags of its own into a page says of its scale.

  Args:
    page: of a TIFF that is open.
    path: the file, for messages.

  Yields:
    The program's name, and the scale. A program that says nothing is left out.

  Raises:
    InputError: a diffraction pattern, or pixels that are not square.
  """
  there = set(page.tags.keys())
  for name, codes, read in _PROGRAMS:
    if there.isdisjoint(codes):
      continue
    scale = read(page, path)
    if scale != NOTHING:
      yield name, scale


def _fei(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """[Scan] PixelWidth in metres, and that of the beam that was used."""
  for tag in (_FEI_HELIOS, _FEI_SFEG):
    tags = page.tags.valueof(tag)
    if not isinstance(tags, dict):
      continue
    beam = _section(tags, 'Beam').get('Scan')
    found = {}
    for section in dict.fromkeys(('Scan', beam, 'EScan', 'IScan')):
      numbers = _section(tags, section)
      width = _number(numbers.get('PixelWidth'))
      if width is None or (found and section != beam):
        continue
      height = _number(numbers.get('PixelHeight')) or width
      found[f'[{section}]'] = scale_of_pixel(width, height, 'm', path=path)
    scale = agreed_scale(found)
    columns = _number(_section(tags, 'Image').get('ResolutionX'))
    if scale != NOTHING:
      return _doubt_if_resized(scale, columns, page.imagewidth)
    # Without a size of pixels, by the width of what was scanned.
    beam = _section(tags, 'Beam').get('Beam')
    for section, key in (
      *(('Scan', 'HorFieldsize'), ('EScan', 'HorFieldsize')),
      *((beam, 'HFW'), ('EBeam', 'HFW'), ('IRBeam', 'HFW')),
    ):
      width = _number(_section(tags, section).get(key))
      if width and columns:
        side = width / columns
        return scale_of_pixel(side, side, 'm', path=path)
  return NOTHING


def _section(tags: dict[str, Any], name: Any) -> dict[str, Any]:
  section = tags.get(name)
  return section if isinstance(section, dict) else {}


def _doubt_if_resized(
  scale: StatedScale, columns: float | None, width: int
) -> StatedScale:
  if scale.pixel_size_nm is None or not columns or columns == width:
    return scale
  return scale._replace(
    doubt=f'the microscope wrote {columns:g} columns, and it has {width}: the'
    ' scale is right if it was cropped, and wrong if it was resized'
  )


def _fei_xml(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """<pixelWidth unit="um">0.69</pixelWidth>, of Phenom and MAPS."""
  text = _text(page.tags.valueof(_FEI_XML))
  sizes = {
    axis: (value, unit) for axis, unit, value in _FEI_PIXEL.findall(text)
  }
  if 'Width' not in sizes:
    return NOTHING
  width, x_unit = sizes['Width']
  height, y_unit = sizes.get('Height', sizes['Width'])
  return _scale_of_texts(width, height, x_unit, y_unit, path)


def _zeiss(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """Image Pixel Size with its unit; beside it the same for 1024 columns."""
  tags = page.tags.valueof(_ZEISS)
  if not isinstance(tags, dict):
    return NOTHING
  columns = _ZEISS_COLUMNS / page.imagewidth
  found = []
  for key, factor in (('ap_image_pixel_size', 1.0), ('ap_pixel_size', columns)):
    # What tifffile takes for no number, as 558,2 pm, is in one piece.
    words = ' '.join(map(str, tags.get(key, ())[1:])).split()
    if words:
      size, unit = _number(words[0]), ' '.join(words[1:])
      text = words[0] if size is None else str(size * factor)
      found.append(_scale_of_texts(text, text, unit, unit, path))
  unnamed = tags.get('', ())
  size = _number(unnamed[3]) if len(unnamed) > 3 else None
  if size:
    size *= columns
    found.insert(1, scale_of_pixel(size, size, 'm', path=path))
  known = [one.pixel_size_nm for one in found if one.pixel_size_nm is not None]
  if not known:
    return found[0] if found else NOTHING
  if all(abs(other / known[0] - 1) <= _SAME_SIZE for other in known[1:]):
    return StatedScale(known[0])
  return StatedScale(
    known[0],
    doubt=f'Zeiss says {known[0]:.6g} nm a pixel, and by its {_ZEISS_COLUMNS}'
    f' columns {known[1]:.6g} nm: was the image cropped or resized?',
  )


def _tescan(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """PixelSizeX=1.5e-09, in metres, in a text between binary blocks."""
  value = page.tags.valueof(_TESCAN, b'')
  content = value.encode('latin-1') if isinstance(value, str) else bytes(value)
  sizes = dict(_TESCAN_PIXEL.findall(content))
  if b'X' not in sizes:
    return NOTHING
  width = sizes[b'X'].decode('latin-1')
  height = sizes.get(b'Y', sizes[b'X']).decode('latin-1')
  return _scale_of_texts(width, height, 'm', 'm', path)


def _jeol(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """SightX's XML: the resolution is the camera's, divided by magnification."""
  if '<TemReporter' not in page.description:
    return NOTHING
  text = page.description[page.description.index('<') :]
  try:
    root = ElementTree.fromstring(text.strip('\0\x01 \r\n\t'))
  except ElementTree.ParseError as error:
    return StatedScale(doubt=f'its JEOL metadata are not XML ({error})')
  mode = root.findtext('ImageFormingSystem/ModeString', '')
  if 'DIFF' in mode.upper():
    raise file_error(
      path,
      f'JEOL says {mode}: it is a diffraction pattern',
      'name a micrograph',
    )
  magnification = _number(root.findtext('ImageFormingSystem/SelectorValue', ''))
  # A scanned image's resolution is not the camera's.
  if root.findtext('Eos/EosMode') != 'eosTEM' or 'MAG' not in mode.upper():
    return NOTHING
  x, y = (rational(page, tag) for tag in RESOLUTIONS)
  unit = {2: 'inch', 3: 'cm'}.get(int(page.resolutionunit))
  if not (magnification and x and y and unit):
    return StatedScale(doubt='JEOL gives neither magnification nor resolution')
  return scale_of_pixel(
    1 / x / magnification, 1 / y / magnification, unit, path=path
  )


def _olympus(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """In metres."""
  for tag in _OLYMPUS:
    tags = page.tags.valueof(tag)
    if isinstance(tags, dict) and 'pixelsizex' in tags:
      width = _number(tags['pixelsizex'])
      height = _number(tags.get('pixelsizey'))
      if width is not None:
        # A scale of 0 is that of an image that nobody calibrated.
        return scale_of_pixel(width, height or width, 'm', path=path)
  return NOTHING


def _tvips(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """In nanometres; 0 where EM-MENU does not know."""
  tags = page.tags.valueof(_TVIPS)
  if not isinstance(tags, dict) or not tags.get('PixelSizeX'):
    return NOTHING
  width, height = tags['PixelSizeX'], tags.get('PixelSizeY')
  return scale_of_pixel(width, height or width, 'nm', path=path)


def _digitalmicrograph(
  page: tifffile.TiffPage, path: pathlib.Path
) -> StatedScale:
  scales = [_number(page.tags.valueof(tag)) for tag in _DM_SCALES]
  if None in scales:
    return NOTHING
  x_unit, y_unit = (str(page.tags.valueof(tag, '')) for tag in _DM_UNITS)
  x, y = (math.nan if one is None else one for one in scales)
  return scale_of_pixel(x, y, x_unit, y_unit, path=path)


def _micro_manager(page: tifffile.TiffPage, path: pathlib.Path) -> StatedScale:
  """In micrometres; 0 or 1 where nobody calibrated."""
  tags = page.tags.valueof(_MICRO_MANAGER)
  if not isinstance(tags, dict):
    return NOTHING
  size = _number(tags.get('PixelSizeUm', tags.get('PixelSize_um')))
  if size is None or size in (0, 1):
    return NOTHING
  return without_printers(scale_of_pixel(size, size, 'um', path=path), 'um')


def rational(page: tifffile.TiffPage, tag: int) -> float | None:
  """A tag that is a fraction; 0 where its denominator is, None without it.

  Args:
    page: of a TIFF that is open.
    tag: its number.
  """
  value = page.tags.valueof(tag)
  try:
    numerator, denominator = value
    return numerator / denominator if denominator else 0.0
  except TypeError:
    # Some programs write one number where the standard has two.
    return _number(value)


def _scale_of_texts(
  width: str, height: str, x_unit: str, y_unit: str, path: pathlib.Path
) -> StatedScale:
  x, y = _number(width), _number(height)
  if x is None or y is None:
    return StatedScale(doubt=f'the size of a pixel is {width!r} x {height!r}')
  return scale_of_pixel(x, y, x_unit, y_unit, path=path)


def _number(value: Any) -> float | None:
  """A number as programs write it, also with a decimal comma."""
  try:
    return float(str(value).replace(',', '.'))
  except ValueError:
    return None


def _text(value: Any) -> str:
  if isinstance(value, bytes):
    return value.decode('utf-8', 'replace')
  return value if isinstance(value, str) else ''


_PROGRAMS = (
  ('FEI', (_FEI_SFEG, _FEI_HELIOS), _fei),
  ('FEI XML', (_FEI_XML,), _fei_xml),
  ('Zeiss', (_ZEISS,), _zeiss),
  ('TESCAN', (_TESCAN,), _tescan),
  ('JEOL', (_DESCRIPTION,), _jeol),
  ('Olympus', _OLYMPUS, _olympus),
  ('TVIPS', (_TVIPS,), _tvips),
  ('DigitalMicrograph', _DM_SCALES, _digitalmicrograph),
  ('Micro-Manager', (_MICRO_MANAGER,), _micro_manager),
)
