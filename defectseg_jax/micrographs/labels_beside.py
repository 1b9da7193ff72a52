"""Labels that lie in one folder with their images, as LabelMe saves them."""

import pathlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import imagej_sets
from defectseg_jax.micrographs.annotations import reading as annotations
from defectseg_jax.micrographs.formats import SUFFIXES
from defectseg_jax.micrographs.mask_files import (
  image_of_mask,
  is_of_cellpose,
  masks_of_file,
)
from defectseg_jax.micrographs.mask_values import binary_mask
from defectseg_jax.micrographs.object_ids import why_not_ids
from defectseg_jax.micrographs.reading import read_frames

OUTLINES: tuple[str, ...] = (*annotations.SUFFIXES, *imagej_sets.SUFFIXES)
"""Lower-case suffixes of labels that no image can have."""


class Sorted(NamedTuple):
  """Files of one folder or several, by what they are.

  Attributes:
    masks: of all kinds.
    images: that lie beside their labels, or beside others that do.
  """

  masks: list[pathlib.Path]
  images: list[pathlib.Path]


def masks_and_images(paths: Iterable[pathlib.Path]) -> Sorted:
  """Sorts the images out of folders that hold them and their outlines.

  Where outlines lie beside an image of their name, or what Cellpose keeps of
  it, every file of that folder is an image that is no mask: one that nobody
  labelled, too.

  Args:
    paths: of masks, and perhaps of images.

  Returns:
    Both, in the same order. Without such a folder, all are masks.
  """
  paths = list(paths)
  by_folder: dict[pathlib.Path, list[pathlib.Path]] = {}
  for path in paths:
    by_folder.setdefault(path.parent, []).append(path)
  images = set()
  for files in by_folder.values():
    pictures = [
      path
      for path in files
      if path.suffix.lower() in SUFFIXES and not is_of_cellpose(path)
    ]
    if outlines_of(files, {path.stem: path for path in pictures}):
      images |= {path for path in pictures if not is_mask(path)}
  return Sorted(
    [path for path in paths if path not in images],
    [path for path in paths if path in images],
  )


def outlines_of(
  files: Iterable[pathlib.Path], images: Mapping[str, pathlib.Path]
) -> list[pathlib.Path]:
  """Files of outlines that are of images, and what Cellpose keeps of them.

  Args:
    files: of all kinds.
    images: by stem.
  """
  return [
    path
    for path in files
    if (path.suffix.lower() in OUTLINES or is_of_cellpose(path))
    and any(image_of_mask(name, images) for name in _names_in(path))
  ]


def _names_in(path: pathlib.Path) -> list[str]:
  try:
    return [one.name for one in masks_of_file(path)]
  except InputError:
    # Why it cannot be read is said where it is to be read.
    return [path.stem]


def is_mask(path: pathlib.Path) -> bool:
  """Whether the values of an image are those of a mask.

  Args:
    path: of the image; one that cannot be read is none.
  """
  try:
    values = read_frames(path)[0].values
  except InputError:
    return False
  return binary_mask(values) is not None or not why_not_ids(values)
