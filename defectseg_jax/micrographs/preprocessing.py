"""Background subtraction, variance normalisation, contrast inversion.

All functions take float32 [H, W] and return a new float32 [H, W]; in between
they compute in float64, some rows at a time: a micrograph of 16384 x 16384
pixels would take 2 GiB for every intermediate result. The same pixels give the
same bits.
"""

import math
import numbers
import os
from concurrent import futures

import numpy as np
import scipy.ndimage
import skimage.restoration

from defectseg_jax import errors
from defectseg_jax.micrographs.settings import PreprocessingSettings

BACKGROUNDS = ('none', 'gaussian', 'rolling_ball')
NORMALISATIONS = ('none', 'global', 'local')

# Radius in pixels up to which ImageJ's BackgroundSubtracter shrinks by this.
_SHRINK_FACTORS = ((10, 1), (30, 2), (100, 4), (math.inf, 8))

# The ball's height is counted in these parts of the image's range.
_GREY_LEVELS = 255

# Rows that are worked on together have about so many pixels; the micrographs of
# most sessions are smaller.
_PIXELS_AT_ONCE = 1 << 24

# Standard deviations after which a Gaussian is cut off.
_TRUNCATE = 4.0

# A local standard deviation is taken to be at least this part of the global.
_FLATTEST = 0.01


def preprocess(
  pixels: np.ndarray, settings: PreprocessingSettings
) -> np.ndarray:
  """Inversion, then background, then normalisation.

  Inversion comes first, so that defects are bright when the ball rolls: it
  rolls below the image, and what it cannot get into stays.

  Args:
    pixels: [H, W].
    settings: whether to invert, and how to subtract the background and to
      normalise.

  Returns:
    float32 [H, W].

  Raises:
    errors.InputError: as the functions it is composed of.
  """
  if settings.invert:
    pixels = invert_contrast(pixels)
  pixels = subtract_background(
    pixels, method=settings.background, radius_px=settings.background_radius_px
  )
  return normalise_variance(
    pixels,
    method=settings.normalisation,
    radius_px=settings.normalisation_radius_px,
  )


def invert_contrast(pixels: np.ndarray) -> np.ndarray:
  """max + min - f: dark becomes bright, and the range stays.

  Args:
    pixels: [H, W].

  Returns:
    float32 [H, W].

  Raises:
    errors.InputError: pixels that are not [H, W].
  """
  pixels = _checked(pixels)
  turned = np.empty(pixels.shape, np.float32)
  ends = np.float64(pixels.max()) + np.float64(pixels.min())
  for rows in _strips(pixels.shape):
    turned[rows] = ends - pixels[rows].astype(np.float64)
  return turned


def subtract_background(
  pixels: np.ndarray, *, method: str, radius_px: float
) -> np.ndarray:
  """The image less its slowly varying background.

  'gaussian' subtracts the image blurred with standard deviation radius_px,
  mirrored at the borders.

  'rolling_ball' (Sternberg 1983, Biomedical image processing, IEEE Computer
  16(1), 22-34) subtracts the surface that a ball of radius radius_px reaches as
  it rolls below the image; bright features narrower than the ball stay, and the
  result is nowhere negative. Defects must be bright. Two choices:

  - The image is shrunk before rolling (each block to its minimum) and the
    surface enlarged again linearly, by the factors of ImageJ's
    BackgroundSubtracter.java: 1 up to radius 10, 2 up to 30, 4 up to 100,
    else 8. Unlike there, the ball is not trimmed, the image is not smoothed
    first, and the ball keeps its height where its width shrinks.
  - One grey level is 1/255 of the image's range, so that the ball is as high as
    on an 8-bit image of full range, and the result does not depend on the bit
    depth. For images from 0 to 255 that is the plain ball.

  Args:
    pixels: [H, W].
    method: one of `BACKGROUNDS`.
    radius_px: standard deviation or ball radius, pixels; not looked at for
      'none'.

  Returns:
    float32 [H, W].

  Raises:
    errors.InputError: pixels that are not [H, W], an unknown method, a radius
      that is not positive and finite.
  """
  _check_choice('background method', method, BACKGROUNDS)
  pixels = _checked(pixels)
  if method == 'none':
    return pixels.astype(np.float32)
  _check_radius('background radius_px', radius_px)
  if method == 'rolling_ball':
    values = pixels.astype(np.float64)
    return (values - _rolling_ball_surface(values, radius_px)).astype(
      np.float32
    )
  flat = np.empty(pixels.shape, np.float32)
  for rows in _strips(pixels.shape):
    around, inner = _with_halo(pixels, rows, radius_px)
    flat[rows] = (around - _blurred(around, radius_px))[inner]
  return flat


