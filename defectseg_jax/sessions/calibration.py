"""Where an image's scale and thickness come from; never from a default."""

import dataclasses
import os
import pathlib
from collections.abc import Iterator, Mapping

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  Calibration,
  read_calibration_table,
)
from defectseg_jax.quantification.checks import require_positive
from defectseg_jax.quantification.plausibility import QualityWarning

# By eye, a relative difference: microscopes are calibrated to about 1%.
_DIFFERS_FROM = 0.01


@dataclasses.dataclass(frozen=True)
class Scale:
  """The scale of one image, and who stated it.

  Attributes:
    pixel_size_nm: side of a pixel; None where nobody states it.
    thickness_nm: of the foil; likewise.
    pixel_size_from, thickness_from: the flag, the table or the file; '' for
      nobody.
    warnings: a file that states another length than the user gave.
  """

  pixel_size_nm: float | None
  thickness_nm: float | None
  pixel_size_from: str
  thickness_from: str
  warnings: tuple[QualityWarning, ...] = ()


class Scales:
  """What the user said about the scales of all images.

  Attributes:
    object_diameter_nm: about how large the objects are; None if not said.

  Examples:
    >>> scales = Scales(pixel_size_nm=0.32, thickness_nm=177.0)
    >>> scale = scales.scale_of(pathlib.Path('foil.dm4'), {})
    >>> scale.pixel_size_nm, scale.thickness_from
    (0.32, '--thickness_nm')
  """

  def __init__(
    self,
    *,
    pixel_size_nm: float | None = None,
    thickness_nm: float | None = None,
    object_diameter_nm: float | None = None,
    table: str | os.PathLike[str] | None = None,
  ) -> None:
    """Reads the table.

    Args:
      pixel_size_nm: side of a pixel, of images that the table does not name;
        None where the flag is not given.
      thickness_nm: of the foil, likewise.
      object_diameter_nm: of the objects, about; None if unknown.
      table: a CSV that `read_calibration_table` reads; None for no table.

    Raises:
      InputError: a length is not above 0, or the table cannot be read.
    """
    self.object_diameter_nm = object_diameter_nm
    self._flags = Calibration(pixel_size_nm, thickness_nm)
    for name, value in self._flags._asdict().items():
      if value is not None:
        require_positive(value, f'--{name}')
    self._table: dict[str, Calibration] = {}
    self._table_path = None
    if table is not None:
      if not os.fspath(table):
        raise InputError(
          '--calibration: is empty; give the path of a CSV table with the '
          'columns file, pixel_size_nm, thickness_nm, or leave the flag out'
        )
      self._table_path = pathlib.Path(table).expanduser()
      self._table = read_calibration_table(self._table_path)

  @property
  def image_names(self) -> list[str]:
    """Images that the table names."""
    return list(self._table)

  def scale_of(
    self, path: pathlib.Path, stated: Mapping[str, Calibration]
  ) -> Scale:
    """The scale of an image: what the user gave, else what its files state.

    Args:
      path: of the image.
      stated: by file, the one to believe first.

    Returns:
      The scale; with a warning where a file states another length.

    Raises:
      InputError: the table and a flag contradict each other.
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
      found[name] = _first_stated(
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
      warnings=tuple(_warnings(found, stated)),
    )


def _first_stated(
  candidates: Mapping[str, float | None],
) -> tuple[float | None, str]:
  """The first length that somebody states, and who does."""
  for source, value in candidates.items():
    if value is not None:
      return value, source
  return None, ''


def _warnings(
  found: Mapping[str, tuple[float | None, str]],
  stated: Mapping[str, Calibration],
) -> Iterator[QualityWarning]:
  """One for each quantity, however many files state another value."""
  for name, (value, source) in found.items():
    for file, one in stated.items():
      other = getattr(one, name)
      if other is None or value is None:
        continue
      if abs(other / value - 1) > _DIFFERS_FROM:
        yield QualityWarning(
          'calibration_differs',
          f'{file} says {name}={other:g}, {source} says {value:g}: which is '
          'right?',
        )
        break
