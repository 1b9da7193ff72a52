"""A JSON file -> what was drawn, whichever program it is of."""

import functools
import json
import os
import pathlib

from defectseg_jax.errors import file_error, open_error
from defectseg_jax.micrographs.annotations.coco import is_coco, read_coco
from defectseg_jax.micrographs.annotations.geojson import (
  is_geojson,
  read_geojson,
)
from defectseg_jax.micrographs.annotations.labelme import (
  is_labelme,
  read_labelme,
)
from defectseg_jax.micrographs.annotations.shapes import Annotation
from defectseg_jax.micrographs.annotations.via import is_via, read_via
from defectseg_jax.micrographs.regular_files import size_to_read

SUFFIXES = ('.json', '.geojson')
# By eye: it takes some ten times as much memory.
_MOST_BYTES = 2**28

_FORMS = (
  (is_labelme, read_labelme),
  (is_coco, read_coco),
  (is_geojson, read_geojson),
  (is_via, read_via),
)


def read_annotations(path: str | os.PathLike) -> list[Annotation]:
  """Reads what was drawn, an entry for each image of the file.

  Args:
    path: JSON of LabelMe, COCO, VIA or QuPath (GeoJSON).

  Raises:
    InputError: the file cannot be read, is of another form, or damaged.
  """
  path = pathlib.Path(path)
  size = size_to_read(path)
  if size > _MOST_BYTES:
    raise file_error(
      path,
      f'it has {size} bytes, and {_MOST_BYTES} are read',
      'export fewer images into one file',
    )
  try:
    return _read(path, path.stat().st_mtime_ns, size)
  except OSError as error:
    raise open_error(path, error) from error


# A file may be of a thousand images, each of which asks for it. The time and
# the size are there so that one that was changed is read again.
@functools.lru_cache(maxsize=1)
def _read(path: pathlib.Path, mtime_ns: int, size: int) -> list[Annotation]:
  del mtime_ns, size
  try:
    content = json.loads(path.read_bytes())
  except (ValueError, RecursionError) as error:
    raise file_error(
      path, f'it is no JSON ({error})', 'export it again'
    ) from error
  for has_form, read in _FORMS:
    if has_form(content):
      try:
        return read(content, path)
      except (AttributeError, KeyError, TypeError) as error:
        raise file_error(
          path, f'it is damaged ({error!r})', 'export it again'
        ) from error
  raise file_error(
    path,
    'it is JSON, but not of LabelMe, COCO, VIA or QuPath (GeoJSON)',
    'export it in one of these forms, or as a mask in PNG or TIFF',
  )
