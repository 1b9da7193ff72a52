"""OME's metadata in a TIFF -> the scale of each of its pages."""

import pathlib
from xml.etree import ElementTree

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats.pixel_size import (
  NOTHING,
  StatedScale,
  scale_of_pixel,
  without_printers,
)
from defectseg_jax.micrographs.formats.units import nm_per_unit

# OME's own, where none is given.
_UNIT = 'µm'


def ome_scales(
  xml: str, pages: int, *, path: pathlib.Path
) -> list[StatedScale]:
  """The scale of each page: its image's PhysicalSizeX and unit.

  Args:
    xml: the OME metadata.
    pages: how many directories the file has.
    path: the file, for messages.

  Returns:
    A scale for each page. Where images have different scales, and the file does
    not say which pages are whose, a doubt.

  Raises:
    InputError: XML that cannot be parsed, and whatever `scale_of_pixel`
      refuses.
  """
  try:
    root = ElementTree.fromstring(xml)
  except ElementTree.ParseError as error:
    raise file_error(
      path, f'its OME metadata is not XML ({error})', 'write the file again'
    ) from error
  images = [element for element in root.iter() if _name(element) == 'Pixels']
  scales = [_scale(image, path) for image in images]
  if not scales:
    return [NOTHING] * pages
  if len(set(scales)) == 1:
    return scales[:1] * pages
  unsure = StatedScale(
    doubt='its images have different scales, and it does not say which page has'
    ' which'
  )
  found = [unsure] * pages
  files = {one.get('FileName') for one in root.iter() if _name(one) == 'UUID'}
  # Of a file that was renamed, what it calls itself is its own name still.
  own = path.name if len(files) > 1 else next(iter(files), None)
  for image, scale in zip(images, scales):
    for page in _pages(image, own):
      if 0 <= page < pages:
        found[page] = scale
  return found


def _pages(pixels: ElementTree.Element, own: str | None) -> list[int]:
  """Directories of this file that are an image's planes."""
  pages = []
  for data in pixels:
    if _name(data) != 'TiffData':
      continue
    files = [one.get('FileName') for one in data if _name(one) == 'UUID']
    if files and files[0] != own:
      continue
    try:
      first = int(data.get('IFD', '0'))
      # OME: all planes from IFD 0 on, where neither is given; one plane where
      # only the directory is.
      default = _planes(pixels) if data.get('IFD') is None else 1
      count = int(data.get('PlaneCount', default))
    except ValueError:
      continue
    pages += range(first, first + count)
  return pages


def _planes(pixels: ElementTree.Element) -> int:
  planes = 1
  for axis in 'ZCT':
    planes *= int(pixels.get(f'Size{axis}', '1'))
  return planes


def _scale(pixels: ElementTree.Element, path: pathlib.Path) -> StatedScale:
  lengths, units = [], []
  for axis in 'XY':
    text = pixels.get(f'PhysicalSize{axis}')
    if text is None:
      continue
    try:
      lengths.append(float(text))
    except ValueError:
      return StatedScale(doubt=f'its OME PhysicalSize{axis} is {text!r}')
    units.append(pixels.get(f'PhysicalSize{axis}Unit', _UNIT))
  if not lengths:
    return NOTHING
  x_unit, y_unit = units[0], units[-1]
  if lengths[0] == lengths[-1] == 1 and nm_per_unit(x_unit) == 1e3:
    return StatedScale(
      doubt='its OME metadata say 1 um a pixel, which programs write where'
      ' nobody calibrated'
    )
  scale = scale_of_pixel(lengths[0], lengths[-1], x_unit, y_unit, path=path)
  return without_printers(scale, x_unit)


def _name(element: ElementTree.Element) -> str:
  """Without the schema's year: {http://.../OME/2016-06}Pixels."""
  return str(element.tag).rpartition('}')[2]
