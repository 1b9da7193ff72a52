"""Contours of many objects at once."""

import typing
from collections.abc import Sequence

import contourpy
import numpy as np

Box = tuple[slice, slice]


def traced(
  labels: np.ndarray, objects: Sequence[tuple[int, Box, int]]
) -> list[list[np.ndarray]]:
  """The contours of some objects, along the edges of their pixels.

  They are traced in one picture, each object below the one before, since to
  begin costs more than to trace a small object.

  Args:
    labels: int [H, W], the object's id at each pixel.
    objects: id, bounding box and step of each: of how many pixels, in rows and
      columns, one is looked at.

  Returns:
    For each object float64 [points, 2] of an outer contour and of each hole, x
    before y; 0, 0 is the upper left corner of the first pixel, and the first
    point is there again at the end. Pixels that touch at a corner only are
    apart.

  Examples:
    >>> labels = np.zeros((3, 4), np.int32)
    >>> labels[1, 2] = 5
    >>> ((contour,),) = traced(labels, [(5, (slice(1, 2), slice(2, 3)), 1)])
    >>> contour.min(axis=0), contour.max(axis=0)
    (array([2., 1.]), array([3., 2.]))
  """
  crops = [
    labels[box][::step, ::step] == number for number, box, step in objects
  ]
  tops = np.cumsum([0] + [len(crop) + 1 for crop in crops])
  width = max((crop.shape[1] for crop in crops), default=0)
  canvas = np.zeros((tops[-1] + 1, width + 2))
  for top, crop in zip(tops, crops):
    canvas[top + 1 : top + 1 + len(crop), 1 : 1 + crop.shape[1]] = crop
  found = [[] for _ in objects]
  tracer = contourpy.contour_generator(z=canvas, line_type='Separate')
  # Lines of this type are arrays of points.
  for line in typing.cast(list[np.ndarray], tracer.lines(0.5)):
    place = int(np.searchsorted(tops, line[0, 1], 'right')) - 1
    _, (rows, columns), step = objects[place]
    # Halfway between the middles of pixels, of which the first is the margin.
    line = line - (0.5, tops[place] + 0.5)
    found[place].append(line * step + (columns.start, rows.start))
  return found
