"""A missed object, grown from one click.

Around the click the image is looked at in polar coordinates. The outline is the
closed path along which what is inside differs most from what is outside, found
by dynamic programming for several sizes; the size is taken at which the edge is
clear all around. A network's map, where there is one, is looked at like the
image: it may half believe in the object.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.micrographs.polygons import pixels_inside
from defectseg_jax.review.layers import Box, grow, part
from defectseg_jax.review.operations import Point

# Radii grow by this factor from sample to sample, so that objects of all sizes
# look alike.
_FACTOR = 1.05
_SAMPLES = 100
_ANGLES = 48
_RADII_PX = 1.2 * _FACTOR ** np.arange(_SAMPLES)
# An outline stays within so many samples; they overlap by half.
_BAND = 20
# Inside and outside are compared over so many samples, 1.34 times the radius.
_BESIDE = 6
# Images are blurred by this part of the radius, and so much at least.
_BLUR, _LEAST_BLUR_PX = 0.06, 1.0
# Of an image that is blurred by more than this every second pixel is enough.
_COARSE = 2.0
# Where an outline ends: at this part of the contrast above what is around. A
# person draws a void to where it ends, which is beyond where it is steepest.
_LEVEL = 0.25
# What it costs an outline to change by a sample, in noise of the edge: first
# to find the middle, then around it. By eye.
_STIFFNESS = (0.0, 0.5)
# The part of an outline at which its edge may be unclear.
_CLEAR = 0.1
# A step of a network's map below this is none, and it is sure of an object from
# this contrast on; by eye.
_LEAST_BELIEF, _SURE = 0.03, 0.3


def grow_object(
  pixels: np.ndarray,
  probabilities: np.ndarray | None,
  point: Point,
) -> tuple[Box, np.ndarray]:
  """The pixels of the object around a point.

  Args:
    pixels: [H, W], the micrograph.
    probabilities: float32 [H, W]; None without a network.
    point: row and column inside of the object.

  Returns:
    A box, and bool of its size.
  """
  height, width = pixels.shape
  row, column = int(point[0]), int(point[1])
  reach = int(_RADII_PX[-1]) + 2
  box = grow((row, column, row + 1, column + 1), reach, (height, width))
  given = [pixels] if probabilities is None else [pixels, probabilities]
  maps = [_blurred(np.asarray(one[part(box)], np.float32)) for one in given]
  middle = point[0] - box[0], point[1] - box[1]
  for stiffness in _STIFFNESS:
    polars = [_log_polar(one, middle) for one in maps]
    path = _outline(polars, stiffness)
    corners = _corners(middle, _RADII_PX[path])
    if stiffness != _STIFFNESS[-1]:
      # Who clicks beside the middle sees the outline askew.
      row_px, column_px = corners.mean(axis=0)
      middle = float(row_px), float(column_px)
  y, x = _corners(middle, _refined(polars, path)).T
  shape = box[2] - box[0], box[3] - box[1]
  inside = pixels_inside([np.stack([x, y], axis=1)], shape)
  return box, inside


def _corners(middle: Point, radii_px: np.ndarray) -> np.ndarray:
  """float [angles, 2], rows and columns of an outline."""
  angles = np.arange(_ANGLES) * (2 * math.pi / _ANGLES)
  away = np.stack([np.sin(angles), np.cos(angles)], axis=1)
  return np.array(middle) + radii_px[:, None] * away


class _Blurred(NamedTuple):
  """An image, as it is asked for some radii.

  Attributes:
    which: of the radii.
    image: blurred; every so many pixels of it.
    step: how many.
  """

  which: slice
  image: np.ndarray
  step: int


def _blurred(crop: np.ndarray) -> list[_Blurred]:
  """An image for all radii, from the smallest on."""
  blurs = np.maximum(_LEAST_BLUR_PX, _BLUR * _RADII_PX)
  found, first, has, step = [], 0, 0.0, 1
  while first < _SAMPLES:
    # Blurs differ by no more than a half from what is asked for.
    after = int(np.searchsorted(blurs, 1.5 * blurs[first], 'right'))
    more = math.sqrt(max(0.0, blurs[first] ** 2 - has**2))
    crop = ndimage.gaussian_filter(crop, more / step, truncate=3)
    has = blurs[first]
    if has > _COARSE * step:
      # Nothing is left of the pixels between.
      crop, step = crop[::2, ::2], 2 * step
    found.append(_Blurred(slice(first, after), crop, step))
    first = after
  return found


def _log_polar(blurred: Sequence[_Blurred], middle: Point) -> np.ndarray:
  """float32 [angles, samples], the image around a point, blurred by radius.

  Beyond the image's sides it is mirrored, so that what they cut is whole.
  """
  angles = np.arange(_ANGLES) * (2 * math.pi / _ANGLES)
  found = np.empty((_ANGLES, _SAMPLES), np.float32)
  for which, image, step in blurred:
    radii = _RADII_PX[which]
    rows = middle[0] - 0.5 + np.sin(angles)[:, None] * radii
    columns = middle[1] - 0.5 + np.cos(angles)[:, None] * radii
    found[:, which] = ndimage.map_coordinates(
      image, [rows / step, columns / step], order=1, mode='reflect'
    )
  return found


def _outline(polars: Sequence[np.ndarray], stiffness: float) -> np.ndarray:
  """The clearest outline of all sizes and of both signs: samples [angles].

  Args:
    polars: of the image, and of a network's map or not.
    stiffness: what a change of the radius costs.
  """
  image = _normal(_steps(polars[0]), 0.0)
  belief = np.zeros_like(image)
  if len(polars) > 1:
    belief = _normal(_steps(polars[1]), _LEAST_BELIEF)
  starts = np.arange(0, _SAMPLES - _BAND, _BAND // 2)
  bands = np.stack(
    [
      (sign * image + belief)[:, low : low + _BAND]
      for sign in (1, -1)
      for low in starts
    ]
  )
  paths = _closed_paths(bands, stiffness)
  each = np.take_along_axis(bands, paths[:, :, None], axis=2)[:, :, 0]
  best = int(np.quantile(each, _CLEAR, axis=1).argmax())
  return paths[best] + starts[best % len(starts)]


def _normal(step: np.ndarray, least: float) -> np.ndarray:
  """Over how much a step differs from angle to angle."""
  noise = float(np.abs(step - np.median(step, axis=0)).mean())
  return step / (max(noise, least) + 1e-9)


def _steps(polar: np.ndarray) -> np.ndarray:
  """What is inside of each radius minus what is outside: [angles, samples]."""
  sums = np.pad(np.cumsum(polar, axis=1, dtype=float), ((0, 0), (1, 0)))
  place = np.arange(_SAMPLES)
  low = np.maximum(place - _BESIDE, 0)
  high = np.minimum(place + _BESIDE, _SAMPLES)
  inner = (sums[:, place] - sums[:, low]) / np.maximum(place - low, 1)
  outer = (sums[:, high] - sums[:, place]) / np.maximum(high - place, 1)
  step = inner - outer
  # Nothing is inside of the first one.
  step[:, 0] = 0
  return step


def _refined(polars: Sequence[np.ndarray], path: np.ndarray) -> np.ndarray:
  """Radii in pixels where the object ends, around a path of steepest edges."""
  radii = _ends(polars[0], path, _LEVEL)
  if len(polars) > 1:
    inside, around = _contrast(polars[1], path)
    if inside - around > _SURE:
      # The network has learned where people draw the outline.
      radii = (radii + _ends(polars[1], path, 0.5)) / 2
  return ndimage.gaussian_filter1d(
    ndimage.median_filter(radii, 5, mode='wrap'), 1.0, mode='wrap'
  )


def _contrast(polar: np.ndarray, path: np.ndarray) -> tuple[float, float]:
  """What is inside of a path, and around it."""
  first = max(1, int(np.median(path)) - _BESIDE)
  beyond = np.minimum(path + _BESIDE, _SAMPLES - 1)
  around = polar[np.arange(_ANGLES), beyond]
  return float(np.median(polar[:, :first])), float(np.median(around))


def _ends(polar: np.ndarray, path: np.ndarray, level: float) -> np.ndarray:
  """Radii at which a part of the contrast is left, close to a path."""
  inside, around = _contrast(polar, path)
  smooth = ndimage.gaussian_filter1d(polar, 1.5, axis=0, mode='wrap')
  share = (smooth - around) / (inside - around + 1e-9)
  radii = np.empty(_ANGLES)
  for angle, first in enumerate(path):
    last = min(int(first) + _BESIDE, _SAMPLES - 1)
    low = max(0, int(first) - _BESIDE // 2)
    ends = np.flatnonzero(share[angle, low:last] < level)
    radii[angle] = _RADII_PX[low + int(ends[0]) if len(ends) else last]
  return radii


def _closed_paths(gains: np.ndarray, bend: float) -> np.ndarray:
  """Paths around with the greatest sums: int [bands, angles].

  From angle to angle a path changes by one sample at most. It goes round twice,
  so that it ends about where it begins; what is between counts.

  Args:
    gains: float [bands, angles, samples].
    bend: what a change costs.
  """
  bands, angles, samples = gains.shape
  total = gains[:, 0].copy()
  came = np.zeros((2 * angles, bands, samples), np.int8)
  wide = np.full((bands, samples + 2), -np.inf)
  for turn in range(1, 2 * angles):
    wide[:, 1:-1] = total - bend
    below, above = wide[:, :-2], wide[:, 2:]
    aside = np.maximum(below, above)
    came[turn] = np.where(above > below, 1, -1) * (aside > total)
    total = np.maximum(total, aside) + gains[:, turn % angles]
  paths = np.empty((bands, 2 * angles), np.int64)
  paths[:, -1] = total.argmax(axis=1)
  every = np.arange(bands)
  for turn in range(2 * angles - 1, 0, -1):
    here = paths[:, turn]
    paths[:, turn - 1] = here + came[turn, every, here]
  half = angles // 2
  return np.roll(paths[:, half : half + angles], half, axis=1)
