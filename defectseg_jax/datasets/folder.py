"""A folder of the user's: images/, masks/ and, if given, splits.csv.

Everything that can be wrong with a folder is found here, and said in one line
that names the file, before anything is written.
"""

import dataclasses
import pathlib

import numpy as np

from defectseg_jax.datasets import regions
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import calibration_table
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.formats.rosettasciio import drop_emi_twins
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import read_micrographs

COLUMNS = ('file', 'split', *calibration_table.COLUMNS)


@dataclasses.dataclass(frozen=True)
class LabelledFile:
  """A micrograph's file, its mask's, and what splits.csv says of it.

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
      optionally `splits.csv` with columns `file,split` and, optionally,
      `pixel_size_nm,thickness_nm`.

  Returns:
    One entry for each image.

  Raises:
    InputError: a folder is missing or empty, an image has no mask or a mask no
      image, two files share a stem, or splits.csv is wrong.
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; set --config.data.dir to one that holds '
      'images/ and masks/'
    )
  images = _files_by_stem(folder / 'images')
  masks = _files_by_stem(folder / 'masks')
  for stem, path in images.items():
    if stem not in masks:
      raise InputError(
        f'{path}: has no mask; add masks/{stem}.png or take the image out'
      )
  for stem, path in masks.items():
    if stem not in images:
      raise InputError(
        f'{path}: is the mask of no image; add images/{stem}.* or take the '
        'mask out'
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
      the mask's size is not the micrograph's.
  """
  frames = read_micrographs(file.image, rgb=rgb)
  if len(frames) != 1:
    raise InputError(
      f'{file.image}: holds {len(frames)} frames; save the one that was '
      'labelled as a file of its own'
    )
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
  regions.require_size(*mask.shape, file.image)
  return micrograph, mask


def _files_by_stem(folder):
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; a folder source needs images/ and masks/'
    )
  files = {}
  for path in drop_emi_twins(sorted(folder.iterdir())):
    # What file browsers leave behind is nobody's micrograph.
    if path.name.startswith('.') or path.name in ('Thumbs.db', 'desktop.ini'):
      continue
    if path.stem in files:
      raise InputError(
        f'{path}: {files[path.stem].name} has the same stem; rename one of '
        'them, with its mask'
      )
    files[path.stem] = path
  if not files:
    raise InputError(f'{folder}: is empty; put the files there')
  return files


def _with_splits(files, path):
  header, rows = read_csv(path)
  unknown = [name for name in header if name not in COLUMNS]
  if unknown or header[:2] != list(COLUMNS[:2]):
    raise InputError(
      f'{path}: the header is {",".join(header) or "missing"}; it must be '
      'file,split and may go on with pixel_size_nm,thickness_nm'
    )
  placed = {}
  for line, row in enumerate(rows, start=2):
    placed_file = _row(row, files, placed, f'{path} line {line}')
    placed[placed_file.image.name] = placed_file
  for name in files:
    if name not in placed:
      raise InputError(
        f'{path}: does not say which split {name} belongs to; add a line '
        f'{name},train (or dev, or test)'
      )
  for split in regions.SPLITS:
    if not any(file.split in (split, None) for file in placed.values()):
      raise InputError(
        f'{path}: no file is in split {split}; train, dev and test need at '
        'least one each'
      )
  return placed


def _row(row, files, placed, where):
  name, split = row['file'], row['split']
  if name not in files:
    raise InputError(
      f'{where}: {name} is not in images/; add the file or take the line out'
    )
  if name in placed:
    raise InputError(f'{where}: {name} stands here twice; keep one line')
  if split not in (*regions.SPLITS, ''):
    raise InputError(
      f'{where}: split {split!r} of {name} is unknown; write train, dev or '
      'test, or nothing to divide it into all three'
    )
  calibration = calibration_table.calibration_of(row, where)
  return dataclasses.replace(
    files[name], split=split or None, **calibration._asdict()
  )
