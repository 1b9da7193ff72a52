"""A folder of labelled micrographs: images/, masks/ and perhaps splits.csv.

Everything that can be wrong with a folder is found here, and reported in one
line that names the file, before anything is written.
"""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping

import numpy as np

from defectseg_jax.datasets import regions
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import calibration_table
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.formats.rosettasciio import drop_emi_twins
from defectseg_jax.micrographs.image_names import (
  owners,
  row_of,
)
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import read_micrographs
from defectseg_jax.micrographs.selection import choose_images, files_in

COLUMNS = ('file', 'split', *calibration_table.COLUMNS)


@dataclasses.dataclass(frozen=True)
class LabelledFile:
  """The files of a micrograph and of its mask, with their line in splits.csv.

  Attributes:
    image: path of the micrograph.
    mask: path of the mask, of the same stem.
    split: train, dev or test; None where the micrograph is to be divided into
      all three.
    pixel_size_nm: overrides the file's own calibration; None if not given.
    thickness_nm: of the foil; None if not given.
  """

  image: pathlib.Path
  mask: pathlib.Path
  split: str | None = None
  pixel_size_nm: float | None = None
  thickness_nm: float | None = None


def labelled_files(folder: str | pathlib.Path) -> list[LabelledFile]:
  """The pairs of a folder, in the order of their names.

  Args:
    folder: has `images/` and `masks/`, with files of the same stem, and
      optionally `splits.csv` with columns `file,split` and, optionally, those
      of a calibration table. In images/, `choose_images` says what is taken.

  Returns:
    One entry for each image.

  Raises:
    InputError: a folder is missing or empty, an image has no mask or a mask no
      image, two files have the same stem, or splits.csv is wrong.

  Examples:
    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ('images', 'masks'):
    ...   (folder / name).mkdir()
    ...   (folder / name / 'foil.png').touch()
    >>> (file,) = labelled_files(folder)
    >>> file.image.name, file.split, file.thickness_nm
    ('foil.png', None, None)
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; set --config.data.dir to one that holds '
      'images/ and masks/'
    )
  images = _by_stem(choose_images(_files(folder / 'images')).paths)
  masks = _by_stem(_files(folder / 'masks'))
  for stem, path in images.items():
    if stem not in masks:
      raise InputError(
        f'{path}: has no mask; add masks/{stem}.png or take the image out'
      )
  for stem, path in masks.items():
    if stem not in images:
      raise InputError(
        f'{path}: has no image; add images/{stem}.* or take the mask out'
      )
  files = {
    path.name: LabelledFile(path, masks[stem]) for stem, path in images.items()
  }
  splits = folder / 'splits.csv'
  if splits.exists():
    files = _with_splits(files, splits)
  return [files[name] for name in sorted(files)]


def read_labelled(
  file: LabelledFile, *, rgb: str
) -> tuple[Micrograph, np.ndarray]:
  """The micrograph and its mask, checked against each other.

  Args:
    file: from `labelled_files`.
    rgb: what to do with colour, as in `read_micrographs`.

  Returns:
    The micrograph, and its mask, bool [H, W].

  Raises:
    InputError: a file cannot be read, holds several frames, is too small, or
      has pixels that are NaN or infinite; or the mask's size is not the
      micrograph's.
  """
  frames = read_micrographs(file.image, rgb=rgb)
  if len(frames) != 1:
    raise InputError(
      f'{file.image}: holds {len(frames)} frames; save the one that was '
      'labelled as a file of its own'
    )
  frames[0].require_complete(file.image)
  micrograph = dataclasses.replace(
    frames[0],
    pixel_size_nm=file.pixel_size_nm or frames[0].pixel_size_nm,
    thickness_nm=file.thickness_nm or frames[0].thickness_nm,
  )
  mask = read_mask(file.mask)
  if mask.shape != micrograph.pixels.shape:
    raise InputError(
      f'{file.mask}: {mask.shape[0]} x {mask.shape[1]} pixels, but its image '
      f'has {micrograph.pixels.shape[0]} x {micrograph.pixels.shape[1]}; save '
      'the mask at the size of the image'
    )
  height, width = mask.shape
  regions.require_size(height, width, file.image)
  return micrograph, mask


def passed_over(folder: str | pathlib.Path) -> list[str]:
  """What `labelled_files` leaves out of images/, a line for each reason."""
  return choose_images(_files(pathlib.Path(folder) / 'images')).remarks


def _files(folder: pathlib.Path) -> list[pathlib.Path]:
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; a folder source needs images/ and masks/'
    )
  files = drop_emi_twins(files_in(folder))
  if not files:
    raise InputError(f'{folder}: is empty; put the files there')
  return files


def _by_stem(paths: Iterable[pathlib.Path]) -> dict[str, pathlib.Path]:
  files = {}
  for path in paths:
    if path.stem in files:
      raise InputError(
        f'{path}: {files[path.stem].name} has the same stem; rename one of '
        'them, with its mask'
      )
    files[path.stem] = path
  return files


def _with_splits(
  files: Mapping[str, LabelledFile], path: pathlib.Path
) -> dict[str, LabelledFile]:
  """The files by name, each with its line in splits.csv."""
  table = read_csv(path, numbers=calibration_table.COLUMNS)
  unknown = [name for name in table.header if name not in COLUMNS]
  if unknown or table.header[:2] != list(COLUMNS[:2]):
    raise InputError(
      f'{path}: the header is {table.found}; it must be file,split and may go '
      f'on with {",".join(calibration_table.COLUMNS)} ({table.form})'
    )
  rows = calibration_table.rows_by_file(table, path)
  names = owners(file.image for file in files.values())
  row_of_file = {
    name: row_of(rows, file.image, file.image.stem, beside=names)
    for name, file in files.items()
  }
  for name, (_, where) in rows.items():
    if name not in row_of_file.values():
      raise InputError(
        f'{where}: {name} is not in images/; add the file or take the line out'
      )
  in_table = {}
  for name, of_file in row_of_file.items():
    if of_file is None:
      raise InputError(
        f'{path}: does not say which split {name} belongs to; add a line '
        f'{name},train (or dev, or test)'
      )
    in_table[name] = _with_row(files[name], *rows[of_file])
  for split in regions.SPLITS:
    if not any(file.split in (split, None) for file in in_table.values()):
      raise InputError(
        f'{path}: no file is in split {split}; train, dev and test need at '
        'least one each'
      )
  return in_table


def _with_row(
  file: LabelledFile, row: Mapping[str, str], where: str
) -> LabelledFile:
  split = row['split']
  if split not in (*regions.SPLITS, ''):
    raise InputError(
      f'{where}: split {split!r} of {row["file"]} is unknown; write train, dev '
      'or test, or nothing to divide it into all three'
    )
  known = calibration_table.calibration_of(row, where)
  return dataclasses.replace(
    file,
    split=split or None,
    pixel_size_nm=known.pixel_size_nm,
    thickness_nm=known.thickness_nm,
  )
