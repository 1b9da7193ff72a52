"""DigitalMicrograph's .dm5 -> frames, by h5py.

The tags of a .dm4 are groups and attributes of HDF5 here. RosettaSciIO does not
read them yet.

References:
  Gatan, *.dm5 documentation, gatan.com/dm5-documentation.
"""

import pathlib
import re
from typing import Any

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats import signals
from defectseg_jax.micrographs.formats.frame import Frame, check_size
from defectseg_jax.micrographs.formats.integrity import hdf5

_PLACE = re.compile(r'\[(\d+)\]')


def read_dm5(path: pathlib.Path) -> list[Frame]:
  """All images of a file but its thumbnails.

  Args:
    path: the file.

  Returns:
    A frame for each image.

  Raises:
    InputError: h5py is not installed; the file is damaged or cut off; or it
      holds no image of real numbers with square pixels.
  """
  try:
    import h5py
  except ImportError as error:
    raise file_error(
      path,
      f'.dm5 files need h5py, which cannot be imported ({error})',
      'install it (pip install -r requirements-microscopy.txt), or export the'
      ' image as TIFF',
    ) from error
  hdf5.check_hdf5(path)
  try:
    with h5py.File(path, 'r') as opened:
      file: Any = opened
      thumbnails = {
        int(one.attrs['ImageIndex'])
        for one in file.get('Thumbnails', {}).values()
      }
      images = {_place(name): one for name, one in file['ImageList'].items()}
      data_sets = [
        _data_set(images[place], path)
        for place in sorted(images)
        if place not in thumbnails
      ]
  except InputError:
    raise
  except Exception as error:
    # On damaged files the C library reports errors of any kind.
    raise file_error(
      path,
      f'it is damaged, or no file of DigitalMicrograph'
      f' ({type(error).__name__}: {error})',
      'copy or export it again',
    ) from error
  return signals.image_frames(data_sets, path, may_run_back=False)


def _data_set(image: Any, path: pathlib.Path) -> dict[str, Any]:
  """One image, as RosettaSciIO gives those of a .dm4."""
  data = image['ImageData/Data']
  if data.ndim > 1:
    check_size(path, height=data.shape[-2], width=data.shape[-1])
  dimensions = image['ImageData/Calibrations/Dimension']
  tags = image.get('ImageTags/Meta Data')
  kind = '' if tags is None else _text(tags.attrs.get('Signal', ''))
  # DigitalMicrograph counts x, y, z; the array has them in reverse.
  places = sorted(dimensions, key=_place, reverse=True)
  axes = [
    {
      'name': 'xyz'[_place(place)] if data.ndim <= 3 else '',
      'scale': float(dimensions[place].attrs['Scale']),
      'units': _text(dimensions[place].attrs.get('Units', '')),
      'navigate': _place(place) == 2,
    }
    for place in places
  ]
  return {
    'data': data[()],
    'axes': axes,
    'metadata': {'Signal': {'signal_type': kind}},
  }


def _place(name: str) -> int:
  """Of '[3]' the number."""
  match = _PLACE.fullmatch(name)
  if match is None:
    raise KeyError(name)
  return int(match[1])


def _text(value: Any) -> str:
  return value.decode('utf-8') if isinstance(value, bytes) else str(value)
