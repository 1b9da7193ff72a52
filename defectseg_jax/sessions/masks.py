"""Masks that are to be measured, each with its micrograph and its scale."""

import dataclasses
import pathlib
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  LENGTHS,
  Calibration,
  read_calibration_table,
)
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.formats import SUFFIXES as IMAGE_SUFFIXES
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.image_names import (
  name_in_table,
  place_of,
  row_of,
  without_place,
)
from defectseg_jax.micrographs.mask_files import (
  MaskFile,
  candidates,
  image_of_mask,
  mask_of_image,
  masks_in,
)
from defectseg_jax.micrographs.reading import iterate_frames
from defectseg_jax.sessions.calibration import (
  Scale,
  Scales,
  unused_rows_text,
)
from defectseg_jax.sessions.mask_image import MaskImage
from defectseg_jax.sessions.mask_pairs import pair_masks
from defectseg_jax.sessions.scale_doubts import with_doubts


@dataclasses.dataclass(frozen=True)
class _Given:
  """What is to be measured, and what is known of it, before it is opened."""

  masks: Sequence[str]
  micrographs: Sequence[str]
  splits: pathlib.Path | None = None
  table: Mapping[str, Calibration] = dataclasses.field(default_factory=dict)
  ignore: Mapping[str, MaskFile] = dataclasses.field(default_factory=dict)


class MaskImages(NamedTuple):
  """What is to be measured, and what was given beside it.

  Attributes:
    images: an entry for each mask.
    remarks: what of the micrographs was passed over.
    unused_rows: rows of tables that are of no mask, a line for each table.
    failures: why other masks cannot be used, by name.
  """

  images: list[MaskImage]
  remarks: Sequence[str] = ()
  unused_rows: Sequence[str] = ()
  failures: Mapping[str, str] = types.MappingProxyType({})


def mask_images(
  masks: Sequence[str],
  micrographs: Sequence[str],
  *,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  calibration: str | None,
  surface: bool = False,
) -> MaskImages:
  """Finds all files and scales, before anything is measured.

  Args:
    masks: files, folders and patterns. One folder with masks/ in it is taken as
      a folder to train on: its images/, splits.csv and ignore/ are read too, as
      valid/ is by `create_screening`.
    micrographs: likewise; may be empty.
    pixel_size_nm, thickness_nm: as `Scales` takes them.
    calibration: a CSV, the table of `Scales`.
    surface: whether the masks are of surfaces, which have no thickness.

  Returns:
    An entry for each mask, also for each of a stack, and what was not used.

  Raises:
    InputError: a file is missing, or a scale is stated twice.
  """
  given = _files_to_train_on(masks, micrographs)
  files, pictures, remarks, failures = pair_masks(
    given.masks, given.micrographs
  )
  scales = Scales(
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
    table=calibration,
    surface=surface,
    files=[*(one.path for one in files.values()), *pictures.values()],
  )
  found = _images(files, pictures, scales, given, failures)
  known_as = [one for _, one in found]
  used = {row_of(given.table, *one) for one in known_as}
  unused = [row for row in given.table if row not in used]
  lines = [
    scales.unused_rows(known_as),
    unused_rows_text(str(given.splits), unused),
  ]
  images = [image for image, _ in found if image is not None]
  remarks += _unused_ignore(given.ignore, images)
  lines = [line for line in lines if line]
  return MaskImages(images, remarks, lines, failures)


def _unused_ignore(
  ignore: Mapping[str, MaskFile], images: Sequence[MaskImage]
) -> Iterator[str]:
  """One line about masks of ignore/ that are of no image."""
  names = {name for image in images for name in image.names()}
  known = names | {without_place(name) for name in names}
  unused = [one for one in ignore if image_of_mask(one, known) is None]
  if unused:
    yield f'ignore/: no image has the name {", ".join(unused)}.'


