"""The surface that a ball reaches as it rolls below an image."""

import math

import numpy as np
import skimage.restoration

# Radius in pixels up to which ImageJ's BackgroundSubtracter shrinks by this.
_SHRINK_FACTORS = ((10, 1), (30, 2), (100, 4), (math.inf, 8))

# The ball's height is counted in these parts of the image's range, as on an
# 8-bit image.
_GREY_LEVELS = 255


def rolling_ball_surface(values: np.ndarray, radius_px: float) -> np.ndarray:
  """The background that a rolling ball finds, after ImageJ.

  Bright features narrower than the ball stay above the surface. Two choices:

  - The image is shrunk before rolling (each block to its minimum) and the
    surface enlarged again linearly, by the factors of ImageJ's
    BackgroundSubtracter.java: 1 up to radius 10, 2 up to 30, 4 up to 100,
    else 8. Unlike there, the ball is not trimmed, the image is not smoothed
    first, and the ball keeps its height where its width shrinks.
  - One grey level is 1/255 of the image's range, so that the ball is as high as
    on an 8-bit image of full range, and the result does not depend on the bit
    depth. For images from 0 to 255 that is the plain ball.

  Args:
    values: float64 [H, W]; defects are bright.
    radius_px: of the ball, in pixels.

  Returns:
    float64 [H, W], nowhere above the image.

  References:
    S. R. Sternberg, Biomedical image processing, Computer 16(1), 22-34 (1983).
  """
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
  surface = _enlarge(surface, values.shape, shrink)
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


def _enlarge(
  small: np.ndarray, shape: tuple[int, ...], factor: int
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
