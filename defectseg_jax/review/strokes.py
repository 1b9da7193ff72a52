"""Strokes of a brush, outlines and lines, as pixels."""

import math
from collections.abc import Sequence

import numpy as np

from defectseg_jax.micrographs.polygons import pixels_inside
from defectseg_jax.review.layers import Box
from defectseg_jax.review.operations import Point


def stroke_pixels(
  points: Sequence[Point], radius_px: float, shape: tuple[int, int]
) -> tuple[Box, np.ndarray]:
  """The pixels whose middle is within a radius of a stroke.

  Args:
    points: of the stroke; one makes a disc.
    radius_px: of the brush. The pixel under a point is always of the stroke.
    shape: of the image.

  Returns:
    A box, and bool of its size.

  Examples:
    >>> stroke_pixels([(2.5, 1.5), (2.5, 3.5)], 0.5, (5, 5))[1].astype(int)
    array([[1, 1, 1, 0],
           [0, 0, 0, 0]])
  """
  points = _thinned(points, max(0.5, radius_px / 8))
  rows, columns = np.array(points, float).T
  box = _clipped(
    (rows.min() - radius_px, columns.min() - radius_px),
    (rows.max() + radius_px, columns.max() + radius_px),
    shape,
  )
  top, left, bottom, right = box
  inside = np.zeros((max(0, bottom - top), max(0, right - left)), bool)
  if not inside.size:
    return (0, 0, 0, 0), np.zeros((0, 0), bool)
  for row, column in points:
    row, column = math.floor(row) - top, math.floor(column) - left
    if 0 <= row < inside.shape[0] and 0 <= column < inside.shape[1]:
      inside[row, column] = True
  for begin, end in zip(points, points[1:] or points[-1:]):
    _draw(inside, (top, left), begin, end, radius_px)
  return box, inside


def polygon_pixels(
  points: Sequence[Point], shape: tuple[int, int]
) -> tuple[Box, np.ndarray]:
  """The pixels whose middle is inside of a polygon; as `stroke_pixels`."""
  corners = np.array(points, float)
  box = _clipped(corners.min(axis=0), corners.max(axis=0), shape)
  top, left, bottom, right = box
  if bottom <= top or right <= left:
    return (0, 0, 0, 0), np.zeros((0, 0), bool)
  moved = (corners - (top, left))[:, ::-1]
  return box, pixels_inside([moved], (bottom - top, right - left))


def path_between(points: Sequence[Point]) -> list[Point]:
  """Middles of the pixels that straight lines between points run through.

  Consecutive pixels touch at an edge or a corner.
  """
  found: list[Point] = []
  for begin, end in zip(points, points[1:] or points[-1:]):
    steps = math.ceil(max(abs(end[0] - begin[0]), abs(end[1] - begin[1])))
    for step in range(steps + 1):
      share = step / max(1, steps)
      row = math.floor(begin[0] + share * (end[0] - begin[0])) + 0.5
      column = math.floor(begin[1] + share * (end[1] - begin[1])) + 0.5
      if not found or found[-1] != (row, column):
        found.append((row, column))
  return found


def _draw(
  inside: np.ndarray,
  corner: tuple[int, int],
  begin: Point,
  end: Point,
  radius_px: float,
) -> None:
  """Draws one straight piece of a stroke, in place."""
  top, left, bottom, right = _clipped(
    (
      min(begin[0], end[0]) - radius_px - corner[0],
      min(begin[1], end[1]) - radius_px - corner[1],
    ),
    (
      max(begin[0], end[0]) + radius_px - corner[0],
      max(begin[1], end[1]) + radius_px - corner[1],
    ),
    (inside.shape[0], inside.shape[1]),
  )
  if bottom <= top or right <= left:
    return
  y = np.arange(top, bottom)[:, None] + (corner[0] + 0.5 - begin[0])
  x = np.arange(left, right)[None] + (corner[1] + 0.5 - begin[1])
  dy, dx = end[0] - begin[0], end[1] - begin[1]
  length_2 = dy * dy + dx * dx
  if length_2 > 0:
    share = np.clip((y * dy + x * dx) / length_2, 0, 1)
    y, x = y - share * dy, x - share * dx
  inside[top:bottom, left:right] |= y * y + x * x <= radius_px * radius_px


def _clipped(
  low: Sequence[float] | np.ndarray,
  high: Sequence[float] | np.ndarray,
  shape: tuple[int, int],
) -> Box:
  first = [max(0, math.floor(one)) for one in low]
  after = [min(size, math.floor(one) + 1) for one, size in zip(high, shape)]
  return first[0], first[1], after[0], after[1]


def _thinned(points: Sequence[Point], least_px: float) -> list[Point]:
  """Without points that are nearly where the last one was."""
  kept = [points[0]]
  for point in points[1:-1]:
    if math.dist(kept[-1], point) >= least_px:
      kept.append(point)
  return [*kept, points[-1]] if len(points) > 1 else kept
