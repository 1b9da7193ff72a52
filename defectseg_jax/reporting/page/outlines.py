"""Objects to SVG paths."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage import measure

from defectseg_jax.reporting.page.pictures import LONGEST_PX
from defectseg_jax.reporting.page.simplifying import simplify_line

# By eye: larger objects are traced in fewer pixels, which bounds memory and
# time.
_TRACED_PX = 2048


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
  found = {}
  for number, box in enumerate(ndimage.find_objects(labels), start=1):
    if box is not None and (among is None or number in among):
      found[number] = Outline(
        _path(labels[box], number, box, tolerance_px),
        box[1].stop - box[1].start,
      )
  return found


def _path(
  labels: np.ndarray,
  number: int,
  box: tuple[slice, ...],
  tolerance_px: float,
) -> str:
  step = -(-max(labels.shape) // _TRACED_PX)
  inside = labels[::step, ::step] == number
  # Contours run halfway between pixels' centres: along the pixels' edges.
  padded = np.pad(inside, 1).astype(np.uint8)
  corner = np.array([side.start for side in box])
  parts = []
  for contour in measure.find_contours(padded, 0.5):
    points = simplify_line(contour, tolerance_px / step)
    if len(points) < 4:
      points = contour
    corners = (points[:-1] - 0.5) * step + corner
    parts.append(_text(corners[:, ::-1]))
  return ''.join(parts)


def _text(points: np.ndarray) -> str:
  """Begins absolute and goes on relative, which is shorter."""
  points = np.round(points, 1)
  first = ' '.join(f'{value:g}' for value in points[0])
  rest = ' '.join(f'{value:g}' for value in np.diff(points, axis=0).ravel())
  return f'M{first}l{rest}z'
