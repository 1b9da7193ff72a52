"""A line between points, along the ridge of the image: a minimal cost path."""

import itertools
from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage import graph

from defectseg_jax.review.layers import Box, grow, part
from defectseg_jax.review.operations import Point

# Lines of about 3 to 6 pixels: by eye.
_WIDTHS_PX = (1.5, 3.0)
# A path may leave the straight line by this part of its length, and so much.
_ASIDE, _LEAST_ASIDE_PX = 0.35, 24
# What a pixel without any ridge costs beside one on the best: by eye. A path
# follows a ridge that is up to so many times longer.
_DETOUR = 12.0
# Longer pieces are straight: their cost map would take seconds.
_LONGEST_PX = 1500


def trace(
  pixels: np.ndarray,
  probabilities: np.ndarray | None,
  points: Sequence[Point],
) -> list[Point]:
  """The path of a line through points.

  Args:
    pixels: [H, W], the micrograph. Lines are darker or brighter than what is
      around: which of both is told by what is under the points.
    probabilities: float32 [H, W]; None without a network.
    points: that the path goes through, those beside the image left out.

  Returns:
    Middles of pixels; neighbours touch at an edge or a corner.
  """
  height, width = pixels.shape
  places = [
    (int(min(max(row, 0), height - 1)), int(min(max(column, 0), width - 1)))
    for row, column in points
  ]
  found: list[tuple[int, int]] = [places[0]]
  for begin, end in itertools.pairwise(places):
    found += _piece(pixels, probabilities, begin, end)[1:]
  return [(row + 0.5, column + 0.5) for row, column in found]


def _piece(
  pixels: np.ndarray,
  probabilities: np.ndarray | None,
  begin: tuple[int, int],
  end: tuple[int, int],
) -> list[tuple[int, int]]:
  """The path between two pixels."""
  height, width = pixels.shape
  length = max(abs(end[0] - begin[0]), abs(end[1] - begin[1]))
  aside = _LEAST_ASIDE_PX + int(_ASIDE * length)
  box = grow(_between(begin, end), aside, (height, width))
  if length > _LONGEST_PX:
    cost = np.ones((box[2] - box[0], box[3] - box[1]), np.float32)
  else:
    crop = np.asarray(pixels[part(box)], np.float32)
    cost = _cost(crop, (begin[0] - box[0], begin[1] - box[1]))
    if probabilities is not None:
      belief = np.clip(probabilities[part(box)], 0, 1)
      cost = np.minimum(cost, 1 + _DETOUR * (1 - belief))
  path, _ = graph.route_through_array(
    cost,
    (begin[0] - box[0], begin[1] - box[1]),
    (end[0] - box[0], end[1] - box[1]),
    fully_connected=True,
    geometric=True,
  )
  return [(row + box[0], column + box[1]) for row, column in path]


def _between(begin: tuple[int, int], end: tuple[int, int]) -> Box:
  return (
    *(min(begin[0], end[0]), min(begin[1], end[1])),
    *(max(begin[0], end[0]) + 1, max(begin[1], end[1]) + 1),
  )


def _cost(crop: np.ndarray, begin: tuple[int, int]) -> np.ndarray:
  """From 1 on the clearest ridges to 1 + `_DETOUR` where there is none."""
  dark, bright = np.max([_ridges(crop, each) for each in _WIDTHS_PX], axis=0)
  near = part(grow((*begin, begin[0] + 1, begin[1] + 1), 3, crop.shape[:2]))  # pyright: ignore
  ridge = dark if dark[near].max() >= bright[near].max() else bright
  best = float(np.quantile(ridge, 0.98)) + 1e-9
  return 1 + _DETOUR * (1 - np.clip(ridge / best, 0, 1))


def _ridges(crop: np.ndarray, sigma_px: float) -> tuple[np.ndarray, np.ndarray]:
  """How much the image curves across dark lines and across bright ones."""
  blurred = ndimage.gaussian_filter(crop, sigma_px)
  row, column = np.gradient(blurred)
  across, mixed = np.gradient(row)
  along = np.gradient(column, axis=1)
  half = (across + along) / 2
  aside = np.hypot((across - along) / 2, mixed)
  # Of the negative, halves change their sign, and what is aside does not.
  return (
    sigma_px**2 * np.maximum(aside + half, 0),
    sigma_px**2 * np.maximum(aside - half, 0),
  )
