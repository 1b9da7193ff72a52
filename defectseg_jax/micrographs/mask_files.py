"""Files of masks, under the names that labelling programs give them."""

import dataclasses
import functools
import pathlib
import re
from collections.abc import Iterable, Mapping

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import imagej_sets
from defectseg_jax.micrographs.annotations import reading as annotations
from defectseg_jax.micrographs.files import images_in
from defectseg_jax.micrographs.formats import SUFFIXES as IMAGE_SUFFIXES
from defectseg_jax.micrographs.image_names import (
  place_of,
  without_ome,
  without_place,
  without_suffix,
)

SUFFIXES: tuple[str, ...] = (
  *IMAGE_SUFFIXES,
  *annotations.SUFFIXES,
  *imagej_sets.SUFFIXES,
)
"""Lower-case suffixes of the files that masks are read from."""

# What programs add to the name of an image; docs/labels.md lists them.
_ADDED = re.compile(
  r'[-_ .](cp[-_ ]masks?|simple[-_ ]segmentation|object[-_ ]identities'
  r'|segmentations?|seg|masks?|labels?|labell?ed|lbl|labell?ing|annotations?'
  r'|annotated|roiset|rois?|outlines?|truth|gt|stardist|binary)$',
  re.IGNORECASE,
)
# Several programs may have had their turn, as in x_cp_masks_label.
_MOST_ADDED = 3
_BEFORE = re.compile(r'^(count[ _]masks?|masks?)[ _]of[ _]', re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class MaskFile:
  """Where the mask of an image is.

  Attributes:
    path: of the file.
    entry: the image's file name in a file of several images, as COCO's; None
      where the file is of one image, or a stack.
  """

  path: pathlib.Path
  entry: str | None = None

  @property
  def name(self) -> str:
    """What the mask is called: the file's stem, or that of its image."""
    return stem_of(self.entry) if self.entry else self.path.stem

  def __str__(self) -> str:
    return f'{self.path} ({self.entry})' if self.entry else str(self.path)


def mask_files(
  paths: Iterable[pathlib.Path],
  *,
  where: str,
  refused: dict[str, str] | None = None,
) -> dict[str, MaskFile]:
  """The masks that files hold, each once, by their names.

  Args:
    paths: of files; one of COCO or VIA holds the masks of many images.
    where: for messages: the flag or the folder that names them.
    refused: where to put, by its stem, why JSON cannot be read; without it,
      the first such file raises InputError.

  Raises:
    InputError: two masks have the same name, or JSON cannot be read.
  """
  found: dict[str, MaskFile] = {}
  for path in paths:
    try:
      masks = masks_of_file(path)
    except InputError as error:
      if refused is None:
        raise
      refused[path.stem] = str(error)
      continue
    for one in masks:
      if one.name in found:
        raise InputError(
          f'{where}: {found[one.name]} and {one} have the same name; rename '
          'one of them'
        )
      found[one.name] = one
  return _without_cellposes_own(found)


def _without_cellposes_own(masks: dict[str, MaskFile]) -> dict[str, MaskFile]:
  """What Cellpose keeps for itself is in what it exports beside it, too."""
  exported = {
    candidates(name)[-1]
    for name, one in masks.items()
    if not is_of_cellpose(one.path)
  }
  return {
    name: one
    for name, one in masks.items()
    if not (is_of_cellpose(one.path) and candidates(name)[-1] in exported)
  }


def masks_in(folder: pathlib.Path, *, flag: str) -> dict[str, MaskFile]:
  """The masks of a folder, by their names.

  Args:
    folder: files with other suffixes in it are ignored.
    flag: that named it, for messages.

  Raises:
    InputError: it has none, or two have the same name.
  """
  paths = images_in(folder, flag=flag, suffixes=SUFFIXES)
  return mask_files(paths, where=flag)


def masks_of_images(
  masks: Mapping[str, MaskFile], images: Mapping[str, pathlib.Path]
) -> dict[str, MaskFile]:
  """The mask of each image that has one.

  Full names come first; then names without what a labelling program adds.

  Args:
    masks: by name.
    images: by stem.

  Returns:
    By the image's stem.

  Raises:
    InputError: an image has two masks.

  Examples:
    >>> files = [pathlib.Path('masks') / f for f in ('a_cp_masks.tif', 'b.png')]
    >>> masks = mask_files(files, where='masks')
    >>> found = masks_of_images(masks, {n: pathlib.Path(n) for n in 'ab'})
    >>> found['a'].path.name, found['b'].path.name
    ('a_cp_masks.tif', 'b.png')
  """
  found: dict[str, MaskFile] = {}
  for name, mask in masks.items():
    image = image_of_mask(name, images)
    if image is None:
      continue
    if image in found:
      raise InputError(
        f'{found[image]} and {mask}: are both the mask of {image}; take one of '
        'them out of the folder'
      )
    found[image] = mask
  return found


def mask_of_image(
  masks: Mapping[str, MaskFile], name: str
) -> tuple[MaskFile, int | None] | None:
  """The mask of one image, wherever it is.

  Args:
    masks: by name, as `mask_files` gives them.
    name: of the image; z[1] is the second one of the file z, whose masks may be
      a stack too.

  Returns:
    The file, and which image of it; None for the only one. None if there is no
    mask.

  Raises:
    InputError: the image has two masks.

  Examples:
    >>> masks = mask_files([pathlib.Path('z_mask.tif')], where='masks')
    >>> file, place = mask_of_image(masks, 'z[1]')
    >>> file.name, place
    ('z_mask', 1)
    >>> mask_of_image(masks, 'y') is None
    True
  """
  found = masks_of_images(masks, {name: pathlib.Path(name)})
  if found:
    return found[name], None
  place = place_of(name)
  if place is None:
    return None
  stem = without_place(name)
  found = masks_of_images(masks, {stem: pathlib.Path(stem)})
  return (found[stem], place) if found else None


def image_of_mask(
  name: str, images: Mapping[str, pathlib.Path] | Iterable[str]
) -> str | None:
  """The image that a mask belongs to; None if there is no such image.

  Args:
    name: of the mask.
    images: stems, perhaps with their files.

  Examples:
    >>> image_of_mask('foil_Simple Segmentation', ['foil'])
    'foil'
    >>> image_of_mask('a_mask', ['a', 'a_mask'])
    'a_mask'
    >>> image_of_mask('foil', ['foil.ome'])
    'foil.ome'
  """
  stems = list(images)
  of_file = {}
  if isinstance(images, Mapping):
    of_file = {path.name: stem for stem, path in images.items()}
  for one in candidates(name):
    if one in stems:
      return one
    if one in of_file:
      return of_file[one]
    # A program may have kept the image's suffix: foil.tif_mask, foil.tif.json.
    if stem_of(one) != one and stem_of(one) in stems:
      return stem_of(one)
  # What programs write of foil.ome.tif they mostly call foil.png.
  short = {without_ome(stem): stem for stem in stems}
  for one in candidates(name):
    if without_ome(one) in short:
      return short[without_ome(one)]
  return None


def stem_of(name: str) -> str:
  """A file's name without folders, and without the suffix of an image."""
  # Annotations of Windows have other slashes.
  return without_suffix(re.split(r'[\\/]', name)[-1])


@functools.cache
def candidates(name: str) -> tuple[str, ...]:
  """The name; then without one thing after the other that was added.

  Args:
    name: of a mask.

  Examples:
    >>> candidates('foil_cp_masks')
    ('foil_cp_masks', 'foil')
  """
  found = [name]
  for pattern in (_BEFORE, *[_ADDED] * _MOST_ADDED):
    found.append(pattern.sub('', found[-1]))
  return tuple(dict.fromkeys(found))


def is_of_cellpose(path: pathlib.Path) -> bool:
  """Whether a file is Cellpose's own, which nobody else can read."""
  return path.name.endswith('_seg.npy')


def masks_of_file(path: pathlib.Path) -> list[MaskFile]:
  """The masks of one file: one, or those of all images of its JSON.

  Args:
    path: with one of `SUFFIXES`.

  Raises:
    InputError: it is JSON that cannot be read.
  """
  if path.suffix.lower() not in annotations.SUFFIXES:
    return [MaskFile(path)]
  return [
    MaskFile(path, one.image or None)
    for one in annotations.read_annotations(path)
  ]
