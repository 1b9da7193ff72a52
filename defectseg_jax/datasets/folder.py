"""A folder of labelled micrographs: images/, masks/ and perhaps splits.csv.

Everything that can be wrong with a folder is found here, and reported in one
line that names the file, before anything is written.
"""

import dataclasses
import pathlib
from collections.abc import Mapping

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
      optionally `splits.csv` with columns `file,split` and, optionally,
      `pixel_size_nm,thickness_nm`.

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


def _files_by_stem(folder: pathlib.Path) -> dict[str, pathlib.Path]:
  if not folder.is_dir():
    raise InputError(
      f'{folder}: no such folder; a folder source needs images/ and masks/'
    )
  files = {}
  for path in drop_emi_twins(sorted(folder.iterdir())):
    # Files that file browsers leave behind are no micrographs.
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


def _with_splits(
  files: Mapping[str, LabelledFile], path: pathlib.Path
) -> dict[str, LabelledFile]:
  """The files by name, each with its line in splits.csv."""
  header, rows = read_csv(path)
  unknown = [name for name in header if name not in COLUMNS]
  if unknown or header[:2] != list(COLUMNS[:2]):
    raise InputError(
      f'{path}: the header is {",".join(header) or "missing"}; it must be '
      'file,split and may go on with pixel_size_nm,thickness_nm'
    )
  in_table: dict[str, LabelledFile] = {}
  for line, row in enumerate(rows, start=2):
    where = f'{path} line {line}'
    if row['file'] in in_table:
      raise InputError(
        f'{where}: {row["file"]} stands here twice; keep one line'
      )
    in_table[row['file']] = _file_of_row(row, files, where)
  for name in files:
    if name not in in_table:
      raise InputError(
        f'{path}: does not say which split {name} belongs to; add a line '
        f'{name},train (or dev, or test)'
      )
  for split in regions.SPLITS:
    if not any(file.split in (split, None) for file in in_table.values()):
      raise InputError(
        f'{path}: no file is in split {split}; train, dev and test need at '
        'least one each'
      )
  return in_table


def _file_of_row(
  row: Mapping[str, str], files: Mapping[str, LabelledFile], where: str
) -> LabelledFile:
  name, split = row['file'], row['split']
  if name not in files:
    raise InputError(
      f'{where}: {name} is not in images/; add the file or take the line out'
    )
  if split not in (*regions.SPLITS, ''):
    raise InputError(
      f'{where}: split {split!r} of {name} is unknown; write train, dev or '
      'test, or nothing to divide it into all three'
    )
  calibration = calibration_table.calibration_of(row, where)
  return dataclasses.replace(
    files[name], split=split or None, **calibration._asdict()
  )
