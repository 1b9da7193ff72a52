"""Micrograph: the pixels of one image and what is known of them."""

import dataclasses
import math
import os

import numpy as np

from defectseg_jax.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False)
class Micrograph:
  """One grey image of a foil, checked when it is made.

  What is not known stays None: a guessed scale would become a wrong density
  later, and nobody would notice it.

  Attributes:
    pixels: float32 [H, W], finite. Integers, floats and booleans (0 and 1) are
      converted; integers above 2**24 are rounded to float32. What is NaN or
      infinite (also: beyond the range of float32) becomes the lowest grey
      value, and `missing`.
    name: what messages and tables call the image.
    pixel_size_nm: side of a pixel in nanometres, or None.
    thickness_nm: thickness of the foil in nanometres, or None.
    missing: bool [H, W], True where the pixels were NaN or infinite, as
      programs mark what was not recorded; None where none was.
    scale_doubt: what the file says of its scale and is not believed or not
      understood, or why pixel_size_nm may be wrong; '' for nothing.

  Raises:
    InputError: pixels that are not two-dimensional, empty, not real numbers, or
      all of them NaN or infinite; a pixel size or thickness that is not a
      positive, finite number.

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
  missing: np.ndarray | None = None
  scale_doubt: str = ''

  def __post_init__(self) -> None:
    pixels, missing = _finite_pixels(self.pixels, self.name)
    # The only way to set a field of a frozen dataclass.
    object.__setattr__(self, 'pixels', pixels)
    # A copy, with another thickness, has finite pixels already.
    if missing is not None:
      object.__setattr__(self, 'missing', missing)
    for field in ('pixel_size_nm', 'thickness_nm'):
      length = _valid_length(getattr(self, field), field, self.name)
      object.__setattr__(self, field, length)

  def require_complete(self, path: str | os.PathLike) -> None:
    """Refuses missing pixels, where all are needed, as in training.

    Args:
      path: of the file, for the message.

    Raises:
      InputError: pixels are missing.
    """
    if self.missing is not None:
      row, column = np.argwhere(self.missing)[0]
      raise InputError(
        f'{path}: {self.name}: {np.count_nonzero(self.missing)} pixels are NaN '
        f'or infinite as float32, the first in row {row}, column {column}; '
        'replace them or crop them away'
      )


def _finite_pixels(
  pixels: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray | None]:
  """Finite float32 [H, W], and bool [H, W] where they were not."""
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
  # A float64 beyond float32 becomes inf here, and is missing below.
  with np.errstate(over='ignore'):
    pixels = pixels.astype(np.float32, copy=False)
  finite = np.isfinite(pixels)
  if finite.all():
    return pixels, None
  if not finite.any():
    raise InputError(
      f'{name}: all {pixels.size} pixels are NaN or infinite as float32; export'
      ' the image again'
    )
  return np.where(finite, pixels, pixels[finite].min()), ~finite


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