def normalise_variance(
  pixels: np.ndarray, *, method: str, radius_px: float
) -> np.ndarray:
  """The image with mean 0 and standard deviation 1, overall or everywhere.

  'global': (f - mean) / std. 'local': (f - local mean) / local std, both
  weighted with a Gaussian of standard deviation radius_px, mirrored at the
  borders.

  A constant image becomes all zeros. The local standard deviation is taken to
  be at least 1% of the global one, so that a flat region (a hole in the foil,
  a saturated corner) goes to about zero and its rounding errors are not blown
  up.

  The paper speaks of "full variance normalisation" without a formula;
  either may be meant, so a run should say which was used.

  Args:
    pixels: [H, W].
    method: one of `NORMALISATIONS`.
    radius_px: standard deviation of the window, pixels; only looked at for
      'local'.

  Returns:
    float32 [H, W].

  Raises:
    errors.InputError: pixels that are not [H, W], an unknown method, a radius
      that is not positive and finite.
  """
  _check_choice('normalisation method', method, NORMALISATIONS)
  pixels = _checked(pixels)
  if method == 'none':
    return pixels.astype(np.float32)
  if method == 'local':
    _check_radius('normalisation radius_px', radius_px)
  # By max and min, since the standard deviation of equal numbers can round to
  # something other than zero.
  if pixels.max() == pixels.min():
    return np.zeros(pixels.shape, np.float32)
  mean, spread = _moments(pixels)
  scaled = np.empty(pixels.shape, np.float32)
  for rows in _strips(pixels.shape):
    if method == 'global':
      scaled[rows] = (pixels[rows].astype(np.float64) - mean) / spread
      continue
    around, inner = _with_halo(pixels, rows, radius_px)
    values = around - mean
    local_mean = _blurred(values, radius_px)
    variance = _blurred(values**2, radius_px) - local_mean**2
    # Rounding can leave the variance a little below zero.
    local = np.sqrt(np.maximum(variance, 0.0))
    values = (values - local_mean) / np.maximum(local, _FLATTEST * spread)
    scaled[rows] = values[inner]
  return scaled


def _moments(pixels: np.ndarray) -> tuple[float, float]:
  """Mean and standard deviation, in float64."""
  strips = _strips(pixels.shape)
  total = sum(np.sum(pixels[rows].astype(np.float64)) for rows in strips)
  mean = total / pixels.size
  squares = sum(
    np.sum((pixels[rows].astype(np.float64) - mean) ** 2) for rows in strips
  )
  return mean, math.sqrt(squares / pixels.size)


def _rolling_ball_surface(values: np.ndarray, radius_px: float) -> np.ndarray:
  value_range = values.max() - values.min()
  if value_range == 0:
    return values
  shrink = next(s for limit, s in _SHRINK_FACTORS if radius_px <= limit)
  ball = skimage.restoration.ball_kernel(radius_px / shrink, ndim=2)
  # In pixels the ball has become smaller, in grey levels it has not.
  ball *= shrink * value_range / _GREY_LEVELS
  surface = skimage.restoration.rolling_ball(
    _block_minimum(values, shrink), kernel=ball
  )
  surface = _enlarged(surface, values.shape, shrink)
  # A ball below the image touches and does not cut; between the centres of
  # blocks the interpolated surface may.
  return np.minimum(surface, values)


def _block_minimum(values: np.ndarray, side: int) -> np.ndarray:
  """[H, W] -> [ceil(H / side), ceil(W / side)]."""
  height, width = values.shape
  padded = np.pad(
    values, ((0, -height % side), (0, -width % side)), mode='edge'
  )
  rows, columns = padded.shape[0] // side, padded.shape[1] // side
  return padded.reshape(rows, side, columns, side).min(axis=(1, 3))


def _enlarged(
  small: np.ndarray, shape: tuple[int, int], factor: int
) -> np.ndarray:
  """Linear interpolation between block centres, constant outside of them."""
  for axis, length in enumerate(shape):
    last = small.shape[axis] - 1
    position = np.clip((np.arange(length) + 0.5) / factor - 0.5, 0, last)
    lower = np.floor(position).astype(int)
    upper = np.minimum(lower + 1, last)
    weight = np.expand_dims(position - lower, 1 - axis)
    small = (1 - weight) * small.take(lower, axis) + weight * small.take(
      upper, axis
    )
  return small


def _blurred(values: np.ndarray, sigma_px: float) -> np.ndarray:
  """As scipy.ndimage.gaussian_filter, bit for bit, on all cores."""
  with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for axis in (0, 1):
      blurred = np.empty_like(values)
      # Lines along the axis know nothing of each other.
      blocks = zip(
        *(
          np.array_split(array, 2 * (os.cpu_count() or 1), axis=1 - axis)
          for array in (values, blurred)
        )
      )
      for done in [
        pool.submit(
          scipy.ndimage.gaussian_filter1d,
          before,
          sigma_px,
          axis,
          output=after,
          mode='mirror',
          truncate=_TRUNCATE,
        )
        for before, after in blocks
        if before.size
      ]:
        done.result()
      values = blurred
  return values


def _strips(shape: tuple[int, int]) -> list[slice]:
  rows = max(1, _PIXELS_AT_ONCE // shape[1])
  return [slice(top, top + rows) for top in range(0, shape[0], rows)]


def _with_halo(
  pixels: np.ndarray, rows: slice, sigma_px: float
) -> tuple[np.ndarray, slice]:
  """Rows with all that a Gaussian sees around them, and where they are in it.

  float64. Inside the image nothing is mirrored that the whole image would not.
  """
  reach = int(_TRUNCATE * sigma_px + 0.5)
  top = max(rows.start - reach, 0)
  around = pixels[top : rows.stop + reach].astype(np.float64)
  first = rows.start - top
  height = min(rows.stop, len(pixels)) - rows.start
  return around, slice(first, first + height)


def _checked(pixels: np.ndarray) -> np.ndarray:
  pixels = np.asarray(pixels)
  if pixels.ndim != 2 or pixels.size == 0:
    raise errors.InputError(
      f'the pixels have shape {pixels.shape}; give one grey image [H, W] with'
      ' at least one pixel'
    )
  return pixels


def _check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
  if value not in choices:
    raise errors.InputError(
      f'the {what} is {value!r}; choose one of {", ".join(choices)}'
    )


def _check_radius(what: str, value: float) -> None:
  if not (isinstance(value, numbers.Real) and 0 < value < math.inf):
    raise errors.InputError(
      f'the {what} is {value!r}; give a positive number of pixels'
    )
