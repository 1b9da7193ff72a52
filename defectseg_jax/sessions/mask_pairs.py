"""Masks, and the micrographs that they are of."""

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.files import files_by_stem, image_files
from defectseg_jax.micrographs.image_names import place_of, without_place
from defectseg_jax.micrographs.labels_beside import masks_and_images
from defectseg_jax.micrographs.mask_files import (
  SUFFIXES,
  MaskFile,
  candidates,
  image_of_mask,
  mask_files,
  masks_of_images,
)
from defectseg_jax.micrographs.selection import choose_images, select_images
from defectseg_jax.sessions.corrections import without_taken


class Pairs(NamedTuple):
  """Masks and micrographs, by the same names.

  Attributes:
    masks: by the name of their micrograph, or their own without one.
    micrographs: by name; more or fewer than there are masks.
    remarks: what was passed over, a line for each reason.
    failures: why other files cannot be used, by name.
  """

  masks: Mapping[str, MaskFile]
  micrographs: Mapping[str, pathlib.Path]
  remarks: list[str]
  failures: dict[str, str]


def pair_masks(masks: Sequence[str], micrographs: Sequence[str]) -> Pairs:
  """Finds the files, and which belong together.

  Args:
    masks: files, folders and patterns. Images in a folder that lie beside
      their outlines, as LabelMe saves these, are the micrographs.
    micrographs: likewise; may be empty.

  Raises:
    InputError: a file is missing, two have the same name, or a mask has no
      micrograph though some are given.
  """
  failures: dict[str, str] = {}
  paths = image_files(masks, suffixes=SUFFIXES, refused=failures)
  paths, beside = masks_and_images(without_taken(paths))
  files = mask_files(paths, where='--input', refused=failures)
  if not files:
    raise InputError(next(iter(failures.values())))
  if micrographs:
    chosen, remarks, refused = select_images(micrographs, flag='--micrographs')
    pictures = files_by_stem(chosen, flag='--micrographs')
    files = _with_micrographs(files, pictures)
    return Pairs(files, pictures, remarks, {**refused, **failures})
  chosen, remarks, _ = choose_images(beside)
  pictures = files_by_stem(chosen)
  labelled = masks_of_images(files, pictures)
  unlabelled = [path.name for n, path in pictures.items() if n not in labelled]
  if unlabelled:
    remarks.append(f'Passed over, without labels: {", ".join(unlabelled)}.')
  alone = {
    name: mask
    for name, mask in files.items()
    if image_of_mask(name, pictures) is None
  }
  return Pairs(labelled | alone, pictures, remarks, failures)


def _with_micrographs(
  masks: Mapping[str, MaskFile], micrographs: dict[str, pathlib.Path]
) -> dict[str, MaskFile]:
  """Masks by the name of their micrograph, or of the image of a stack."""
  micrographs |= _frames_of(masks, micrographs)
  for name, mask in masks.items():
    # A file of many images may be of more than are there.
    if mask.entry is None and image_of_mask(name, micrographs) is None:
      raise InputError(
        f'{mask}: has no micrograph of the same name; add {name}.* to '
        '--micrographs, or leave that out'
      )
  found = masks_of_images(masks, micrographs)
  if not found:
    raise InputError(
      '--micrographs: no mask of --input is of any of them; the first mask is '
      f'of {next(iter(masks))}'
    )
  return found


def _frames_of(
  masks: Iterable[str], micrographs: Mapping[str, pathlib.Path]
) -> dict[str, pathlib.Path]:
  """Files of stacks, by the names of the images that masks are named after."""
  return {
    one: micrographs[without_place(one)]
    for name in masks
    for one in candidates(name)
    if place_of(one) is not None
    and one not in micrographs
    and without_place(one) in micrographs
  }
