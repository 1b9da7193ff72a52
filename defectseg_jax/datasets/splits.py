"""splits.csv: which micrograph is for training, development or test.

The images of one file stay together: those of a stack mostly show the same
place, and a network that learnt from one would be tested on what it has seen.
"""

import pathlib
from collections.abc import Sequence
from typing import TypedDict

from defectseg_jax.datasets import regions
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import calibration_table
from defectseg_jax.micrographs.csv_files import read_csv
from defectseg_jax.micrographs.image_names import (
  owners,
  place_of,
  row_of,
  without_place,
)

COLUMNS = ('file', 'split', *calibration_table.COLUMNS)


class SplitRow(TypedDict):
  """What splits.csv says of a micrograph.

  Attributes:
    split: train, dev or test; None where it is to be divided into all three.
    pixel_size_nm, thickness_nm: None where they are not known.
  """

  split: str | None
  pixel_size_nm: float | None
  thickness_nm: float | None


def read_splits(
  path: pathlib.Path, images: Sequence[pathlib.Path]
) -> dict[str, SplitRow]:
  """The row of each micrograph.

  Args:
    path: of the table, with columns `file,split` and those of a calibration
      table.
    images: all micrographs of the folder.

  Returns:
    By name of the file.

  Raises:
    InputError: a column, a row or a split is missing or unknown, or a row is of
      no file, or of one image of a stack.
  """
  table = read_csv(path, numbers=calibration_table.COLUMNS)
  unknown = [name for name in table.header if name not in COLUMNS]
  if unknown or table.header[:2] != list(COLUMNS[:2]):
    raise InputError(
      f'{path}: the header is {table.found}; it must be file,split and may go '
      f'on with {",".join(calibration_table.COLUMNS)} ({table.form})'
    )
  rows = calibration_table.rows_by_file(table, path)
  names = owners(images)
  row_of_file = {
    image.name: row_of(rows, image, image.stem, beside=names)
    for image in images
  }
  for name, (_, where) in rows.items():
    if name not in row_of_file.values():
      raise InputError(f'{where}: {_why_of_none(name, names)}')
  found: dict[str, SplitRow] = {}
  for name, of_file in row_of_file.items():
    if of_file is None:
      raise InputError(
        f'{path}: does not say which split {name} belongs to; add a line '
        f'{name},train (or dev, or test)'
      )
    row, where = rows[of_file]
    known = calibration_table.calibration_of(row, where)
    found[name] = SplitRow(
      split=_split(row['split'], row['file'], where),
      pixel_size_nm=known.pixel_size_nm,
      thickness_nm=known.thickness_nm,
    )
  for split in regions.SPLITS:
    if not any(row['split'] in (split, None) for row in found.values()):
      raise InputError(
        f'{path}: no file is in split {split}; train, dev and test need at '
        'least one each'
      )
  return found


def _why_of_none(name: str, names: dict[str, str]) -> str:
  stem = without_place(name)
  if place_of(name) is not None and stem in names:
    return (
      f'{name} is one image of a stack, and the images of a stack stay in one '
      f'set, since they mostly show the same place; write one line {stem}, or '
      'save each image as a file of its own'
    )
  return f'{name} is not in images/; add the file or take the line out'


def _split(text: str, file: str, where: str) -> str | None:
  if text not in (*regions.SPLITS, ''):
    raise InputError(
      f'{where}: split {text!r} of {file} is unknown; write train, dev or '
      'test, or nothing to divide it into all three'
    )
  return text or None
