"""Folders of Zarr, also OME-Zarr with its scale -> frames.

zarr need not be installed: it is imported only here. Its codecs can unpickle
what a file holds; only those that decode numbers are let in.

References:
  OME-NGFF 0.4 and 0.5, multiscales.
"""

import importlib
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from defectseg_jax.disk import irregular_in
from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats import signals
from defectseg_jax.micrographs.formats.frame import Frame, check_size

_METADATA = ('zarr.json', '.zarray', '.zgroup')
# Of Zarr 2 and of Zarr 3, and of numcodecs in either.
_CODECS = {
  *('blosc', 'gzip', 'zlib', 'zstd', 'lz4', 'bz2', 'lzma', 'deflate'),
  *('bytes', 'transpose', 'sharding_indexed', 'shuffle', 'delta'),
  *('bitround', 'fixedscaleoffset', 'quantize', 'packbits'),
  *('crc32', 'crc32c', 'adler32', 'fletcher32'),
}
_MOST_AXES = 5
_DAMAGED = 'copy or export it again'


def read_zarr(path: pathlib.Path) -> list[Frame]:
  """All images of a folder of Zarr.

  Args:
    path: of an array [H, W] or [frames, H, W], or of an OME-Zarr image, of
      which the level of full size is read, or of several (bioformats2raw).

  Returns:
    A frame for each image.

  Raises:
    InputError: zarr is not installed; it is no Zarr, or a plate; chunks were
      not written; it is packed by a codec that is not known; it has a link or
      a pipe in it; or it holds no image of real numbers with square pixels.
  """
  if not any((path / name).is_file() for name in _METADATA):
    raise file_error(
      path,
      f'it is a folder without any of {", ".join(_METADATA)}, and no Zarr',
      'name the folder of the image itself',
    )
  if wrong := irregular_in(path):
    raise file_error(path, wrong, 'copy the folder whole')
  zarr = _library(path)
  try:
    found = zarr.open(path, mode='r')
    if isinstance(found, zarr.Array):
      data_sets = [_plain(found, path)]
    else:
      data_sets = list(_images(found, path))
  except InputError:
    raise
  except Exception as error:
    # On damaged files zarr and its codecs raise exceptions of any kind.
    raise file_error(
      path,
      f'it is damaged, or no Zarr ({type(error).__name__}: {error})',
      _DAMAGED,
    ) from error
  return signals.image_frames(data_sets, path)


def _library(path: pathlib.Path) -> Any:
  try:
    return importlib.import_module('zarr')
  except ImportError as error:
    raise file_error(
      path,
      f'.zarr needs the package zarr, which cannot be imported ({error})',
      'install it (pip install -r requirements-microscopy.txt), or export the'
      ' image as TIFF',
    ) from error


def _images(group: Any, path: pathlib.Path) -> Iterator[dict[str, Any]]:
  attributes = dict(group.attrs)
  # From 0.5 on under a key of its own.
  attributes |= attributes.get('ome', {})
  if 'plate' in attributes or 'well' in attributes:
    raise file_error(
      path, 'it is a plate of many images', 'name the folder of one of them'
    )
  if 'bioformats2raw.layout' in attributes:
    # Images are called 0, 1, ...; beside them stands OME's metadata.
    names = sorted((name for name in group if name.isdecimal()), key=int)
    for name in names:
      yield from _images(group[name], path)
    return
  if 'multiscales' not in attributes:
    raise file_error(
      path,
      f'it is a group of Zarr without an image ({", ".join(sorted(group))})',
      'name the folder of an array in it',
    )
  for image in attributes['multiscales']:
    yield _multiscale(group, image, path)


def _multiscale(
  group: Any, image: Mapping[str, Any], path: pathlib.Path
) -> dict[str, Any]:
  """The level of full size, which is the first, and its scale."""
  level = image['datasets'][0]
  array = group[level['path']]
  scales = [1.0] * array.ndim
  for given in (level, image):
    for transformation in given.get('coordinateTransformations', ()):
      if transformation['type'] == 'scale':
        factors = transformation['scale']
        scales = [a * b for a, b in zip(scales, factors, strict=True)]
  axes = [
    {
      'name': axis['name'],
      'units': axis.get('unit', ''),
      'scale': scale,
      'navigate': axis['name'].lower() not in ('x', 'y'),
    }
    for axis, scale in zip(image['axes'], scales, strict=True)
  ]
  return {'data': _pixels(array, path), 'axes': axes, 'metadata': {}}


def _plain(array: Any, path: pathlib.Path) -> dict[str, Any]:
  if array.ndim not in (2, 3):
    raise file_error(
      path,
      f'its array has shape {array.shape}',
      'save grey pixels as [H, W] or [frames, H, W]',
    )
  axes = [
    {'name': '', 'units': '', 'scale': 1.0, 'navigate': index < array.ndim - 2}
    for index in range(array.ndim)
  ]
  return {'data': _pixels(array, path), 'axes': axes, 'metadata': {}}


def _pixels(array: Any, path: pathlib.Path) -> Any:
  if not 2 <= array.ndim <= _MOST_AXES:
    raise file_error(
      path, f'its array has shape {array.shape}', 'export one image'
    )
  check_size(path, height=array.shape[-2], width=array.shape[-1])
  unknown = set(_codecs(array.metadata.to_dict())) - _CODECS
  if unknown:
    raise file_error(
      path,
      f'it is packed by {", ".join(sorted(unknown))}',
      'save it with zstd, gzip or blosc, or uncompressed',
    )
  if array.nchunks_initialized < array.nchunks:
    # Zarr fills in zeros for them.
    raise file_error(
      path,
      f'{array.nchunks - array.nchunks_initialized} of its {array.nchunks}'
      ' chunks were not written',
      'copy it again, or write it with its empty chunks',
    )
  return array[...]


def _codecs(metadata: Any) -> Iterator[str]:
  """Names of all codecs, also of those within others."""
  if isinstance(metadata, Mapping):
    for key in ('codecs', 'index_codecs', 'filters', 'compressor'):
      given = metadata.get(key) or ()
      for codec in [given] if isinstance(given, Mapping) else given:
        name = str(codec.get('name', codec.get('id', '')))
        yield name.removeprefix('numcodecs.')
        yield from _codecs(codec.get('configuration', {}))