def _images(
  files: Mapping[str, MaskFile],
  pictures: Mapping[str, pathlib.Path],
  scales: Scales,
  given: _Given,
  failures: dict[str, str],
) -> list[tuple[MaskImage | None, tuple[pathlib.Path, str]]]:
  """All images, each with the file and name by which tables know it.

  None where a file cannot be read: why, is added to the failures.
  """
  found = []
  for name, mask in files.items():
    also = [other for other in candidates(name)[1:] if other not in files]
    one = MaskImage(
      name,
      mask,
      pictures.get(name),
      Scale(None, None, '', ''),
      also=() if name in pictures else tuple(also),
    )
    ignored = (mask_of_image(given.ignore, other) for other in one.names())
    ignore = next((file for file, _ in filter(None, ignored)), None)
    one = dataclasses.replace(one, ignore=ignore)
    try:
      images = list(_images_of(one))
    except InputError as error:
      failures[name] = str(error)
      found.append((None, _in_tables(one, scales, given)))
      continue
    for image, pages in images:
      known = _in_tables(image, scales, given)
      scale = _scale_of(*known, pages, scales=scales, given=given)
      found.append((dataclasses.replace(image, scale=scale), known))
  return found


def _in_tables(
  image: MaskImage, scales: Scales, given: _Given
) -> tuple[pathlib.Path, str]:
  """File and name of an image, as a table may have them.

  Tables are of micrographs, and a program may have added to their names.
  """
  known = image.known_as()
  for path, one in known:
    if scales.has_row(path, one) or row_of(given.table, path, one):
      return path, one
  return known[0]


def _images_of(
  one: MaskImage,
) -> Iterator[tuple[MaskImage, dict[str, Frame]]]:
  """An entry for each image of a stack, and what stands there in its files.

  A stack beside a single image is found to be wrong where it is read.
  """
  pages = {
    str(file): list(_without_pixels(file))
    for file in (one.micrograph, one.mask.path)
    if file is not None and file.suffix.lower() in IMAGE_SUFFIXES
  }
  count = max(map(len, pages.values()), default=1)
  images = one.in_stack(count) if count > 1 else [one]
  if one.micrograph is not None and one.name != one.micrograph.stem:
    # A mask of one image of a stack, in a file of its own.
    place = place_of(one.name)
    images = [dataclasses.replace(one, place=place)]
  for image in images:
    place = image.place or 0
    yield (
      image,
      {file: of[min(place, len(of) - 1)] for file, of in pages.items()},
    )


def _without_pixels(file: pathlib.Path) -> Iterator[Frame]:
  for frame in iterate_frames(file):
    yield dataclasses.replace(frame, values=np.empty((0, 0)), palette=None)


def _scale_of(
  path: pathlib.Path,
  name: str,
  pages: Mapping[str, Frame],
  *,
  scales: Scales,
  given: _Given,
) -> Scale:
  """By the tables, and by what the image's files state."""
  stated = {}
  if row := row_of(given.table, path, name):
    stated[str(given.splits)] = given.table[row]
  for file, page in pages.items():
    stated[file] = Calibration(page.pixel_size_nm)
  doubts = {file: page.scale_doubt for file, page in pages.items()}
  return with_doubts(scales.scale_of(path, stated, name), doubts)


def folder_to_train_on(masks: Sequence[str]) -> pathlib.Path | None:
  """The folder that --input names, if it is one with masks/ in it."""
  folder = pathlib.Path(masks[0]).expanduser()
  if len(masks) > 1 or not (folder / 'masks').is_dir():
    return None
  return folder


def _files_to_train_on(
  masks: Sequence[str], micrographs: Sequence[str]
) -> _Given:
  """With what a folder to train on says; else what was given, as it is."""
  folder = folder_to_train_on(masks)
  if folder is None:
    return _Given(masks, micrographs)
  if not micrographs and (folder / 'images').is_dir():
    micrographs = [str(folder / 'images')]
  splits, table = folder / 'splits.csv', {}
  # It may have splits alone.
  if splits.exists() and set(read_csv(splits).header) & set(LENGTHS):
    table = read_calibration_table(splits)
  ignore: Mapping[str, MaskFile] = {}
  if (folder / 'ignore').is_dir():
    ignore = masks_in(folder / 'ignore', flag='--input')
  return _Given([str(folder / 'masks')], micrographs, splits, table, ignore)


def require_included(include: Collection[str], given: MaskImages) -> None:
  """Refuses a name that is that of no mask.

  Args:
    include: names of images, as `name_in_table` makes them.
    given: what is measured, and what cannot be.

  Raises:
    InputError: there is such a name.
  """
  used = {image.is_named(include) for image in given.images}
  used |= {name_in_table(name) for name in given.failures}
  for name in include:
    if name not in used:
      raise InputError(
        f'--include={name}: --input has no such mask; give its name as the '
        'table has it'
      )
