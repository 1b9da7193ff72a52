"""What a file says of its scale -> the side of a pixel in nanometres."""

import math
import os
import unicodedata
from xml.etree import ElementTree

from defectseg_jax.errors import file_error

_NM_PER_UNIT = {
  'pm': 1e-3,
  'A': 0.1,
  '\u00c5': 0.1,
  'angstrom': 0.1,
  'angstroms': 0.1,
  'nm': 1.0,
  'nanometer': 1.0,
  'nanometre': 1.0,
  'um': 1e3,
  '\u03bcm': 1e3,
  'micron': 1e3,
  'microns': 1e3,
  'micrometer': 1e3,
  'micrometre': 1e3,
  'mm': 1e6,
  'cm': 1e7,
  'm': 1e9,
}
# ImageJ calls an image that nobody calibrated 'pixel' or, after a printer's
# resolution, 'inch'; OME has 'reference frame' for the same.
_NO_UNIT = ('', 'pixel', 'pixels', 'px', 'inch', 'inches', 'reference frame')

_NM_PER_RESOLUTION_UNIT = {2: 25.4e6, 3: 1e7}  # TIFF 6.0: inch, centimetre

# By eye: electron micrographs are finer, and printers' resolutions coarser.
_COARSEST_PLAIN_TIFF_NM = 1000.0
# By eye: below what an area or a length is known to.
_MAX_ANISOTROPY = 0.01


def nm_per_unit(unit: str, *, path: str | os.PathLike) -> float | None:
  """Nanometres in one unit of length; None where the unit is no calibration.

  Args:
    unit: as the file has it: 'nm', 'um', 'micron', ImageJ's escaped
      backslash-u00B5 'm', ...
    path: the file, for the message.

  Returns:
    Nanometres; None for pixels, inches and no unit at all.

  Raises:
    InputError: any other unit, such as the 1/nm of a diffraction pattern.

  Examples:
    >>> nm_per_unit('µm', path='foil.tif')
    1000.0
    >>> nm_per_unit('pixel', path='foil.tif') is None
    True
  """
  key = unit.strip(' \t\r\n\0').replace('\\u00B5', '\u00b5')
  # The micro sign and the Greek mu are two characters, so are the angstrom sign
  # and the Nordic letter; NFKC makes both the same.
  key = unicodedata.normalize('NFKC', key)
  # Of a symbol the case matters (Mm is no mm), of a word it does not.
  if len(key) > 3:
    key = key.lower()
  if key in _NO_UNIT:
    return None
  if key not in _NM_PER_UNIT:
    raise file_error(
      path,
      f'its scale is given in {unit!r}',
      'give the scale in pm, A, nm, um, mm, cm or m (an image, not a'
      ' diffraction pattern)',
    )
  return _NM_PER_UNIT[key]


def square_pixel_size_nm(
  x_nm: float, y_nm: float, *, path: str | os.PathLike
) -> float:
  """The side of a pixel, if it is a square.

  Args:
    x_nm: width of a pixel.
    y_nm: height of a pixel.
    path: the file, for messages.

  Returns:
    The width, which stands for both.

  Raises:
    InputError: a size that is not positive and finite, or sizes more than 1%
      apart.

  Examples:
    >>> square_pixel_size_nm(0.32, 0.321, path='foil.tif')
    0.32
    >>> square_pixel_size_nm(0.32, 0.64, path='foil.tif')
    Traceback (most recent call last):
    ...
    defectseg_jax.errors.InputError: foil.tif: a pixel is 0.32 nm wide and
    0.64 nm high; resample it to square pixels
  """
  if not all(math.isfinite(size) and size > 0 for size in (x_nm, y_nm)):
    raise file_error(
      path,
      f'its scale makes a pixel {x_nm} nm x {y_nm} nm',
      'set the scale anew in the program that wrote it',
    )
  if abs(x_nm - y_nm) > _MAX_ANISOTROPY * min(x_nm, y_nm):
    raise file_error(
      path,
      f'a pixel is {x_nm:.6g} nm wide and {y_nm:.6g} nm high',
      'resample it to square pixels',
    )
  return x_nm


def imagej_pixel_size_nm(
  metadata: dict,
  *,
  x_per_unit: float | None,
  y_per_unit: float | None,
  path: str | os.PathLike,
) -> float | None:
  """Pixel size of an ImageJ TIFF: XResolution counts pixels per `unit`.

  Args:
    metadata: ImageJ's key=value lines; 'unit' and, where y differs, 'yunit'.
    x_per_unit: XResolution, pixels per unit; None where the tag is missing.
    y_per_unit: YResolution.
    path: the file, for messages.

  Returns:
    Nanometres, or None for an image without unit, in pixels, or in inches.

  Raises:
    InputError: an unknown unit, a resolution that is not positive, or
      pixels that are not square.
  """
  unit = str(metadata.get('unit', ''))
  x_unit_nm = nm_per_unit(unit, path=path)
  y_unit_nm = nm_per_unit(str(metadata.get('yunit', unit)), path=path)
  if x_unit_nm is None or y_unit_nm is None or x_per_unit is None:
    return None
  if y_per_unit is None:
    y_per_unit = x_per_unit
  return square_pixel_size_nm(
    _ratio(x_unit_nm, x_per_unit), _ratio(y_unit_nm, y_per_unit), path=path
  )


