"""GeoJSON as QuPath exports it: one file for each image."""

import os
from typing import Any

import numpy as np

from defectseg_jax.micrographs.annotations.shapes import (
  Annotation,
  Shape,
  no_area,
  polygon,
)


def is_geojson(content: Any) -> bool:
  """Whether JSON has the form: a collection, a list of features, or one."""
  if isinstance(content, list):
    return bool(content) and all(
      isinstance(one, dict) and one.get('type') == 'Feature' for one in content
    )
  return isinstance(content, dict) and content.get('type') in (
    'FeatureCollection',
    'Feature',
  )


def read_geojson(content: Any, path: str | os.PathLike) -> list[Annotation]:
  """What was drawn: polygons, with their holes. Its image is not named.

  Args:
    content: of the file.
    path: for messages.

  Raises:
    InputError: a shape is damaged or has no area.
  """
  if isinstance(content, dict):
    content = (
      content.get('features') or []
      if content['type'] == 'FeatureCollection'
      else [content]
    )
  shapes = [
    _shape(one, number, path) for number, one in enumerate(content, start=1)
  ]
  return [Annotation('', None, tuple(shapes))]


def _shape(feature: Any, number: int, path: str | os.PathLike) -> Shape:
  properties = feature.get('properties') or {}
  label = _label(properties)
  name = f'{number} {properties.get("name") or label}'.strip()
  geometry = feature.get('geometry') or {}
  kind = geometry.get('type')
  if kind == 'Polygon':
    polygons = [geometry.get('coordinates')]
  elif kind == 'MultiPolygon':
    polygons = geometry.get('coordinates')
  else:
    raise no_area(str(kind), name, path, 'Polygon', 'MultiPolygon')
  # Pieces of one annotation that touch are one object.
  parts = tuple(_rings(rings, name, path) for rings in polygons or [None])
  return Shape(label, name, parts)


def _rings(
  rings: Any, name: str, path: str | os.PathLike
) -> tuple[np.ndarray, ...]:
  """The outline, then the holes in it."""
  if not isinstance(rings, list) or not rings:
    rings = [None]
  return tuple(polygon(one, name, path) for one in rings)


def _label(properties: dict[str, Any]) -> str:
  """Of QuPath's classification; a name alone in its older files."""
  found = properties.get('classification') or {}
  if isinstance(found, dict):
    names = found.get('names')
    if isinstance(names, list) and names:
      return ': '.join(map(str, names))
    return str(found.get('name') or '')
  return str(found)
