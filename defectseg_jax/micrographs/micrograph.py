"""Micrograph: the pixels of one image and what is known of them."""

import dataclasses
import math

import numpy as np

from defectseg_jax.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False)
class Micrograph:
  """One grey image of a foil, checked when it is made.

  What is not known stays None: a guessed scale would become a wrong density
  later, and nobody would notice it.

  Attributes:
    pixels: float32 [H, W], finite. Integers, floats and booleans (0 and 1) are
      converted; integers above 2**24 are rounded to float32.
    name: what messages and tables call the image.
    pixel_size_nm: side of a pixel in nanometres, or None.
    thickness_nm: thickness of the foil in nanometres, or None.

  Raises:
    InputError: pixels that are not two-dimensional, empty, not real
      numbers, NaN or infinite (also: beyond the range of float32); a pixel size
      or thickness that is not a positive, finite number.

  Examples:
    >>> pixels = np.array([[0, 255], [7, 90]], np.uint8)
    >>> micrograph = Micrograph(pixels, name='foil', pixel_size_nm=0.32)
    >>> micrograph.pixels.dtype, micrograph.thickness_nm
    (dtype('float32'), None)
    >>> Micrograph(pixels, name='foil', pixel_size_nm=0)
    Traceback (most recent call last):
    ...
    defectseg_jax.errors.InputError: foil: pixel_size_nm is 0; give a positive
    number of nanometres, or None where it is not known
  """

  pixels: np.ndarray
  name: str
  pixel_size_nm: float | None = None
  thickness_nm: float | None = None

  def __post_init__(self) -> None:
    # The only way to set a field of a frozen dataclass.
    object.__setattr__(self, 'pixels', _valid_pixels(self.pixels, self.name))
    for field in ('pixel_size_nm', 'thickness_nm'):
      length = _valid_length(getattr(self, field), field, self.name)
      object.__setattr__(self, field, length)


def _valid_pixels(pixels: np.ndarray, name: str) -> np.ndarray:
  pixels = np.asarray(pixels)
  if pixels.ndim != 2 or pixels.size == 0:
    raise InputError(
      f'{name}: the pixels have shape {pixels.shape}; give one grey image'
      ' [H, W] with at least one pixel'
    )
  if pixels.dtype.kind not in 'biuf':
    raise InputError(
      f'{name}: the pixels have type {pixels.dtype}; give real numbers (of a'
      ' complex image, its modulus)'
    )
  # A float64 beyond float32 becomes inf here, and is reported as such below.
  with np.errstate(over='ignore'):
    pixels = pixels.astype(np.float32, copy=False)
  finite = np.isfinite(pixels)
  if not finite.all():
    bad = np.argwhere(~finite)
    row, column = bad[0]
    raise InputError(
      f'{name}: {len(bad)} pixels are NaN or infinite as float32, the first'
      f' ({pixels[row, column]}) in row {row}, column {column}; replace them'
      ' or crop them away'
    )
  return pixels


def _valid_length(value: float | None, field: str, name: str) -> float | None:
  if value is None:
    return None
  try:
    length = float(value)
  except (TypeError, ValueError):
    length = math.nan
  if not (math.isfinite(length) and length > 0):
    raise InputError(
      f'{name}: {field} is {value!r}; give a positive number of nanometres, or'
      ' None where it is not known'
    )
  return length
