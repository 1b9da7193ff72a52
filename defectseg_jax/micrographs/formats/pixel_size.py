"""What a file says of its scale -> the side of a pixel in nanometres."""

import math
import os
from collections.abc import Mapping
from typing import NamedTuple

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats.units import (
  is_no_unit,
  is_reciprocal,
  nm_per_unit,
)

# TIFF 6.0's ResolutionUnit.
_RESOLUTION_UNITS = {2: 'inch', 3: 'cm'}

# By eye: electron micrographs are finer, and printers' resolutions coarser.
_COARSEST_OF_PRINTERS_NM = 1000.0
# Dots per inch that programs write for printers and screens, whatever the image
# shows. ImageJ and OME carry them on in micrometres.
_PRINTERS_DPI = (
  *(72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 220, 240, 250, 254, 300),
  *(350, 360, 400, 500, 508, 600, 720, 800, 1000, 1200, 1440, 2400, 4800),
)
_SAME_DPI = 1e-3
_PRINTERS_UNITS_NM = (1e6, 1e7, 25.4e6)  # millimetre, centimetre, inch
# Nothing that an electron microscope shows has pixels as coarse as this: 1 m is
# what programs write by default.
_COARSEST_NM = 1e6
# By eye: below what an area or a length is known to.
_MAX_ANISOTROPY = 0.01
_SAME_SIZE = 0.01


class StatedScale(NamedTuple):
  """What a file says of its scale.

  Attributes:
    pixel_size_nm: side of a pixel in nanometres; None where it is not known.
    doubt: what stands in the file and is not believed or not understood, or why
      the size may be wrong; '' for nothing.
  """

  pixel_size_nm: float | None = None
  doubt: str = ''


NOTHING = StatedScale()


def scale_of_pixel(
  width: float,
  height: float,
  x_unit: str,
  y_unit: str | None = None,
  *,
  path: str | os.PathLike,
) -> StatedScale:
  """The scale, from a pixel's width and height in some unit.

  Args:
    width: of a pixel, in `x_unit`.
    height: in `y_unit`.
    x_unit: as the file has it.
    y_unit: None for that of x.
    path: the file, for messages.

  Returns:
    The side of a square of the same area. What is zero, negative, no number, or
    in no unit of length is not known; the doubt says so, unless the unit says
    that nobody calibrated.

  Raises:
    InputError: a unit of a diffraction pattern, or pixels that are not square
      to 1%.

  Examples:
    >>> scale_of_pixel(0.32, 0.32, 'nm', path='foil.tif').pixel_size_nm
    0.32
    >>> round(scale_of_pixel(320, 322, 'pm', path='foil.tif').pixel_size_nm, 3)
    0.321
    >>> scale_of_pixel(0.0, 0.0, 'nm', path='foil.tif').doubt
    'its scale makes a pixel 0 nm x 0 nm'
    >>> scale_of_pixel(0.32, 0.64, 'nm', path='foil.tif')
    Traceback (most recent call last):
    ...
    defectseg_jax.errors.InputError: foil.tif: a pixel is 0.32 nm wide and
    0.64 nm high; resample it to square pixels, or, if they are square in truth,
    save it without its scale and give --pixel_size_nm
  """
  sizes = []
  for length, unit in ((width, x_unit), (height, y_unit or x_unit)):
    require_length(unit, path=path)
    unit_nm = nm_per_unit(unit)
    if unit_nm is None:
      if is_no_unit(unit):
        return NOTHING
      doubt = f'its scale is given in {unit!r}, which is no known length'
      return StatedScale(doubt=doubt)
    sizes.append(length * unit_nm)
  x_nm, y_nm = sizes
  if not all(math.isfinite(size) and 0 < size < _COARSEST_NM for size in sizes):
    return StatedScale(
      doubt=f'its scale makes a pixel {x_nm:.6g} nm x {y_nm:.6g} nm'
    )
  if abs(x_nm - y_nm) > _MAX_ANISOTROPY * min(x_nm, y_nm):
    raise _oblong_error(x_nm, y_nm, path)
  return StatedScale(math.sqrt(x_nm * y_nm))


def _oblong_error(
  x_nm: float, y_nm: float, path: str | os.PathLike
) -> InputError:
  """Also where somebody gives a size.

  No one number is right for both sides, and every diameter would be wrong by up
  to their ratio.
  """
  return file_error(
    path,
    f'a pixel is {x_nm:.6g} nm wide and {y_nm:.6g} nm high',
    'resample it to square pixels, or, if they are square in truth, save it '
    'without its scale and give --pixel_size_nm',
  )


def require_length(unit: str, *, path: str | os.PathLike) -> None:
  """Refuses the units of diffraction patterns.

  Args:
    unit: as the file has it.
    path: the file, for the message.

  Raises:
    InputError: the unit is one of theirs, such as 1/nm.
  """
  if is_reciprocal(unit):
    raise file_error(
      path,
      f'its scale is given in {unit!r}: it is a diffraction pattern',
      'name a micrograph',
    )


