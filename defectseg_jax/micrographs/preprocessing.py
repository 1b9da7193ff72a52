"""Contrast inversion, background subtraction, variance normalisation.

All functions take [H, W] and return a new float32 [H, W]; in between they
compute in float64, some rows at a time. The same pixels give the same bits.
"""

import math
import numbers

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.rolling_ball import rolling_ball_surface
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.micrographs.strips import (
  gaussian_blur,
  strip_with_halo,
  strips,
)

BACKGROUNDS = ('none', 'gaussian', 'rolling_ball')
NORMALISATIONS = ('none', 'global', 'local')

# A local standard deviation is taken to be at least this part of the global.
# By eye: holes and saturated corners become flat, and nothing else.
_FLATTEST = 0.01


def preprocess(
  pixels: np.ndarray,
  settings: PreprocessingSettings,
  *,
  valid: np.ndarray | None = None,
) -> np.ndarray:
  """Inversion, then background, then normalisation.

  Inversion comes first, so that defects are bright when the ball rolls: it
  rolls below the image, and bright features that are narrower than it stay.

  Args:
    pixels: [H, W].
    settings: whether to invert, and how to subtract the background and to
      normalise.
    valid: bool [H, W], True on specimen, the only pixels whose mean and
      standard deviation count; None for all. The others are taken to be filled
      with specimen (`filling.fill_beside`).

  Returns:
    float32 [H, W].

  Raises:
    InputError: as `invert_contrast`, `subtract_background` and
      `normalise_variance`.

  Examples:
    >>> settings = PreprocessingSettings(invert=True, background='none')
    >>> preprocess(np.array([[10, 10, 10, 2]]), settings).round(2)
    array([[-0.58, -0.58, -0.58,  1.73]], dtype=float32)
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
    valid=valid,
  )


def invert_contrast(pixels: np.ndarray) -> np.ndarray:
  """max + min - f: dark becomes bright, and the range stays.

  Args:
    pixels: [H, W].

  Returns:
    float32 [H, W].

  Raises:
    InputError: pixels that are not [H, W].

  Examples:
    >>> invert_contrast(np.array([[2, 3, 10]]))
    array([[10.,  9.,  2.]], dtype=float32)
  """
  pixels = _require_grey(pixels)
  inverted = np.empty(pixels.shape, np.float32)
  ends = np.float64(pixels.max()) + np.float64(pixels.min())
  for rows in strips(pixels.shape):
    inverted[rows] = ends - pixels[rows].astype(np.float64)
  return inverted


def subtract_background(
  pixels: np.ndarray, *, method: str, radius_px: float
) -> np.ndarray:
  """The image less its slowly varying background.

  'gaussian' subtracts the image blurred with standard deviation radius_px,
  mirrored at the borders.

  'rolling_ball' subtracts the surface that a ball of radius radius_px reaches
  as it rolls below the image; bright features narrower than the ball stay, and
  the result is nowhere negative. Defects must be bright. How near this is to
  ImageJ's stands at `rolling_ball.rolling_ball_surface`.

  Args:
    pixels: [H, W].
    method: one of `BACKGROUNDS`.
    radius_px: standard deviation or ball radius, in pixels; not looked at for
      'none'.

  Returns:
    float32 [H, W].

  Raises:
    InputError: pixels that are not [H, W], an unknown method, a radius that is
      not positive and finite.

  References:
    S. R. Sternberg, Biomedical image processing, Computer 16(1), 22-34 (1983).

  Examples:
    >>> pixels = np.full((5, 5), 30)
    >>> pixels[2, 2] = 90
    >>> flat = subtract_background(pixels, method='rolling_ball', radius_px=2)
    >>> flat[2].round()
    array([ 0.,  0., 60.,  0.,  0.], dtype=float32)
  """
  _require_choice('background method', method, BACKGROUNDS)
  pixels = _require_grey(pixels)
  if method == 'none':
    return pixels.astype(np.float32)
  _require_radius('background radius_px', radius_px)
  if method == 'rolling_ball':
    values = pixels.astype(np.float64)
    surface = rolling_ball_surface(values, radius_px)
    return (values - surface).astype(np.float32)
  flat = np.empty(pixels.shape, np.float32)
  for rows in strips(pixels.shape):
    around, inner = strip_with_halo(pixels, rows, radius_px)
    flat[rows] = (around - gaussian_blur(around, radius_px))[inner]
  return flat


def normalise_variance(
  pixels: np.ndarray,
  *,
  method: str,
  radius_px: float,
  valid: np.ndarray | None = None,
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
    radius_px: standard deviation of the window, in pixels; only looked at for
      'local'.
    valid: bool [H, W], the pixels whose mean and standard deviation count;
      None for all.

  Returns:
    float32 [H, W].

  Raises:
    InputError: pixels that are not [H, W], an unknown method, a radius that is
      not positive and finite.

  Examples:
    >>> normalise_variance(np.array([[0, 4]]), method='global', radius_px=1)
    array([[-1.,  1.]], dtype=float32)
  """
  _require_choice('normalisation method', method, NORMALISATIONS)
  pixels = _require_grey(pixels)
  if method == 'none':
    return pixels.astype(np.float32)
  if method == 'local':
    _require_radius('normalisation radius_px', radius_px)
  # By max and min, since the standard deviation of equal numbers can round to
  # something other than zero.
  if pixels.max() == pixels.min():
    return np.zeros(pixels.shape, np.float32)
  mean, std = _moments(pixels, valid)
  scaled = np.empty(pixels.shape, np.float32)
  for rows in strips(pixels.shape):
    if method == 'global':
      scaled[rows] = (pixels[rows].astype(np.float64) - mean) / std
    else:
      around, inner = strip_with_halo(pixels, rows, radius_px)
      scaled[rows] = _local_deviations(around - mean, std, radius_px)[inner]
  return scaled


def _local_deviations(
  values: np.ndarray, std: float, sigma_px: float
) -> np.ndarray:
  """Distances from the local mean, in local standard deviations."""
  local_mean = gaussian_blur(values, sigma_px)
  variance = gaussian_blur(values**2, sigma_px) - local_mean**2
  # Rounding can leave the variance a little below zero.
  local_std = np.sqrt(np.maximum(variance, 0.0))
  return (values - local_mean) / np.maximum(local_std, _FLATTEST * std)


def _moments(
  pixels: np.ndarray, valid: np.ndarray | None
) -> tuple[float, float]:
  """Mean and standard deviation of the valid pixels, in float64."""

  def values(rows: slice) -> np.ndarray:
    of_rows = pixels[rows].astype(np.float64)
    return of_rows if valid is None else of_rows[valid[rows]]

  count = pixels.size if valid is None else int(np.count_nonzero(valid))
  parts = strips(pixels.shape)
  mean = sum(float(np.sum(values(rows))) for rows in parts) / count
  squares = sum(float(np.sum((values(rows) - mean) ** 2)) for rows in parts)
  return mean, math.sqrt(squares / count)


def _require_grey(pixels: np.ndarray) -> np.ndarray:
  pixels = np.asarray(pixels)
  if pixels.ndim != 2 or pixels.size == 0:
    raise InputError(
      f'the pixels have shape {pixels.shape}; give one grey image [H, W] with'
      ' at least one pixel'
    )
  return pixels


def _require_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
  if value not in choices:
    raise InputError(
      f'the {what} is {value!r}; choose one of {", ".join(choices)}'
    )


def _require_radius(what: str, value: float) -> None:
  if not (isinstance(value, numbers.Real) and 0 < value < math.inf):
    raise InputError(
      f'the {what} is {value!r}; give a positive number of pixels'
    )
