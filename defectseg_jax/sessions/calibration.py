"""Where an image's scale and thickness come from; never from a default."""

import dataclasses
import pathlib
from collections.abc import Mapping

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  Calibration,
  read_calibration_table,
)
from defectseg_jax.quantification.checks import require_positive
from defectseg_jax.quantification.plausibility import QualityWarning

_DIFFERS_FROM = 0.01


@dataclasses.dataclass(frozen=True)
class Scale:
  """Of one image, and who said so.

  Attributes:
    pixel_size_nm: side of a pixel.
    thickness_nm: of the foil.
    pixel_size_from, thickness_from: the flag, the table or the file.
    warnings: a file that states another length than the user gave.
  """

  pixel_size_nm: float
  thickness_nm: float
  pixel_size_from: str
  thickness_from: str
  warnings: tuple[QualityWarning, ...] = ()


class Scales:
  """What the user said of all images."""

  def __init__(
    self,
    *,
    pixel_size_nm: float | None,
    thickness_nm: float | None,
    table: pathlib.Path | None,
  ):
    """Reads the table.

    Args:
      pixel_size_nm, thickness_nm: flags, of images of which the table says
        nothing; None where they are not given.
      table: `read_calibration_table` reads it; None for none.

    Raises:
      InputError: a flag is not above 0, or the table is wrong.
    """
    self._flags = Calibration(pixel_size_nm, thickness_nm)
    for name, value in self._flags._asdict().items():
      if value is not None:
        require_positive(value, f'--{name}')
    self._table = {} if table is None else read_calibration_table(table)
    self._table_path = table

  @property
  def named(self) -> list[str]:
    """Images that the table names."""
    return list(self._table)

  def of(self, path: pathlib.Path, stated: Mapping[str, Calibration]) -> Scale:
    """The scale of an image: the user's word, else what its files state.

    Args:
      path: of the image.
      stated: by file, the one to believe first.

    Returns:
      The scale; with a doubt where a file states another.

    Raises:
      InputError: one of the two is known to nobody, or the table and a flag
        contradict each other.
    """
    row = self._table.get(path.stem, Calibration())
    found = {}
    for name, of_flag in self._flags._asdict().items():
      of_table = getattr(row, name)
      if None not in (of_flag, of_table) and of_flag != of_table:
        raise InputError(
          f'{path}: --{name}={of_flag:g}, but {self._table_path} says '
          f'{of_table:g}; give one of the two'
        )
      found[name] = _first(
        path,
        name,
        {
          str(self._table_path): of_table,
          f'--{name}': of_flag,
          **{file: getattr(one, name) for file, one in stated.items()},
        },
      )
    size, size_from = found['pixel_size_nm']
    depth, depth_from = found['thickness_nm']
    return Scale(
      pixel_size_nm=size,
      thickness_nm=depth,
      pixel_size_from=size_from,
      thickness_from=depth_from,
      warnings=tuple(_differing(found, stated)),
    )


def _first(path, name, candidates):
  for source, value in candidates.items():
    if value is not None:
      return value, source
  raise InputError(
    f'{path}: {name} is not known; give --{name}, or --calibration with a CSV '
    f'of file,{name}'
  )


def _differing(found, stated):
  """One doubt for each quantity, however many files say so."""
  for name, (value, source) in found.items():
    for file, one in stated.items():
      other = getattr(one, name)
      if other is not None and abs(other / value - 1) > _DIFFERS_FROM:
        yield QualityWarning(
          'calibration_differs',
          f'{file} says {name}={other:g}, {source} says {value:g}: which is '
          'right?',
        )
        break
