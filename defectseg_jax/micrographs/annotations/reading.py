"""A JSON file -> what was drawn, whichever program it is of."""

import functools
import os
import pathlib

from defectseg_jax.errors import file_error, open_error
from defectseg_jax.micrographs.annotations.shapes import Annotation
from defectseg_jax.micrographs.reader.pool import read_shapes
from defectseg_jax.micrographs.regular_files import size_to_read

SUFFIXES = ('.json', '.geojson')
# By eye: it takes some ten times as much memory.
_MOST_BYTES = 2**28


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
  return read_shapes(path)
