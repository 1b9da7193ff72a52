"""Objects to SVG paths."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.reporting.page.pictures import LONGEST_PX
from defectseg_jax.reporting.page.simplifying import simplified
from defectseg_jax.reporting.page.tracing import Box, traced

# By eye: larger objects are traced in fewer pixels, which bounds memory and
# time.
_TRACED_PX = 2048
# Pixels of objects that are traced together: some dozen MiB; by eye.
_AT_ONCE_PX = 1 << 21


class Outline(NamedTuple):
  """Of one object.

  Attributes:
    path: the `d` of an SVG path, closed, holes included, to be filled by the
      even-odd rule; 0, 0 is the upper left corner of the first pixel.
    width_px: of the object.
  """

  path: str
  width_px: int


def outlines(
  labels: np.ndarray,
  *,
  among: Collection[int] | None = None,
  picture_px: int = LONGEST_PX,
) -> dict[int, Outline]:
  """The outline of every object, simplified to about a pixel of the picture.

  Args:
    labels: int [H, W], the object's id at each pixel, 0 in the background.
    among: ids of the objects that are meant; None for all.
    picture_px: the longest side of the picture that they are drawn on.

  Returns:
    Outlines by id.

  Examples:
    >>> labels = np.zeros((4, 4), np.int32)
    >>> labels[1:3, 1:3] = 7
    >>> found = outlines(labels)
    >>> list(found), found[7].width_px
    ([7], 2)
  """
  tolerance_px = max(0.5, 0.7 * max(labels.shape) / picture_px)
  objects = [
    (number, box, -(-max(map(_length, box)) // _TRACED_PX))
    for number, box in enumerate(ndimage.find_objects(labels), start=1)
    if box is not None and (among is None or number in among)
  ]
  found = {}
  for some in _in_parts(objects):
    paths = _paths(traced(labels, some), tolerance_px)
    for (number, box, _), path in zip(some, paths):
      found[number] = Outline(path, _length(box[1]))
  return {number: found[number] for number, *_ in objects}


def _in_parts(
  objects: Sequence[tuple[int, Box, int]],
) -> Iterator[list[tuple[int, Box, int]]]:
  """Objects of like widths, as many as are traced at once; one at least."""
  part, rows = [], 0
  for one in sorted(objects, key=lambda one: _length(one[1][1])):
    _, (height, width), step = one
    rows += _length(height) // step + 2
    if part and rows * (_length(width) // step + 3) > _AT_ONCE_PX:
      yield part
      part, rows = [], _length(height) // step + 2
    part.append(one)
  if part:
    yield part


def _length(side: slice) -> int:
  return side.stop - side.start


def _paths(
  contours: Sequence[Sequence[np.ndarray]], tolerance_px: float
) -> Iterator[str]:
  """A path for each object; all of their contours are simplified together."""
  parts = iter(simplified(list(itertools.chain(*contours)), tolerance_px))
  for of_object in contours:
    yield ''.join(_text(next(parts)) for _ in of_object)


def _text(points: np.ndarray) -> str:
  """Begins absolute and goes on relative, which is shorter."""
  points = np.round(points, 1)
  first, rest = points[0].tolist(), np.diff(points, axis=0).ravel().tolist()
  return f'M{_numbers(first)}l{_numbers(rest)}z'


def _numbers(values: list[float]) -> str:
  return ' '.join([f'{value:g}' for value in values])
