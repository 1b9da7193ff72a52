"""Masks that a person or a program drew, checked."""

import os

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.grey import grey_values
from defectseg_jax.micrographs.object_ids import (
  ObjectMask,
  objects_of_ids,
  why_not_ids,
)
from defectseg_jax.micrographs.reading import read_frames

_FOREGROUNDS = (1, 255, 65535)
_VALUES_NAMED = 8


def read_mask(path: str | os.PathLike) -> np.ndarray:
  """Reads a mask: what is not zero is defect.

  Two values are accepted, or one of them alone (no defect, all defect): 0 and
  1, 0 and 255, 0 and 65535, False and True. Of a palette the indices count if
  they are such a pair, because labelling programs count by them and the colours
  are decoration; else the colours count, if they are black and white.

  For the same reason a TIFF that says white is zero is not turned round: ImageJ
  (masks with an inverting lookup table) and tifffile (boolean arrays) write so,
  and both mean by the larger number what is marked.

  Numbers of objects are accepted too, as `read_object_mask` reads them.

  Args:
    path: a file as `read_micrographs` reads it, with one image.

  Returns:
    bool [H, W], True on defects.

  Raises:
    InputError: other values; unequal colours; a stack; and whatever
      `read_frames` refuses.

  Examples:
    >>> import tempfile
    >>> from defectseg_jax.micrographs import read_mask, write_mask
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f'{folder.name}/mask.tif'
    >>> write_mask(path, np.array([[True, False, False]]), pixel_size_nm=None)
    >>> read_mask(path)
    array([[ True, False, False]])
  """
  return read_object_mask(path).mask


def read_object_mask(path: str | os.PathLike) -> ObjectMask:
  """Reads a mask, and the numbers of its objects where it has them.

  Args:
    path: of a mask as `read_mask` reads it; or of one that has the number of
      an object at each of its pixels, 0 in the background. Each number is in
      one piece: else the values are taken for greys or classes, and refused.

  Returns:
    The mask, with `ids` if objects touch that the file numbers differently.

  Raises:
    InputError: as `read_mask`.
  """
  frames = read_frames(path)
  if len(frames) != 1:
    raise file_error(
      path, f'it holds {len(frames)} images', 'save the mask as one image'
    )
  (frame,) = frames
  if frame.palette is not None:
    mask = _binary_mask(frame.values)
    if mask is not None:
      return ObjectMask(mask)
    if not why_not_ids(frame.values):
      return objects_of_ids(frame.values)
  values = grey_values(frame, rgb='refuse', path=path)
  mask = _binary_mask(values)
  if mask is not None:
    return ObjectMask(mask)
  why_not = why_not_ids(values)
  if why_not:
    raise file_error(
      path,
      f'a mask with {_describe_values(values)}, which are no numbers of objects'
      f' either ({why_not})',
      'save it with 0 for background and 255 for defects, as PNG (JPEG and'
      ' smoothing make values in between)',
    )
  return objects_of_ids(values)


def _binary_mask(values: np.ndarray) -> np.ndarray | None:
  """The mask, or None where the values are not those of a mask."""
  if values.ndim != 2 or values.size == 0:
    return None
  for foreground in _FOREGROUNDS:
    mask = values == foreground
    if (mask | (values == 0)).all():
      return mask
  return None


def _describe_values(values: np.ndarray) -> str:
  found = np.unique(values)
  named = ', '.join(str(value) for value in found[:_VALUES_NAMED])
  more = ', ...' if len(found) > _VALUES_NAMED else ''
  return f'{len(found)} different values ({named}{more})'
