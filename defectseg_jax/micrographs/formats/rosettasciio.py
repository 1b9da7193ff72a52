"""The files of microscopes' own programs -> frames, by RosettaSciIO.

RosettaSciIO is under the GPL-3.0 and need not be installed: it is imported only
here, when such a file is read.

The five of its readers that are used here were read: they parse with struct,
NumPy, h5py, json and ElementTree. They do not unpickle what a file holds (an
.hspy may have pickled functions in its metadata: they stay bytes), and they do
not open network connections.
"""

import dataclasses
import functools
import importlib
import pathlib
import re
import warnings
from collections.abc import Iterable
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats import signals
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.formats.integrity import hdf5, mrc, ser
from defectseg_jax.micrographs.formats.units import is_no_unit

_PLUGINS = {
  '.dm3': 'digitalmicrograph',
  '.dm4': 'digitalmicrograph',
  '.emd': 'emd',
  '.mrc': 'mrc',
  '.ser': 'tia',
  '.emi': 'tia',
  '.hspy': 'hspy',
}

SUFFIXES: tuple[str, ...] = tuple(_PLUGINS)
"""Lower-case suffixes of the files that are read here."""

_OPTIONS = {
  # Else data sets with the same beginning of their names would become one
  # stack, with the scale of the first.
  'emd': {'stack_group': False},
  # Else it would look for other files beside one that is called a movie.
  'mrc': {'metadata_file': None},
}

_DAMAGED = 'copy or export it again'


def read_microscope_file(path: pathlib.Path) -> list[Frame]:
  """All images of a file.

  An .emi file has no pixels; its images are those of the .ser files beside it.

  Args:
    path: the file; its suffix is one of SUFFIXES.

  Returns:
    A frame for each image.

  Raises:
    InputError: RosettaSciIO is not installed; the file is damaged or cut off;
      or it holds no image of real numbers with square pixels (a spectrum, a
      diffraction pattern, complex data).
  """
  suffix = path.suffix.lower()
  plugin = _plugin(_PLUGINS[suffix], path)
  header = None
  if suffix == '.mrc':
    header = mrc.check_mrc(path)
  elif suffix in ('.emd', '.hspy'):
    hdf5.check_hdf5(path)
  elif suffix == '.ser':
    ser.check_ser(path)
  elif suffix == '.emi':
    for beside in ser_files(path):
      ser.check_ser(beside)
  data_sets = _read(plugin, path, _OPTIONS.get(_PLUGINS[suffix], {}))
  if suffix == '.emi':
    _check_emi(path, len(data_sets))
  if suffix == '.emd':
    data_sets = _as_in_file(data_sets, path)
  if header is not None:
    return _mrc_frames(data_sets[0], header, path)
  if suffix in ('.dm3', '.dm4'):
    _mark_diffraction(data_sets)
    return signals.image_frames(data_sets, path, may_run_back=False)
  return signals.image_frames(data_sets, path)


def _mark_diffraction(data_sets: list[dict[str, Any]]) -> None:
  """Of DigitalMicrograph's images that nobody calibrated, the patterns.

  Where there is a unit, it tells; the mode may be that of another image, where
  microscope and camera did not talk to each other.
  """
  for data_set in data_sets:
    # RosettaSciIO gives each image's tags as those of the first.
    tags = data_set['original_metadata']
    for name in ('ImageList', 'TagGroup0', 'ImageTags', 'Microscope Info'):
      found = tags.get(name)
      tags = found if isinstance(found, dict) else {}
    # The mode of imaging is DIFFRACTION when scanning, too; this one is not.
    if tags.get('Operation Mode') == 'DIFFRACTION' and all(
      is_no_unit(str(axis['units'] or '')) for axis in data_set['axes']
    ):
      data_set['metadata']['Signal']['signal_type'] = 'diffraction'


def _mrc_frames(
  data_set: dict[str, Any], header: mrc.MrcHeader, path: pathlib.Path
) -> list[Frame]:
  """With what RosettaSciIO does not look at."""
  if header.signed_bytes:
    data_set['data'] = data_set['data'].view(np.int8)
  if not header.calibrated:
    # RosettaSciIO takes 1 nm for the pixels of a file that gives no size.
    for axis in data_set['axes']:
      axis['units'] = None
  frames = signals.image_frames([data_set], path)
  if header.doubt:
    frames = [
      dataclasses.replace(frame, scale_doubt=header.doubt) for frame in frames
    ]
  return frames


