"""JSON of the VGG Image Annotator (VIA), version 1 and 2: many images."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from defectseg_jax.micrographs.annotations.shapes import (
  Annotation,
  Shape,
  ellipse,
  no_area,
  polygon,
  rectangle,
)


def is_via(content: Any) -> bool:
  """Whether JSON has the form: of a project, or of exported annotations."""
  if not isinstance(content, dict):
    return False
  images = content.get('_via_img_metadata', content)
  return (
    isinstance(images, dict)
    and bool(images or '_via_img_metadata' in content)
    and all(
      isinstance(one, dict) and 'filename' in one and 'regions' in one
      for one in images.values()
    )
  )


def read_via(content: Any, path: str | os.PathLike) -> list[Annotation]:
  """What was drawn, an entry for each image. VIA does not say how large it is.

  Args:
    content: of the file.
    path: for messages.

  Raises:
    InputError: a shape is damaged or has no area.
  """
  found = []
  for one in content.get('_via_img_metadata', content).values():
    regions = one['regions']
    # Version 1 numbers them.
    if isinstance(regions, Mapping):
      regions = list(regions.values())
    shapes = [
      _shape(region, f'{number} of {one["filename"]}', path)
      for number, region in enumerate(regions, start=1)
    ]
    found.append(Annotation(str(one['filename']), None, tuple(shapes)))
  return found


def _shape(region: Any, name: str, path: str | os.PathLike) -> Shape:
  drawn = region.get('shape_attributes') or {}
  kind = drawn.get('name')
  label = _label(region.get('region_attributes') or {})

  def numbers(*names: str) -> np.ndarray:
    # Read as one corner: they are checked in the same way.
    pairs = [[drawn.get(one), 0] for one in names]
    return polygon(pairs, name, path, least=len(names))[:, 0]

  if kind == 'polygon':
    x, y = (drawn.get(f'all_points_{axis}') or () for axis in 'xy')
    pairs = list(zip(x, y, strict=False)) if len(x) == len(y) else []
    corners = polygon(pairs, name, path)
  elif kind == 'rect':
    x, y, width, height = numbers('x', 'y', 'width', 'height')
    corners = rectangle(x, y, x + width, y + height)
  elif kind == 'circle':
    x, y, radius = numbers('cx', 'cy', 'r')
    corners = ellipse((x, y), (radius, radius))
  elif kind == 'ellipse':
    x, y, first, second = numbers('cx', 'cy', 'rx', 'ry')
    # Version 1 does not turn them.
    (turned,) = numbers('theta') if 'theta' in drawn else (0.0,)
    corners = ellipse((x, y), (first, second), turned)
  else:
    raise no_area(str(kind), name, path, 'polygon', 'rect', 'circle', 'ellipse')
  return Shape(label, name, ((corners,),))


def _label(attributes: Mapping[str, Any]) -> str:
  """The value of the attribute; of a checkbox those that are ticked."""
  values = []
  for value in attributes.values():
    if isinstance(value, Mapping):
      values += [str(key) for key, ticked in value.items() if ticked]
    elif value not in (None, ''):
      values.append(str(value))
  return ', '.join(values)
