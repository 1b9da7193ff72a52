"""Are the pixels of an HDF5 file (.emd, .hspy) all in it?

HDF5 fills in zeros for what was never written, however large the array is said
to be, and may take the pixels from other files.
"""

import math
import mmap
import pathlib
import struct
from typing import Any

from defectseg_jax.errors import InputError, file_error

_DAMAGED = 'copy or export it again'
_ELSEWHERE = 'is in other files'
# Two of an image, and one that counts images.
_MOST_AXES = 3


def check_hdf5(path: pathlib.Path) -> None:
  """Looks at every array of pixels, before any is read.

  Args:
    path: the file.

  Raises:
    InputError: the file is no HDF5 file or is cut off, pixels were not written
      or are in another file, or an array has more axes than a stack of images.
  """
  # Not installed where nobody reads files of microscopes' own programs.
  import h5py

  _check_heaps(path)
  arrays = []

  def collect(name: str, item: Any) -> None:
    is_array = isinstance(item, h5py.Dataset) and item.ndim > 1
    if is_array and name.rpartition('/')[2].lower() == 'data':
      arrays.append((name, _fault(item), item.shape))
    elif isinstance(item, h5py.Dataset) and (item.is_virtual or item.external):
      # By a link it may have the name of one of pixels.
      arrays.append((name, _ELSEWHERE, ()))

  def collect_link(name: str, link: Any) -> None:
    if isinstance(link, h5py.ExternalLink):
      arrays.append((name, _ELSEWHERE, ()))

  try:
    with h5py.File(path, 'r') as file:
      file.visititems(collect)
      file.visititems_links(collect_link)
  except Exception as error:
    # On damaged files the C library reports errors of any kind.
    raise file_error(
      path, f'no HDF5 file, or damaged or cut off ({error})', _DAMAGED
    ) from error
  for name, fault, shape in arrays:
    if fault:
      raise file_error(path, f'its array {name} {fault}', _DAMAGED)
    if len(shape) > _MOST_AXES:
      raise file_error(
        path,
        f'its array {name} has {len(shape)} axes, {shape}',
        'export one image, or one stack of images',
      )


def _check_heaps(path: pathlib.Path) -> None:
  """Refuses a file in which HDF5's own library would loop for ever.

  The library goes through a heap of texts by the length of each. Where a part
  of the file was lost or a length changed, it may never come to the end.

  References:
    HDF5 File Format Specification, III.E Global Heap.
  """
  with (
    path.open('rb') as file,
    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
  ):
    # A signature, version 1, three zeros, and the size of all of it.
    start = content.find(b'GCOL\1\0\0\0')
    while 0 <= start <= len(content) - 16:
      (size,) = struct.unpack_from('<Q', content, start + 8)
      if start + size > len(content):
        raise _heap_error(path, start)
      _check_heap(content, start, start + size, path)
      start = content.find(b'GCOL\1\0\0\0', start + 1)


def _check_heap(
  content: mmap.mmap, start: int, end: int, path: pathlib.Path
) -> None:
  """Goes through the objects of a heap, which fill it to its end."""
  place = start + 16
  while place <= end - 16:
    number, _, length = struct.unpack_from('<HH4xQ', content, place)
    # Number 0 is what is left free, its header included, and the last.
    step = 16 + -(-length // 8) * 8 if number else length
    if step < 16 or place + step > end or (not number and place + step < end):
      raise _heap_error(path, place)
    place += step


def _heap_error(path: pathlib.Path, place: int) -> InputError:
  return file_error(
    path, f'damaged: its texts at byte {place} do not fit their heap', _DAMAGED
  )


def _fault(array: Any) -> str:
  """What is wrong with an array; '' where it is whole."""
  if array.is_virtual or array.external:
    return _ELSEWHERE
  if array.dtype.kind == 'O':
    return ''  # No pixels; refused as such when it is read.
  if array.chunks is None:
    written, needed = array.id.get_storage_size(), array.nbytes
  else:
    written = array.id.get_num_chunks()
    needed = math.prod(
      -(-side // chunk) for side, chunk in zip(array.shape, array.chunks)
    )
  return '' if written >= needed else 'was not written to the end'
