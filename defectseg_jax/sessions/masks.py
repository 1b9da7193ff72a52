"""Masks that are to be measured, each with its micrograph and its scale."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  LENGTHS,
  Calibration,
  read_calibration_table,
)
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.files import files_by_stem, image_files
from defectseg_jax.micrographs.image_names import row_of
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import read_frames, read_micrographs
from defectseg_jax.micrographs.selection import select_images
from defectseg_jax.sessions.calibration import (
  Scale,
  Scales,
  unused_rows_text,
)
from defectseg_jax.sessions.corrections import without_taken
from defectseg_jax.sessions.scale_doubts import with_doubts


@dataclasses.dataclass(frozen=True)
class MaskImage:
  """Files of one image, and its scale.

  Attributes:
    name: of the mask's file, without its suffix.
    mask: its path.
    micrograph: of the same name; None without a micrograph.
    scale: of both.
  """

  name: str
  mask: pathlib.Path
  micrograph: pathlib.Path | None
  scale: Scale


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
      a folder to train on: its images/ and splits.csv are read too.
    micrographs: likewise; may be empty.
    pixel_size_nm, thickness_nm: as `Scales` takes them.
    calibration: a CSV, the table of `Scales`.
    surface: whether the masks are of surfaces, which have no thickness.

  Returns:
    An entry for each mask, and what was not used.

  Raises:
    InputError: a file is missing, or a scale is stated nowhere.
  """
  given, micrographs, splits = _files_to_train_on(masks, micrographs)
  files = files_by_stem(without_taken(image_files(given)))
  pictures, remarks = {}, []
  if micrographs:
    paths, remarks = select_images(micrographs, flag='--micrographs')
    pictures = files_by_stem(paths, flag='--micrographs')
    _require_micrographs(files, pictures)
  scales = Scales(
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
    table=calibration,
    surface=surface,
    files=[*files.values(), *pictures.values()],
  )
  table = _table_of(splits)
  row_of_mask = {
    name: row_of(table, path, name) for name, path in files.items()
  }
  found = []
  for name, path in files.items():
    stated, doubts, row = {}, {}, row_of_mask[name]
    if row is not None:
      stated[str(splits)] = table[row]
    for file in filter(None, (pictures.get(name), path)):
      frame = read_frames(file)[0]
      stated[str(file)] = Calibration(frame.pixel_size_nm)
      doubts[str(file)] = frame.scale_doubt
    scale = with_doubts(scales.scale_of(path, stated), doubts)
    found.append(MaskImage(name, path, pictures.get(name), scale))
  unused = [row for row in table if row not in row_of_mask.values()]
  lines = [
    scales.unused_rows((path, name) for name, path in files.items()),
    unused_rows_text(str(splits), unused),
  ]
  return MaskImages(found, remarks, [line for line in lines if line])


def _files_to_train_on(
  masks: Sequence[str], micrographs: Sequence[str]
) -> tuple[Sequence[str], Sequence[str], pathlib.Path | None]:
  """Masks, micrographs and splits.csv, if there is one.

  What was given is returned as it is, unless it is one folder to train on.
  """
  folder = pathlib.Path(masks[0]).expanduser()
  if len(masks) > 1 or not (folder / 'masks').is_dir():
    return masks, micrographs, None
  if not micrographs and (folder / 'images').is_dir():
    micrographs = [str(folder / 'images')]
  splits = folder / 'splits.csv'
  return (
    [str(folder / 'masks')],
    micrographs,
    splits if splits.exists() else None,
  )


def _table_of(splits: pathlib.Path | None) -> dict[str, Calibration]:
  """What splits.csv states of images; nothing if it has splits alone."""
  if splits is None or not set(read_csv(splits).header) & set(LENGTHS):
    return {}
  return read_calibration_table(splits)


def _require_micrographs(
  masks: Mapping[str, pathlib.Path], micrographs: Mapping[str, pathlib.Path]
) -> None:
  for name, path in masks.items():
    if name not in micrographs:
      raise InputError(
        f'{path}: has no micrograph of the same name; add {name}.* to '
        '--micrographs, or leave that out'
      )


def require_included(
  include: Sequence[str], images: Sequence[MaskImage]
) -> None:
  """Refuses a name that is that of no mask.

  Args:
    include: names of images.
    images: that are measured.

  Raises:
    InputError: there is such a name.
  """
  names = {image.name for image in images}
  for name in include:
    if name not in names:
      raise InputError(
        f'--include={name}: --input has no such mask; give its name as the '
        'table has it'
      )


def labelled_micrograph(
  image: MaskImage, shape: tuple[int, int], *, rgb: str
) -> Micrograph | None:
  """The micrograph of a mask; None without a micrograph.

  Args:
    image: whose micrograph.
    shape: of the mask.
    rgb: what to do with colour, as in `read_micrographs`.

  Raises:
    InputError: it cannot be read, is a stack, or is of another shape.
  """
  if image.micrograph is None:
    return None
  frames = read_micrographs(image.micrograph, rgb=rgb)
  if len(frames) != 1 or frames[0].pixels.shape != shape:
    what = (
      f'{len(frames)} frames'
      if len(frames) != 1
      else ' x '.join(map(str, frames[0].pixels.shape)) + ' pixels'
    )
    raise InputError(
      f'{image.micrograph}: has {what}, but {image.mask} has '
      f'{shape[0]} x {shape[1]} pixels; give the image that was labelled'
    )
  return frames[0]
