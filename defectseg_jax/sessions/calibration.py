"""Where an image's scale and thickness come from; never from a default."""

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import (
  LENGTHS,
  UNCERTAINTIES,
  Calibration,
  read_calibration_table,
)
from defectseg_jax.micrographs.image_names import owners, row_of
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.quantification.checks import require_positive
from defectseg_jax.quantification.plausibility import QualityWarning

# By eye, a relative difference: microscopes are calibrated to about 1%.
_DIFFERS_FROM = 0.01
_MOST_NAMED = 10


@dataclasses.dataclass(frozen=True)
class Scale:
  """The scale of one image, and who stated it.

  Attributes:
    pixel_size_nm: side of a pixel; None where nobody states it.
    thickness_nm: of the foil; likewise.
    pixel_size_from, thickness_from: the flag, the table or the file; '' for
      nobody.
    pixel_size_uncertainty, thickness_uncertainty: relative standard
      uncertainties of this image's own, beside what all images share.
    time_s: when the image was taken, in a series; None where nobody says.
    warnings: a file that states another length than the user gave; a table that
      has no row of the image.
  """

  pixel_size_nm: float | None
  thickness_nm: float | None
  pixel_size_from: str
  thickness_from: str
  pixel_size_uncertainty: float = 0.0
  thickness_uncertainty: float = 0.0
  time_s: float | None = None
  warnings: tuple[QualityWarning, ...] = ()

  def settings(self, shared: MeasurementSettings) -> MeasurementSettings:
    """How the image is measured: with its own uncertainties, too."""
    return shared.with_own(
      pixel_size_uncertainty=self.pixel_size_uncertainty,
      thickness_uncertainty=self.thickness_uncertainty,
    )


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
    surface: bool = False,
    files: Sequence[pathlib.Path] = (),
  ) -> None:
    """Reads the table.

    Args:
      pixel_size_nm: side of a pixel, of images that the table does not name;
        None where the flag is not given.
      thickness_nm: of the foil, likewise.
      object_diameter_nm: of the objects, about; None if unknown.
      table: a CSV that `read_calibration_table` reads; None for no table.
      surface: whether images show surfaces, which have no thickness.
      files: of all images, so that a row that is the name of one is not taken
        for another's.

    Raises:
      InputError: a length is not above 0, the table cannot be read, or a
        surface has a thickness.
    """
    self.object_diameter_nm = object_diameter_nm
    self._flags = Calibration(pixel_size_nm, thickness_nm)
    self._owners = owners(files)
    for name in LENGTHS:
      if (value := getattr(self._flags, name)) is not None:
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
    self._lengths = LENGTHS[:1] if surface else LENGTHS
    if surface:
      self._require_no_thickness()

  def _require_no_thickness(self) -> None:
    rows = {f'{self._table_path}: {n}': row for n, row in self._table.items()}
    for where, known in {'--thickness_nm': self._flags, **rows}.items():
      if known.thickness_nm is not None:
        raise InputError(
          f'{where} has a thickness of {known.thickness_nm:g} nm, but '
          '--surface says that there is no foil; leave one of the two out'
        )

  def unused_rows(self, images: Iterable[tuple[pathlib.Path, str]]) -> str:
    """One line about rows of the table that are of no image.

    Args:
      images: file and name of all images, also of those that failed.

    Returns:
      The line; '' where every row is used.
    """
    used = {self._row_of(*image) for image in images}
    unused = [name for name in self._table if name not in used]
    return unused_rows_text(str(self._table_path), unused)

  def scale_of(
    self,
    path: pathlib.Path,
    stated: Mapping[str, Calibration],
    image: str | None = None,
  ) -> Scale:
    """The scale of an image: what the user gave, else what its files state.

    Args:
      path: of the image.
      stated: by file, the one to believe first.
      image: its name; None where it is that of the file.

    Returns:
      The scale; with a warning where a file states another length.

    Raises:
      InputError: the table and a flag contradict each other.
    """
    name = self._row_of(path, image or path.stem)
    row = Calibration() if name is None else self._table[name]
    found = {}
    for length in self._lengths:
      of_flag, of_table = (getattr(one, length) for one in (self._flags, row))
      if None not in (of_flag, of_table) and of_flag != of_table:
        raise InputError(
          f'{path}: --{length}={of_flag:g}, but {self._table_path} says '
          f'{of_table:g}; give one of the two'
        )
      found[length] = _first_stated(
        {
          str(self._table_path): of_table,
          f'--{length}': of_flag,
          **{file: getattr(one, length) for file, one in stated.items()},
        },
      )
    size, size_from = found['pixel_size_nm']
    depth, depth_from = found.get('thickness_nm', (None, ''))
    return Scale(
      pixel_size_nm=size,
      thickness_nm=depth,
      pixel_size_from=size_from,
      thickness_from=depth_from,
      **_own_uncertainties(found, row, stated),
      time_s=row.time_s,
      warnings=(
        *(self._without_row() if name is None else ()),
        *_warnings(found, stated),
      ),
    )

  def has_row(self, path: pathlib.Path, image: str) -> bool:
    """Whether the table has a row of an image.

    Args:
      path: of the image.
      image: its name.
    """
    return self._row_of(path, image) is not None

  def _row_of(self, path: pathlib.Path, image: str) -> str | None:
    return row_of(self._table, path, image, beside=self._owners)

  def _without_row(self) -> Iterator[QualityWarning]:
    """What a slip of the pen in the table looks like, from the image."""
    if self._table:
      yield QualityWarning(
        'not_in_calibration',
        f'{self._table_path} has no row of this image; scale and thickness are '
        "those of flags and of the image's file",
      )


def unused_rows_text(table: str, unused: Sequence[str]) -> str:
  """One line about rows of a table that are of no image; '' without any.

  Args:
    table: its path.
    unused: what the rows have as the name of their image.

  Examples:
    >>> unused_rows_text('scales.csv', ['foil_7.tif'])
    'scales.csv: 1 row is of no image of --input and was not used: foil_7.tif'
  """
  if not unused:
    return ''
  one, more = len(unused) == 1, len(unused) - _MOST_NAMED
  return (
    f'{table}: {len(unused)} {"row is" if one else "rows are"} of no image of '
    f'--input and {"was" if one else "were"} not used: '
    f'{", ".join(unused[:_MOST_NAMED])}' + (f' and {more} more' * (more > 0))
  )


def _own_uncertainties(
  found: Mapping[str, tuple[float | None, str]],
  row: Calibration,
  stated: Mapping[str, Calibration],
) -> dict[str, float]:
  """What the row says, else who states the length; 0 where neither does."""
  own = {}
  for length, name in zip(LENGTHS, UNCERTAINTIES, strict=True):
    _, source = found.get(length, (None, ''))
    known = (getattr(one, name) for one in (row, stated.get(source, row)))
    own[name] = next((value for value in known if value is not None), 0.0)
  return own


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
