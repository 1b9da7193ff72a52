"""A missed object, grown from one click.

Around the click the image is looked at in polar coordinates, and so are a
network's map, where there is one, and what is outlined already. How likely the
outline runs at each place is told by `outline_network`; the outline is the
closed path that is likeliest.
"""

import functools
import pathlib
from collections.abc import Sequence

import numpy as np
from safetensors.numpy import load_file
from scipy import ndimage

from defectseg_jax.micrographs.polygons import pixels_inside
from defectseg_jax.review.layers import Box, grow, part
from defectseg_jax.review.operations import Point
from defectseg_jax.review.outline_network import features, logits
from defectseg_jax.review.polar import (
  RADII_PX,
  SAMPLES,
  Blurred,
  blur_by_radius,
  corners,
  log_polar,
  sharp,
)

WEIGHTS = pathlib.Path(__file__).parent / 'outline_network.safetensors'
# From angle to angle an outline changes by so many samples at most, and each
# costs so much of the logarithm of its probability; by eye.
MOST_CHANGE, STIFFNESS = 2, 0.3
# Between samples, the mean of so many on each side of the path.
_AROUND_PATH = 2


def grow_object(
  pixels: np.ndarray,
  probabilities: np.ndarray | None,
  ids: np.ndarray,
  point: Point,
) -> tuple[Box, np.ndarray]:
  """The pixels of the object around a point.

  Args:
    pixels: [H, W], the micrograph.
    probabilities: float32 [H, W]; None to go by the image alone, as a review
      does (docs/review_speed.md).
    ids: int [H, W], objects that are outlined already; 0 elsewhere.
    point: row and column inside of the object.

  Returns:
    A box, and bool of its size.
  """
  height, width = pixels.shape
  row, column = int(point[0]), int(point[1])
  reach = int(RADII_PX[-1]) + 2
  box = grow((row, column, row + 1, column + 1), reach, (height, width))
  others = (ids[part(box)] > 0).astype(np.float32)
  belief = np.zeros_like(others)
  if probabilities is not None:
    belief = np.asarray(probabilities[part(box)], np.float32)
  image = blur_by_radius(np.asarray(pixels[part(box)], np.float32))
  maps = [image, sharp(belief), sharp(others)]
  middle = point[0] - box[0], point[1] - box[1]
  # Who clicks beside the middle sees the outline askew.
  askew = _outline(maps, middle)
  outline = _outline(maps, _centroid(askew))
  shape = box[2] - box[0], box[3] - box[1]
  return box, pixels_inside([outline[:, ::-1]], shape)


def _outline(maps: Sequence[Sequence[Blurred]], middle: Point) -> np.ndarray:
  """float [angles, 2], rows and columns, as it is seen from a point."""
  seen = features(*(log_polar(one, middle)[None] for one in maps))
  return corners(middle, _radii_px(logits(_weights(), seen)[0]))


@functools.cache
def _weights() -> dict[str, np.ndarray]:
  return load_file(WEIGHTS)


def _centroid(outline: np.ndarray) -> Point:
  """The middle of the area inside of an outline."""
  row, column = outline.T
  next_row, next_column = np.roll(outline, -1, axis=0).T
  cross = row * next_column - next_row * column
  total = 3 * cross.sum()
  return (
    float(((row + next_row) * cross).sum() / total),
    float(((column + next_column) * cross).sum() / total),
  )


def _radii_px(likely: np.ndarray) -> np.ndarray:
  """Radii of the likeliest outline, from logits [angles, samples]."""
  likely = likely - likely.max(axis=1, keepdims=True)
  weight = np.exp(likely)
  weight /= weight.sum(axis=1, keepdims=True)
  # The path may have to cross places that are no more likely than 0.
  weight += 1e-6
  path = closed_path(np.log(weight))
  near = np.arange(-_AROUND_PATH, _AROUND_PATH + 1)
  places = np.clip(path[:, None] + near, 0, SAMPLES - 1)
  share = np.take_along_axis(weight, places, axis=1)
  sample = (share * places).sum(axis=1) / share.sum(axis=1)
  radii_px = np.interp(sample, np.arange(SAMPLES), RADII_PX)
  return ndimage.gaussian_filter1d(radii_px, 0.7, mode='wrap')


def closed_path(gains: np.ndarray) -> np.ndarray:
  """The path around with the greatest sum: int [angles].

  It goes round twice, so that it ends about where it begins; what is between
  counts.

  Args:
    gains: float [angles, samples].
  """
  angles, samples = gains.shape
  changes = np.arange(-MOST_CHANGE, MOST_CHANGE + 1)
  costs = STIFFNESS * np.abs(changes)
  before = np.arange(samples) + changes[:, None] + MOST_CHANGE
  every = np.arange(samples)
  total, came = gains[0], np.zeros((2 * angles, samples), np.int64)
  for turn in range(1, 2 * angles):
    wide = np.pad(total, MOST_CHANGE, constant_values=-np.inf)
    reached = wide[before] - costs[:, None]
    best = reached.argmax(axis=0)
    came[turn] = every + changes[best]
    total = reached[best, every] + gains[turn % angles]
  path = np.empty(2 * angles, np.int64)
  path[-1] = total.argmax()
  for turn in range(2 * angles - 1, 0, -1):
    path[turn - 1] = came[turn, path[turn]]
  half = angles // 2
  return np.roll(path[half : half + angles], half)
