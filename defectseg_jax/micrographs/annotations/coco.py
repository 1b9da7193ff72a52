"""COCO's JSON: one file for many images; polygons and run lengths."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.annotations.shapes import (
  Annotation,
  Shape,
  image_size,
  polygon,
)


def is_coco(content: Any) -> bool:
  """Whether JSON has the form."""
  return isinstance(content, dict) and all(
    isinstance(content.get(name), list) for name in ('images', 'annotations')
  )


def read_coco(content: Any, path: str | os.PathLike) -> list[Annotation]:
  """What was drawn, an entry for each image, also for one without shapes.

  Args:
    content: of the file.
    path: for messages.

  Raises:
    InputError: a shape is damaged, or of an image or a category that the file
      does not have.
  """
  names = {
    one.get('id'): str(one.get('name') or one.get('id'))
    for one in content.get('categories') or []
  }
  shapes: dict[Any, list[Shape]] = {}
  sizes = {}
  for one in content['images']:
    size = image_size(one.get('height'), one.get('width'), path)
    if one.get('id') in shapes or not one.get('file_name'):
      raise file_error(
        path,
        f'image {one.get("id")!r} stands there twice, or has no file_name',
        'export it again',
      )
    shapes[one.get('id')], sizes[one.get('id')] = [], size
  for one in content['annotations']:
    image, category = one.get('image_id'), one.get('category_id')
    if image not in shapes:
      raise file_error(
        path,
        f'annotation {one.get("id")!r} is of image {image!r}, which it has not',
        'export it again',
      )
    label = names.get(category, '' if category is None else str(category))
    name = f'{one.get("id")} {label}'.strip()
    code = '' if category is None else str(category)
    shapes[image].append(_shape(one, label, name, code, sizes[image], path))
  return [
    Annotation(
      str(one['file_name']), sizes[one['id']], tuple(shapes[one['id']])
    )
    for one in content['images']
  ]


def _shape(
  one: Any,
  label: str,
  name: str,
  code: str,
  size: tuple[int, int] | None,
  path: str | os.PathLike,
) -> Shape:
  """`iscrowd` says how it is stored, and not that it is none."""
  drawn = one.get('segmentation')
  if isinstance(drawn, dict):
    pixels = _run_lengths(drawn, name, size, path)
    return Shape(label, name, pixels=pixels, code=code)
  if not isinstance(drawn, list) or not drawn:
    raise file_error(
      path,
      f'annotation {name!r} has no outline'
      + (', only a box' if one.get('bbox') else ''),
      'export it with its segmentation, or delete it',
    )
  # Each is a part of its own: COCO has no holes.
  parts = []
  for flat in drawn:
    if not isinstance(flat, list) or len(flat) % 2:
      flat = []
    parts.append(
      (polygon(list(zip(flat[::2], flat[1::2], strict=True)), name, path),)
    )
  return Shape(label, name, tuple(parts), code=code)


def _run_lengths(
  drawn: dict[str, Any],
  name: str,
  size: tuple[int, int] | None,
  path: str | os.PathLike,
) -> np.ndarray:
  """Pixels of runs down the columns, which begin with background."""
  try:
    height, width = drawn['size']
    counts = drawn['counts']
    runs = _unpacked(counts) if isinstance(counts, str) else counts
    runs = np.array(runs, np.int64)
    stated = image_size(height, width, path)
    whole = stated == (size or stated) and (runs >= 0).all()
    if not whole or runs.ndim != 1 or runs.sum() != height * width:
      raise ValueError(f'they are of {sum(runs)} pixels')
  except (KeyError, TypeError, ValueError, OverflowError) as error:
    raise file_error(
      path,
      f'the run lengths of annotation {name!r} do not fill its image ({error})',
      'export it again',
    ) from error
  marked = np.arange(len(runs)) % 2 > 0
  return np.repeat(marked, runs).reshape(width, height).T


def _unpacked(text: str) -> Sequence[int]:
  """COCO's compressed counts: five bits a character, then differences.

  References:
    rleFrString in maskApi.c of https://github.com/cocodataset/cocoapi
  """
  runs: list[int] = []
  value = shift = 0
  for character in text.encode('ascii'):
    bits = character - 48
    if not 0 <= bits < 64:
      raise ValueError(f'{chr(character)!r} is no part of them')
    value |= (bits & 0x1F) << shift
    shift += 5
    if bits & 0x20:
      continue
    if bits & 0x10:
      value -= 1 << shift
    runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    value = shift = 0
  return runs
