"""A missed object, grown from one click.

Around the click the image is looked at in polar coordinates. The outline is the
closed path along which what is inside differs most from what is outside, found
by dynamic programming for several sizes; the size is taken at which the edge is
clear all around. Where a network half believes in an object, its map says where
it ends, too.
"""

import math

import numpy as np
from scipy import ndimage

from defectseg_jax.micrographs.polygons import pixels_inside
from defectseg_jax.review.layers import Box, grow, part
from defectseg_jax.review.operations import Point
from defectseg_jax.review.scene import label

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
# Where an outline ends: at this part of the contrast above what is around. A
# person draws a void to where it ends, which is beyond where it is steepest.
_LEVEL = 0.25
# What it costs an outline to change by a sample, in noise of the edge: first
# to find the middle, then around it. By eye.
_STIFFNESS = (0.0, 0.5)
# The part of an outline at which its edge may be unclear.
_CLEAR = 0.1
# A network's map says something from this probability on.
_LEAST_BELIEF = 0.15


def grow_object(
  pixels: np.ndarray,
  probabilities: np.ndarray | None,
  point: Point,
  *,
  taken: np.ndarray,
) -> tuple[Box, np.ndarray]:
  """The pixels of the object around a point.

  Args:
    pixels: [H, W], the micrograph.
    probabilities: float32 [H, W]; None without a network.
    point: row and column inside of the object.
    taken: int [H, W], not 0 on pixels of other objects.

  Returns:
    A box, and bool of its size.
  """
  if probabilities is not None:
    found = _by_level(probabilities, point)
    if found is not None:
      return found
  height, width = pixels.shape
  row, column = int(point[0]), int(point[1])
  reach = int(_RADII_PX[-1]) + 2
  box = grow((row, column, row + 1, column + 1), reach, (height, width))
  crop = np.asarray(pixels[part(box)], np.float32)
  middle = point[0] - box[0], point[1] - box[1]
  for stiffness in _STIFFNESS:
    polar = _log_polar(crop, middle)
    path = _outline(polar, stiffness)
    corners = _corners(middle, _RADII_PX[path])
    if stiffness != _STIFFNESS[-1]:
      # Who clicks beside the middle sees the outline askew.
      middle = tuple(corners.mean(axis=0))
  y, x = _corners(middle, _refined(polar, path)).T
  inside = pixels_inside([np.stack([x, y], axis=1)], crop.shape)
  return box, inside


def _by_level(
  probabilities: np.ndarray, point: Point
) -> tuple[Box, np.ndarray] | None:
  """The region of half the highest probability near the click; or None."""
  height, width = probabilities.shape
  row, column = int(point[0]), int(point[1])
  near = grow((row, column, row + 1, column + 1), 2, (height, width))
  peak = float(probabilities[part(near)].max())
  if peak < _LEAST_BELIEF:
    return None
  box = grow((row, column, row + 1, column + 1), 128, (height, width))
  mask = probabilities[part(box)] >= 0.5 * peak
  labels, _ = label(mask)
  one = labels[row - box[0], column - box[1]]
  if not one:
    return None
  inside = labels == one
  if inside.mean() > 0.25:
    return None
  return box, np.asarray(ndimage.binary_fill_holes(inside))


def _corners(middle: Point, radii_px: np.ndarray) -> np.ndarray:
  """float [angles, 2], rows and columns of an outline."""
  angles = np.arange(_ANGLES) * (2 * math.pi / _ANGLES)
  away = np.stack([np.sin(angles), np.cos(angles)], axis=1)
  return np.array(middle) + radii_px[:, None] * away


def _log_polar(crop: np.ndarray, middle: Point) -> np.ndarray:
  """float32 [angles, samples], the image around a point, blurred by radius."""
  angles = np.arange(_ANGLES) * (2 * math.pi / _ANGLES)
  found = np.empty((_ANGLES, _SAMPLES), np.float32)
  blurs = np.maximum(_LEAST_BLUR_PX, _BLUR * _RADII_PX)
  first, blurred, has = 0, crop, 0.0
  while first < _SAMPLES:
    # Blurs differ by no more than a half from what is asked for.
    after = int(np.searchsorted(blurs, 1.5 * blurs[first], 'right'))
    more = math.sqrt(max(0.0, blurs[first] ** 2 - has**2))
    blurred, has = ndimage.gaussian_filter(blurred, more), blurs[first]
    radii = _RADII_PX[first:after]
    rows = middle[0] - 0.5 + np.sin(angles)[:, None] * radii
    columns = middle[1] - 0.5 + np.cos(angles)[:, None] * radii
    found[:, first:after] = ndimage.map_coordinates(
      blurred, [rows, columns], order=1, mode='nearest'
    )
    first = after
  return found


def _outline(polar: np.ndarray, stiffness: float) -> np.ndarray:
  """The clearest outline of all sizes and of both signs: samples [angles]."""
  step = _steps(polar)
  starts = np.arange(0, _SAMPLES - _BAND, _BAND // 2)
  bands = np.stack(
    [sign * step[:, low : low + _BAND] for sign in (1, -1) for low in starts]
  )
  noise = np.abs(step - np.median(step, axis=0)).mean() + 1e-9
  paths = _closed_paths(bands, stiffness * noise)
  each = np.take_along_axis(bands, paths[:, :, None], axis=2)[:, :, 0]
  clear = np.quantile(each, _CLEAR, axis=1)
  best = int(clear.argmax())
  return paths[best] + starts[best % len(starts)]


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


def _refined(polar: np.ndarray, path: np.ndarray) -> np.ndarray:
  """Radii in pixels where the object ends, around a path of steepest edges."""
  angles = np.arange(_ANGLES)
  smooth = ndimage.gaussian_filter1d(polar, 1.5, axis=0, mode='wrap')
  first = int(np.median(path))
  inside = float(np.median(smooth[:, : max(1, first - _BESIDE)]))
  beyond = np.minimum(path + _BESIDE, _SAMPLES - 1)
  around = float(np.median(smooth[angles, beyond]))
  share = (smooth - around) / (inside - around + 1e-9)
  radii = np.empty(_ANGLES)
  for angle in angles:
    last = min(int(path[angle]) + _BESIDE, _SAMPLES - 1)
    ends = np.flatnonzero(share[angle, path[angle] : last] < _LEVEL)
    place = path[angle] + (int(ends[0]) if len(ends) else last - path[angle])
    radii[angle] = _RADII_PX[place]
  return ndimage.gaussian_filter1d(
    ndimage.median_filter(radii, 5, mode='wrap'), 1.0, mode='wrap'
  )


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
  for turn in range(1, 2 * angles):
    wide = np.pad(total, ((0, 0), (1, 1)), constant_values=-np.inf)
    three = np.stack([wide[:, :-2] - bend, wide[:, 1:-1], wide[:, 2:] - bend])
    choice = three.argmax(axis=0)
    came[turn] = choice - 1
    total = three.max(axis=0) + gains[:, turn % angles]
  paths = np.empty((bands, 2 * angles), np.int64)
  paths[:, -1] = total.argmax(axis=1)
  every = np.arange(bands)
  for turn in range(2 * angles - 1, 0, -1):
    here = paths[:, turn]
    paths[:, turn - 1] = here + came[turn, every, here]
  half = angles // 2
  return np.roll(paths[:, half : half + angles], half, axis=1)
