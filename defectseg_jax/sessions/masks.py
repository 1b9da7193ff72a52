"""Masks that are to be measured, each with its micrograph and its scale."""

import dataclasses
import pathlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  LENGTHS,
  Calibration,
  read_calibration_table,
)
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.formats import SUFFIXES as IMAGE_SUFFIXES
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.image_names import row_of, without_place
from defectseg_jax.micrographs.mask_files import (
  MaskFile,
  candidates,
  mask_of_image,
  masks_in,
)
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.sessions.calibration import (
  Scale,
  Scales,
  unused_rows_text,
)
from defectseg_jax.sessions.mask_pairs import pair_masks
from defectseg_jax.sessions.scale_doubts import with_doubts


@dataclasses.dataclass(frozen=True)
class MaskImage:
  """Files of one image, and its scale.

  Attributes:
    name: of the micrograph, or else of the mask, without a suffix; of a stack
      with the place of the image, as z[1].
    mask: where it is.
    micrograph: its file; None without a micrograph.
    scale: of both.
    place: of the image in its stack; None where there is only one.
    ignore: mask of what is not labelled; None where there is none.
    also: other names that its micrograph may have: without one, a labelling
      program may have added to the name of the mask.
  """

  name: str
  mask: MaskFile
  micrograph: pathlib.Path | None
  scale: Scale
  place: int | None = None
  ignore: MaskFile | None = None
  also: tuple[str, ...] = ()

  def names(self) -> list[str]:
    """All names of the image, its own first."""
    place = '' if self.place is None else f'[{self.place}]'
    return [self.name, *(one + place for one in self.also)]

  def known_as(self) -> list[tuple[pathlib.Path, str]]:
    """Files and names by which a person may call it, its own first."""
    if self.micrograph is not None:
      return [(self.micrograph, self.name)]
    path = self.mask.path
    return [
      (path.with_name(without_place(one) + path.suffix), one)
      for one in self.names()
    ]

  def is_named(self, names: Collection[str]) -> str | None:
    """The one of some names that is of it, as `row_of` finds it."""
    rows = (row_of(names, *one) for one in self.known_as())
    return next((row for row in rows if row is not None), None)

  def in_stack(self, count: int) -> 'list[MaskImage]':
    """Each image of the stack that this is of."""
    return [
      dataclasses.replace(self, name=f'{self.name}[{place}]', place=place)
      for place in range(count)
    ]


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
  """

  images: list[MaskImage]
  remarks: Sequence[str] = ()
  unused_rows: Sequence[str] = ()


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
    InputError: a file is missing, or a scale is stated nowhere.
  """
  given = _files_to_train_on(masks, micrographs)
  files, pictures, remarks = pair_masks(given.masks, given.micrographs)
  scales = Scales(
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
    table=calibration,
    surface=surface,
    files=[*(one.path for one in files.values()), *pictures.values()],
  )
  found = _images(files, pictures, scales, given)
  known_as = [one for _, one in found]
  used = {row_of(given.table, *one) for one in known_as}
  unused = [row for row in given.table if row not in used]
  lines = [
    scales.unused_rows(known_as),
    unused_rows_text(str(given.splits), unused),
  ]
  images = [image for image, _ in found]
  return MaskImages(images, remarks, [line for line in lines if line])


def _images(
  files: Mapping[str, MaskFile],
  pictures: Mapping[str, pathlib.Path],
  scales: Scales,
  given: _Given,
) -> list[tuple[MaskImage, tuple[pathlib.Path, str]]]:
  """All images, each with the file and name by which tables know it."""
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
    for image, pages in _images_of(one):
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
    str(file): read_frames(file)
    for file in (one.micrograph, one.mask.path)
    if file is not None and file.suffix.lower() in IMAGE_SUFFIXES
  }
  count = max(map(len, pages.values()), default=1)
  for place, image in enumerate([one] if count == 1 else one.in_stack(count)):
    yield (
      image,
      {file: of[min(place, len(of) - 1)] for file, of in pages.items()},
    )


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


def require_included(
  include: Collection[str], images: Sequence[MaskImage]
) -> None:
  """Refuses a name that is that of no mask.

  Args:
    include: names of images, as `name_in_table` makes them.
    images: that are measured.

  Raises:
    InputError: there is such a name.
  """
  used = {image.is_named(include) for image in images}
  for name in include:
    if name not in used:
      raise InputError(
        f'--include={name}: --input has no such mask; give its name as the '
        'table has it'
      )
