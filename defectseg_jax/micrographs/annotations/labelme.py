"""LabelMe's JSON: one file for each image."""

import base64
import binascii
import io
import math
import os
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.annotations.shapes import (
  Annotation,
  Shape,
  ellipse,
  image_size,
  no_area,
  polygon,
  rectangle,
)
from defectseg_jax.micrographs.formats.frame import check_size


def is_labelme(content: Any) -> bool:
  """Whether JSON has the form."""
  return isinstance(content, dict) and isinstance(content.get('shapes'), list)


def read_labelme(content: Any, path: str | os.PathLike) -> list[Annotation]:
  """What was drawn: polygons, rectangles, circles and masks.

  Args:
    content: of the file.
    path: for messages.

  Raises:
    InputError: a shape is damaged or has no area.
  """
  size = image_size(content.get('imageHeight'), content.get('imageWidth'), path)
  shapes = [
    _shape(one, f'{number} {one.get("label") or ""}'.strip(), size, path)
    for number, one in enumerate(content['shapes'], start=1)
  ]
  return [Annotation('', size, tuple(shapes))]


def _shape(
  one: Any,
  name: str,
  size: tuple[int, int] | None,
  path: str | os.PathLike,
) -> Shape:
  # Version 3 and before had polygons only.
  kind = one.get('shape_type') or 'polygon'
  label = str(one.get('label') or '')
  group = one.get('group_id')
  group = None if group is None else f'{label} {group}'
  if kind == 'polygon':
    corners = polygon(one.get('points'), name, path)
  elif kind == 'rectangle':
    corners = polygon(one.get('points'), name, path, least=2)
    # Newer versions write all four.
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    corners = rectangle(x0, y0, x1, y1)
  elif kind == 'circle':
    centre, edge = polygon(one.get('points'), name, path, least=2)[:2]
    radius = math.dist(centre, edge)
    corners = ellipse(centre, (radius, radius))
  elif kind == 'mask':
    pixels = _pixels(one, name, size, path)
    return Shape(label, name, pixels=pixels, group=group)
  else:
    raise no_area(kind, name, path, 'polygon', 'rectangle', 'circle')
  return Shape(label, name, ((corners,),), group=group)


def _pixels(
  one: Any,
  name: str,
  size: tuple[int, int] | None,
  path: str | os.PathLike,
) -> np.ndarray:
  """What its AI drew: a PNG of the rectangle between two points."""
  (left, top), *_ = polygon(one.get('points'), name, path, least=2)
  try:
    text = base64.b64decode(one['mask'], validate=True)
    with PngImagePlugin.PngImageFile(io.BytesIO(text)) as image:
      check_size(path, height=image.height, width=image.width)
      marked = np.array(image.convert('L')) > 0
  except (
    *(KeyError, TypeError, ValueError, binascii.Error, OSError, SyntaxError),
    Image.DecompressionBombError,
  ) as error:
    raise file_error(
      path, f'the mask {name!r} is damaged ({error})', 'draw it again'
    ) from error
  row, column = round(top), round(left)
  if size is None or min(row, column) < 0:
    raise file_error(
      path,
      f'the mask {name!r} has no place in an image of a known size',
      'save the file again',
    )
  pixels = np.zeros(size, bool)
  place = pixels[row : row + marked.shape[0], column : column + marked.shape[1]]
  place |= marked[: place.shape[0], : place.shape[1]]
  return pixels