def without_printers(scale: StatedScale, unit: str) -> StatedScale:
  """Takes a size away that is a printer's resolution.

  Most programs write 72 or 300 dots per inch into a TIFF whatever the image
  shows, and others take that for its scale.

  Args:
    scale: as the file states it.
    unit: in which it does.

  Returns:
    The scale; without its size, and with a doubt, where a pixel is a micrometre
    or more, and the unit or the number is that of printers.

  Examples:
    >>> without_printers(StatedScale(25.4e6 / 300), 'um').doubt
    'its scale of 84.6667 um a pixel is 300 dots per inch, as for a printer'
  """
  size_nm = scale.pixel_size_nm
  if size_nm is None or size_nm < _COARSEST_OF_PRINTERS_NM:
    return scale
  dpi = 25.4e6 / size_nm
  if nm_per_unit(unit) not in _PRINTERS_UNITS_NM and not any(
    abs(dpi / one - 1) < _SAME_DPI for one in _PRINTERS_DPI
  ):
    return scale
  return StatedScale(
    doubt=f'its scale of {size_nm / 1e3:.6g} um a pixel is {dpi:.6g} dots per'
    ' inch, as for a printer'
  )


def imagej_scale(
  metadata: Mapping[str, object],
  *,
  x_per_unit: float | None,
  y_per_unit: float | None,
  path: str | os.PathLike,
) -> StatedScale:
  """Scale of an ImageJ TIFF: XResolution counts pixels per `unit`.

  Args:
    metadata: ImageJ's key=value lines; 'unit' and, where y differs, 'yunit'.
    x_per_unit: XResolution, pixels per unit; None where the tag is missing.
    y_per_unit: YResolution.
    path: the file, for messages.

  Returns:
    The scale; nothing for an image without unit or in pixels.

  Raises:
    InputError: whatever `scale_of_pixel` refuses.
  """
  x_unit = str(metadata.get('unit', ''))
  y_unit = str(metadata.get('yunit', x_unit))
  if x_per_unit is None:
    require_length(x_unit, path=path)
    return NOTHING
  if y_per_unit is None:
    y_per_unit = x_per_unit
  scale = scale_of_pixel(
    _inverse(x_per_unit), _inverse(y_per_unit), x_unit, y_unit, path=path
  )
  return without_printers(scale, x_unit)


def plain_resolution_scale(
  resolution_unit: int,
  *,
  x_per_unit: float | None,
  y_per_unit: float | None,
  path: str | os.PathLike,
) -> StatedScale:
  """Scale from the resolution tags alone, where a microscope set them.

  Only a resolution finer than one micrometre a pixel is believed. That any
  other is a printer's goes without saying, hence no doubt.

  Args:
    resolution_unit: the tag: 1 none, 2 inch, 3 centimetre.
    x_per_unit: XResolution, pixels per unit; None where the tag is missing.
    y_per_unit: YResolution.
    path: the file, for messages.

  Returns:
    The scale, or nothing.

  Raises:
    InputError: pixels that are not square.
  """
  unit = _RESOLUTION_UNITS.get(resolution_unit)
  if unit is None or not x_per_unit:
    return NOTHING
  x, y = _inverse(x_per_unit), _inverse(y_per_unit or x_per_unit)
  limit = _COARSEST_OF_PRINTERS_NM / (nm_per_unit(unit) or math.nan)
  if not min(x, y) < limit:
    return NOTHING
  return StatedScale(scale_of_pixel(x, y, unit, path=path).pixel_size_nm)


def agreed_scale(stated: Mapping[str, StatedScale]) -> StatedScale:
  """One scale of all that say something of it.

  Args:
    stated: by who states it, the one to take first.

  Returns:
    The first size, if no other differs from it by more than 1%; else none, with
    a doubt that names both. Where nobody states a size, the first doubt.

  Examples:
    >>> agreed_scale({'a': StatedScale(0.5), 'b': StatedScale(0.501)})
    StatedScale(pixel_size_nm=0.5, doubt='')
    >>> agreed_scale({'a': StatedScale(0.5), 'b': StatedScale(0.7)}).doubt
    'a says 0.5 nm a pixel, b says 0.7 nm'
  """
  known = {
    name: one for name, one in stated.items() if one.pixel_size_nm is not None
  }
  if not known:
    return next((one for one in stated.values() if one.doubt), NOTHING)
  (first, scale), *others = known.items()
  size_nm = scale.pixel_size_nm or math.nan
  for other, one in others:
    other_nm = one.pixel_size_nm or math.nan
    if abs(other_nm / size_nm - 1) > _SAME_SIZE:
      return StatedScale(
        doubt=f'{first} says {size_nm:.6g} nm a pixel, {other} says'
        f' {other_nm:.6g} nm'
      )
  doubts = (one.doubt for one in known.values() if one.doubt)
  return StatedScale(size_nm, next(doubts, ''))


def _inverse(per_unit: float) -> float:
  return 1 / per_unit if per_unit else math.inf
