"""Regions of an image that a person drew: not labelled, or no specimen.

They stand in ignore/NAME.tif and valid/NAME.tif of the session's folder, where
training and `quantify` look for them, too. What the network sees does not
depend on them; what counts does.
"""

import pathlib

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import IGNORE, VALID, path_inside
from defectseg_jax.sessions.session_image import SessionImage


def drawn_regions(
  folder: SessionFolder, name: str, shape: tuple[int, ...]
) -> tuple[str, ...]:
  """Which files of regions a person drew of an image.

  Args:
    folder: of the session.
    name: of the image.
    shape: of the micrograph.

  Returns:
    `VALID` and `IGNORE`, as far as there are such files.

  Raises:
    InputError: one cannot be read, or is of another size.
  """
  found = []
  for kind in (VALID, IGNORE):
    file = f'{kind}/{name}.tif'
    path = path_inside(folder.path, file)
    if folder.overwrite or not path.is_file() or not folder.differs(file):
      continue
    has = read_mask(path).shape
    if has != shape:
      sizes = [' x '.join(map(str, one)) for one in (has, shape)]
      raise InputError(
        f'{path}: has {sizes[0]} pixels, but the micrograph has {sizes[1]}; '
        'move it out of the folder'
      )
    found.append(kind)
  return tuple(found)


def read_regions(
  folder: pathlib.Path, image: SessionImage
) -> tuple[np.ndarray | None, np.ndarray | None]:
  """Where an image shows specimen, and where it is labelled.

  Args:
    folder: of the session.
    image: of the session.

  Returns:
    bool [H, W] twice; None for everywhere.
  """
  files = image.region_files()
  valid, ignored = (
    read_mask(folder / files[kind]) if kind in files else None
    for kind in (VALID, IGNORE)
  )
  return valid, None if ignored is None else ~ignored
