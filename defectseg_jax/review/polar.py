"""An image around a point, in polar coordinates.

Radii grow by a factor from sample to sample, so that objects of all sizes look
alike; so does the blur that each radius is looked at with.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.review.operations import Point

ANGLES, SAMPLES = 32, 72
_FACTOR = 1.07
RADII_PX = 1.2 * _FACTOR ** np.arange(SAMPLES)
# Images are blurred by this part of the radius, and so much at least.
_BLUR, _LEAST_BLUR_PX = 0.06, 0.6
# Of an image that is blurred by more than this every second pixel is enough.
_COARSE = 2.0
# It is looked at along so many rays for each angle, which are averaged.
_RAYS = 2


class Blurred(NamedTuple):
  """An image, as it is asked for some radii.

  Attributes:
    which: of the radii.
    image: blurred; every so many pixels of it.
    step: how many.
  """

  which: slice
  image: np.ndarray
  step: int


def blur_by_radius(crop: np.ndarray) -> list[Blurred]:
  """An image for all radii, from the smallest on."""
  blurs = np.maximum(_LEAST_BLUR_PX, _BLUR * RADII_PX)
  found, first, has, step = [], 0, 0.0, 1
  while first < SAMPLES:
    # Blurs differ by no more than a half from what is asked for.
    after = int(np.searchsorted(blurs, 1.5 * blurs[first], 'right'))
    more = math.sqrt(max(0.0, blurs[first] ** 2 - has**2))
    crop = ndimage.gaussian_filter(crop, more / step, truncate=3)
    has = blurs[first]
    if has > _COARSE * step:
      # Nothing is left of the pixels between.
      crop, step = crop[::2, ::2], 2 * step
    found.append(Blurred(slice(first, after), crop, step))
    first = after
  return found


def sharp(crop: np.ndarray) -> list[Blurred]:
  """An image that is looked at as it is, at all radii."""
  return [Blurred(slice(0, SAMPLES), crop, 1)]


def log_polar(blurred: Sequence[Blurred], middle: Point) -> np.ndarray:
  """float32 [angles, samples], an image around a point.

  Beyond the image's sides it is mirrored, so that what they cut is whole.
  """
  rays = _RAYS * ANGLES
  angles = np.arange(rays) * (2 * math.pi / rays)
  found = np.empty((rays, SAMPLES), np.float32)
  for which, image, step in blurred:
    radii = RADII_PX[which]
    rows = middle[0] - 0.5 + np.sin(angles)[:, None] * radii
    columns = middle[1] - 0.5 + np.cos(angles)[:, None] * radii
    found[:, which] = ndimage.map_coordinates(
      image, [rows / step, columns / step], order=1, mode='reflect'
    )
  beside = np.roll(found, 1, axis=0) + np.roll(found, -1, axis=0)
  return (0.5 * found + 0.25 * beside)[::_RAYS]


def corners(middle: Point, radii_px: np.ndarray) -> np.ndarray:
  """float [angles, 2], rows and columns of an outline."""
  angles = np.arange(ANGLES) * (2 * math.pi / ANGLES)
  away = np.stack([np.sin(angles), np.cos(angles)], axis=1)
  return np.array(middle) + radii_px[:, None] * away
