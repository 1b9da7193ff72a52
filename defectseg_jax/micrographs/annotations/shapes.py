"""What a person drew of an image: shapes with names, painted on demand."""

import dataclasses
import math
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats.frame import check_size
from defectseg_jax.micrographs.painting import FARTHEST_PX, Drawn, box_of
from defectseg_jax.micrographs.polygons import pixels_inside

# Of a circle or an ellipse: so its area is right to 0.02%.
_CORNERS = 180


@dataclasses.dataclass(frozen=True, eq=False)
class Shape:
  """One shape.

  Attributes:
    label: what the person called it; '' for nothing.
    name: for messages.
    parts: of each part its polygons, [corners, 2], x before y, in pixels from
      the outer corner of the first one; a polygon within another is a hole.
    pixels: bool [H, W] in the place of parts, where a program stored pixels.
    code: another name of the label, a number; '' for none.
    group: shapes of one group that touch are one object; None: of no group.
  """

  label: str
  name: str
  parts: tuple[tuple[np.ndarray, ...], ...] = ()
  pixels: np.ndarray | None = None
  code: str = ''
  group: str | None = None

  def drawn(self, size: tuple[int, int]) -> Drawn:
    """The shape's pixels in an image of H, W."""
    if self.pixels is not None:
      rows, columns = (slice(0, n) for n in size)
      return Drawn(self.name, (rows, columns), self.pixels, self.group)
    box = box_of([one for part in self.parts for one in part], size)
    rows, columns = box
    corner = np.array([columns.start, rows.start])
    inside = np.zeros((rows.stop - rows.start, columns.stop - columns.start))
    inside = inside.astype(bool)
    for part in self.parts:
      inside |= pixels_inside([one - corner for one in part], inside.shape)
    return Drawn(self.name, box, inside, self.group)


class Annotation(NamedTuple):
  """What was drawn of one image.

  Attributes:
    image: file name of the image, in a file of many; '' where the file itself
      is named as its image.
    size: H, W of the image; None where the file does not say.
    shapes: in the order of the file.
  """

  image: str
  size: tuple[int, int] | None
  shapes: tuple[Shape, ...]


def polygon(
  points: Any, name: str, path: str | os.PathLike, *, least: int = 3
) -> np.ndarray:
  """Corners as a file has them, checked: [corners, 2].

  Args:
    points: pairs of x and y.
    name: of the shape, for messages.
    path: of the file, for messages.
    least: number of corners.

  Raises:
    InputError: too few of them, or no numbers.
  """
  try:
    corners: Any = np.array(points, float)
  except (TypeError, ValueError):
    corners = np.zeros(0)
  if (
    corners.ndim != 2
    or corners.shape[1] < 2
    or len(corners) < least
    or not (np.abs(corners) < FARTHEST_PX).all()
  ):
    raise file_error(
      path,
      f'the shape {name!r} has no {least} or more corners that are pairs of '
      'numbers',
      'draw it again, or delete it',
    )
  # GeoJSON allows for a height.
  return corners[:, :2]


def ellipse(
  centre: Sequence[float], radii: Sequence[float], turned: float = 0.0
) -> np.ndarray:
  """A polygon of the same area as an ellipse, to 0.02%.

  Args:
    centre: x, y.
    radii: along x and along y, before it is turned.
    turned: by so many radians, from x towards y.
  """
  angle = np.linspace(0, 2 * math.pi, _CORNERS, endpoint=False)
  across = np.stack([radii[0] * np.cos(angle), radii[1] * np.sin(angle)], 1)
  cos, sin = math.cos(turned), math.sin(turned)
  return across @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(centre)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
  """The corners of a rectangle."""
  return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def image_size(
  height: Any, width: Any, path: str | os.PathLike
) -> tuple[int, int] | None:
  """H, W as a file states them; None where it does not.

  Raises:
    InputError: they are no sizes, or larger than any image.
  """
  if height is None or width is None:
    return None
  try:
    found = int(height), int(width)
  except (TypeError, ValueError, OverflowError):
    found = 0, 0
  check_size(path, height=found[0], width=found[1])
  return found


def no_area(
  kind: str, name: str, path: str | os.PathLike, *known: str
) -> Exception:
  """The error for a shape that has no area, such as a line."""
  return file_error(
    path,
    f'the shape {name!r} is of the kind {kind}, which has no area that is read '
    'here',
    f'draw it as {", ".join(known[:-1])} or {known[-1]}, or delete it',
  )
