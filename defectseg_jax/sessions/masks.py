"""Masks that are to be measured, each with its micrograph and its scale."""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence

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
from defectseg_jax.micrographs.formats import SUFFIXES as IMAGE_SUFFIXES
from defectseg_jax.micrographs.mask_files import (
  SUFFIXES,
  MaskFile,
  image_of_mask,
  mask_files,
  mask_of_image,
  masks_in,
  masks_of_images,
)
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.sessions.calibration import Scale, Scales
from defectseg_jax.sessions.corrections import without_taken
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
  """

  name: str
  mask: MaskFile
  micrograph: pathlib.Path | None
  scale: Scale
  place: int | None = None
  ignore: MaskFile | None = None

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
  stated: Mapping[str, Mapping[str, Calibration]] = dataclasses.field(
    default_factory=dict
  )
  ignore: Mapping[str, MaskFile] = dataclasses.field(default_factory=dict)


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
      a folder to train on: its images/, splits.csv and ignore/ are read too, as
      valid/ is by `create_screening`.
    micrographs: likewise; may be empty.
    pixel_size_nm, thickness_nm: as `Scales` takes them.
    calibration: a CSV, the table of `Scales`.
    console: told of lines of the table that name no mask.

  Returns:
    An entry for each mask, also for each of a stack.

  Raises:
    InputError: a file is missing, or a scale is stated nowhere.
  """
  given = _files_to_train_on(masks, micrographs)
  paths = without_taken(image_files(given.masks, suffixes=SUFFIXES))
  files, pictures = mask_files(paths, where='--input'), {}
  if given.micrographs:
    pictures = files_by_stem(
      image_files(given.micrographs, flag='--micrographs'),
      flag='--micrographs',
    )
    files = _with_micrographs(files, pictures)
  scales = Scales(
    pixel_size_nm=pixel_size_nm, thickness_nm=thickness_nm, table=calibration
  )
  found, used = [], set()
  for name, mask in files.items():
    in_table = image_of_mask(name, scales.image_names) or name
    used.add(in_table)
    stated, doubts, count = _stated(
      given.stated.get(name, {}), (pictures.get(name), mask.path)
    )
    path = mask.path.with_name(in_table + mask.path.suffix)
    scale = with_doubts(scales.scale_of(path, stated), doubts)
    ignore = mask_of_image(given.ignore, name)
    one = MaskImage(
      name,
      mask,
      pictures.get(name),
      scale,
      ignore=ignore and ignore[0],
    )
    found += [one] if count == 1 else one.in_stack(count)
  _tell_unused(calibration, scales, used, console)
  return found


def _stated(
  stated: Mapping[str, Calibration], files: Iterable[pathlib.Path | None]
) -> tuple[dict[str, Calibration], dict[str, str], int]:
  """The scales that files state, doubts of them, and how many images they hold.

  A stack beside a single image is found to be wrong where it is read.
  """
  found, doubts, count = dict(stated), {}, 1
  for file in files:
    if file is not None and file.suffix.lower() in IMAGE_SUFFIXES:
      frames = read_frames(file)
      count = max(count, len(frames))
      found[str(file)] = Calibration(frames[0].pixel_size_nm)
      doubts[str(file)] = frames[0].scale_doubt
  return found, doubts, count


def _tell_unused(
  calibration: str | None, scales: Scales, used: set[str], console: Console
) -> None:
  unused = [name for name in scales.image_names if name not in used]
  if unused:
    console.print(
      f'{escape(str(calibration))}: {len(unused)} of its lines name no mask of '
      f'--input, the first {escape(unused[0])}',
      soft_wrap=True,
    )


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
  splits, stated = folder / 'splits.csv', {}
  if splits.exists() and set(read_csv(splits).header) & set(COLUMNS):
    stated = {
      name: {str(splits): calibration}
      for name, calibration in read_calibration_table(splits).items()
    }
  ignore: Mapping[str, MaskFile] = {}
  if (folder / 'ignore').is_dir():
    ignore = masks_in(folder / 'ignore', flag='--input')
  return _Given([str(folder / 'masks')], micrographs, stated, ignore)


def _with_micrographs(
  masks: Mapping[str, MaskFile], micrographs: Mapping[str, pathlib.Path]
) -> dict[str, MaskFile]:
  """Masks by the name of their micrograph."""
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
