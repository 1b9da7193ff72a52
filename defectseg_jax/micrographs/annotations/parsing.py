"""A JSON file -> what was drawn, in the process that may crash of it."""

import json
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

_FORMS = (
  (is_labelme, read_labelme),
  (is_coco, read_coco),
  (is_geojson, read_geojson),
  (is_via, read_via),
)


def parse_annotations(path: pathlib.Path) -> list[Annotation]:
  """What was drawn, an entry for each image of the file.

  Args:
    path: of the file.

  Raises:
    InputError: the file cannot be read, is of another form, or damaged.
  """
  try:
    content = json.loads(path.read_bytes())
  except OSError as error:
    raise open_error(path, error) from error
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