def _as_in_file(
  data_sets: list[dict[str, Any]], path: pathlib.Path
) -> list[dict[str, Any]]:
  """Data sets of Berkeley's EMD, turned round as they stand in the file.

  RosettaSciIO transposes those whose axes are counted from dim1 on. Where axes
  have names, `signals` finds rows and columns by them in either order; where
  they have none, h5py's order is what programs in Python wrote.
  """
  if not any('EMD_version' in one['original_metadata'] for one in data_sets):
    return data_sets
  import h5py

  def is_first(name: str, _: Any) -> str | None:
    return name if name.endswith('dim0') else None

  with h5py.File(path, 'r') as file:
    if file.visititems(is_first) is not None:
      return data_sets
  return [
    data_set
    | {'data': data_set['data'].T, 'axes': list(data_set['axes'])[::-1]}
    if 'EMD_version' in data_set['original_metadata']
    else data_set
    for data_set in data_sets
  ]


def ser_files(emi: pathlib.Path) -> list[pathlib.Path]:
  """The .ser files of an .emi file, which lie beside it: stem_1.ser, ..."""
  name = re.compile(re.escape(emi.stem) + r'_(\d+)\.ser', re.IGNORECASE)
  numbered = [
    (int(match[1]), path)
    for path in emi.parent.iterdir()
    if (match := name.fullmatch(path.name))
  ]
  return [path for _, path in sorted(numbered)]


def drop_emi_twins(paths: Iterable[pathlib.Path]) -> list[pathlib.Path]:
  """Leaves out every .emi file whose .ser files are there: the same images.

  The .ser files are kept, because each of them is one image, or one stack.

  Args:
    paths: of files.

  Returns:
    The others, in the same order.
  """
  paths = list(paths)
  there = set(paths)
  return [
    path
    for path in paths
    if path.suffix.lower() != '.emi' or there.isdisjoint(ser_files(path))
  ]


def _plugin(name: str, path: pathlib.Path) -> Any:
  try:
    return _load(name)
  except ImportError as error:
    raise file_error(
      path,
      f'{path.suffix} files need RosettaSciIO, which cannot be imported'
      f' ({error})',
      'install it (pip install -r requirements-microscopy.txt), or export the'
      ' image as TIFF',
    ) from error


@functools.cache
def _load(name: str) -> Any:
  plugin = importlib.import_module(f'rsciio.{name}')
  # Else it would log what is missing among metadata that are not used here.
  importlib.import_module('rsciio').set_log_level('CRITICAL')
  if name == 'digitalmicrograph':
    # Its own way to map pixels needs Dask, and is refused for some files.
    api: Any = importlib.import_module(f'rsciio.{name}._api')
    api.np = _MappingNumpy()
  return plugin


class _MappingNumpy:
  """NumPy, by which RosettaSciIO maps the pixels of .dm3 and .dm4.

  Whoever asked for the file reads them then (`reader.messages`), and they are
  not copied from process to process.
  """

  def __getattr__(self, name: str) -> Any:
    return getattr(np, name)

  @staticmethod
  def fromfile(file: IO[bytes], dtype: DTypeLike, count: int) -> np.ndarray:
    return np.memmap(file, dtype, mode='r', offset=file.tell(), shape=(count,))


def _read(
  plugin: Any, path: pathlib.Path, options: dict[str, Any]
) -> list[dict[str, Any]]:
  try:
    with warnings.catch_warnings():
      warnings.simplefilter('ignore')
      data_sets = plugin.file_reader(str(path), **options)
    # An .hspy file lists models that were fitted, too.
    return [data_set for data_set in data_sets if 'data' in data_set]
  except MemoryError as error:
    raise file_error(
      path,
      f'it is damaged, or larger than the memory of this machine ({error})',
      'copy it again, or export one image of it',
    ) from error
  except Exception as error:
    # On damaged files its parsers, and those that it calls, raise exceptions of
    # any kind, some of them derived from Exception itself. None of our code
    # runs inside.
    raise file_error(
      path,
      f'it is damaged, cut off, or of a kind that RosettaSciIO cannot read'
      f' ({type(error).__name__}: {error})',
      _DAMAGED,
    ) from error


def _check_emi(path: pathlib.Path, count: int) -> None:
  """Refuses the file if RosettaSciIO left out a .ser file without a word."""
  beside = ser_files(path)
  if not beside:
    raise file_error(
      path,
      f'its pixels are in {path.stem}_1.ser, which is not beside it',
      'put both into one folder',
    )
  if count != len(beside):
    raise file_error(
      path,
      f'{count} of the {len(beside)} .ser files beside it can be read',
      'name the .ser files themselves',
    )
