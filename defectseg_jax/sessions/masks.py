"""Masks that are to be measured, each with its micrograph and its scale."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  COLUMNS,
  Calibration,
  read_calibration_table,
)
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.files import files_by_stem, image_files
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import read_frames, read_micrographs
from defectseg_jax.sessions.calibration import Scale, Scales
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


def mask_images(
  masks: Sequence[str],
  micrographs: Sequence[str],
  *,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
  calibration: str | None,
  console: Console,
) -> list[MaskImage]:
  """Finds all files and scales, before anything is measured.

  Args:
    masks: files, folders and patterns. One folder with masks/ in it is taken as
      a folder to train on: its images/ and splits.csv are read too.
    micrographs: likewise; may be empty.
    pixel_size_nm, thickness_nm: as `Scales` takes them.
    calibration: a CSV, the table of `Scales`.
    console: told of lines of the table that name no mask.

  Returns:
    An entry for each mask.

  Raises:
    InputError: a file is missing, or a scale is stated nowhere.
  """
  given, micrographs, stated_by_table = _files_to_train_on(masks, micrographs)
  files = files_by_stem(without_taken(image_files(given)))
  pictures = {}
  if micrographs:
    pictures = files_by_stem(
      image_files(micrographs, flag='--micrographs'),
      flag='--micrographs',
    )
    _require_micrographs(files, pictures)
  scales = Scales(
    pixel_size_nm=pixel_size_nm, thickness_nm=thickness_nm, table=calibration
  )
  unused = [name for name in scales.image_names if name not in files]
  if unused:
    console.print(
      f'{escape(str(calibration))}: {len(unused)} of its lines name no mask of '
      f'--input, the first {escape(unused[0])}',
      soft_wrap=True,
    )
  found = []
  for name, path in files.items():
    stated, doubts = dict(stated_by_table.get(name, {})), {}
    for file in filter(None, (pictures.get(name), path)):
      frame = read_frames(file)[0]
      stated[str(file)] = Calibration(frame.pixel_size_nm)
      doubts[str(file)] = frame.scale_doubt
    scale = with_doubts(scales.scale_of(path, stated), doubts)
    found.append(MaskImage(name, path, pictures.get(name), scale))
  return found


def _files_to_train_on(
  masks: Sequence[str], micrographs: Sequence[str]
) -> tuple[Sequence[str], Sequence[str], dict[str, dict[str, Calibration]]]:
  """Masks, micrographs and, by image, the scale that splits.csv states.

  What was given is returned as it is, unless it is one folder to train on.
  """
  folder = pathlib.Path(masks[0]).expanduser()
  if len(masks) > 1 or not (folder / 'masks').is_dir():
    return masks, micrographs, {}
  if not micrographs and (folder / 'images').is_dir():
    micrographs = [str(folder / 'images')]
  splits, stated = folder / 'splits.csv', {}
  if splits.exists() and set(read_csv(splits).header) & set(COLUMNS):
    stated = {
      name: {str(splits): calibration}
      for name, calibration in read_calibration_table(splits).items()
    }
  return [str(folder / 'masks')], micrographs, stated


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