def digitalmicrograph_pixel_size_nm(
  x_scale: float,
  y_scale: float,
  *,
  x_unit: str,
  y_unit: str,
  path: str | os.PathLike,
) -> float | None:
  """Pixel size of a TIFF by DigitalMicrograph, from its private tags.

  Args:
    x_scale: length of a pixel, in `x_unit`.
    y_scale: height of a pixel, in `y_unit`.
    x_unit: '' for an image that is not calibrated.
    y_unit: as `x_unit`.
    path: the file, for messages.

  Returns:
    Nanometres, or None for an image that is not calibrated.

  Raises:
    InputError: a unit that is no length, such as 1/nm; a scale that is not
      positive; or pixels that are not square.
  """
  x_unit_nm = nm_per_unit(x_unit, path=path)
  y_unit_nm = nm_per_unit(y_unit, path=path)
  if x_unit_nm is None or y_unit_nm is None:
    return None
  return square_pixel_size_nm(
    x_scale * x_unit_nm, y_scale * y_unit_nm, path=path
  )


def ome_pixel_size_nm(xml: str, *, path: str | os.PathLike) -> float | None:
  """Pixel size of an OME-TIFF: PhysicalSizeX and its unit (default um).

  Args:
    xml: the OME metadata.
    path: the file, for messages.

  Returns:
    Nanometres, or None where the metadata give no size.

  Raises:
    InputError: XML that cannot be parsed, an unknown unit, a size that is not a
      positive number, pixels that are not square, or images of different scales
      in the one file.
  """
  try:
    root = ElementTree.fromstring(xml)
  except ElementTree.ParseError as error:
    raise file_error(
      path, f'its OME metadata is not XML ({error})', 'write the file again'
    ) from error
  sizes = []
  for element in root.iter():
    # The tag carries the schema's year: {http://.../OME/2016-06}Pixels.
    if element.tag.rpartition('}')[2] == 'Pixels':
      sizes.append(_ome_pixels_size_nm(element, path))
  different = sorted(map(str, set(sizes)))
  if len(different) > 1:
    raise file_error(
      path,
      f'its images have different pixel sizes {different} nm',
      'save each image to a file of its own',
    )
  return sizes[0] if sizes else None


def _ome_pixels_size_nm(
  element: ElementTree.Element, path: str | os.PathLike
) -> float | None:
  sizes = []
  for axis in 'XY':
    text = element.get(f'PhysicalSize{axis}')
    unit = element.get(f'PhysicalSize{axis}Unit', 'µm')
    unit_nm = nm_per_unit(unit, path=path)
    if text is None or unit_nm is None:
      continue
    try:
      sizes.append(float(text) * unit_nm)
    except ValueError as error:
      raise file_error(
        path,
        f'its OME PhysicalSize{axis} is {text!r}',
        'give a number',
      ) from error
  return square_pixel_size_nm(sizes[0], sizes[-1], path=path) if sizes else None


def plain_tiff_pixel_size_nm(
  resolution_unit: int,
  *,
  x_per_unit: float | None,
  y_per_unit: float | None,
  path: str | os.PathLike,
) -> float | None:
  """Pixel size from the resolution tags alone, where a microscope set them.

  Most programs write 72 or 300 dots per inch into these tags whatever the
  image shows: that is for a printer, and makes a pixel tens of micrometres
  wide. Only a resolution finer than one micrometre a pixel is believed.

  Args:
    resolution_unit: the tag: 1 none, 2 inch, 3 centimetre.
    x_per_unit: XResolution, pixels per unit; None where the tag is missing.
    y_per_unit: YResolution.
    path: the file, for messages.

  Returns:
    Nanometres, or None where it is not believed.

  Raises:
    InputError: pixels that are not square.
  """
  unit_nm = _NM_PER_RESOLUTION_UNIT.get(resolution_unit)
  if unit_nm is None or not x_per_unit:
    return None
  x_nm = unit_nm / x_per_unit
  y_nm = _ratio(unit_nm, y_per_unit) if y_per_unit is not None else x_nm
  if min(x_nm, y_nm) >= _COARSEST_PLAIN_TIFF_NM:
    return None
  return square_pixel_size_nm(x_nm, y_nm, path=path)


def _ratio(numerator: float, denominator: float) -> float:
  return numerator / denominator if denominator else math.inf
