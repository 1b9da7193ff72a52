"""Masks that a person or a program drew, checked."""

import os

import numpy as np

from defectseg_jax.micrographs import reading
from defectseg_jax.micrographs.formats import frame

_FOREGROUNDS = (1, 255, 65535)
_VALUES_NAMED = 8


def read_mask(path: str | os.PathLike) -> np.ndarray:
  """Reads a mask: what is not zero is defect.

  Two values are accepted, or one of them alone (no defect, all defect): 0 and
  1, 0 and 255, 0 and 65535, False and True. A palette is judged by its indices
  where these are such a pair, since that is what labelling programs count by
  and the colours are decoration; else by its colours, if black and white.

  For the same reason a TIFF that says white is zero is not turned round: ImageJ
  (masks with an inverting lookup table) and tifffile (boolean arrays) write so,
  and both mean by the larger number what is marked.

  Args:
    path: a file as `reading.read_micrographs` reads it, with one image.

  Returns:
    bool [H, W], True on defects.

  Raises:
    errors.InputError: other values; unequal colours; a stack; and any file
      error of `reading.read_frames`.
  """
  frames = reading.read_frames(path)
  if len(frames) != 1:
    raise frame.refusal(
      path, f'it holds {len(frames)} images', 'save the mask as one image'
    )
  (one,) = frames
  if one.palette is not None:
    mask = _two_valued(one.values)
    if mask is not None:
      return mask
  values = reading.grey_values(one, rgb='refuse', path=path)
  mask = _two_valued(values)
  if mask is None:
    raise frame.refusal(
      path,
      f'a mask with {_values_found(values)}',
      'save it with 0 for background and 255 for defects, as PNG (JPEG and'
      ' smoothing make values in between)',
    )
  return mask


def _two_valued(values: np.ndarray) -> np.ndarray | None:
  """The mask, or None where the values are not those of one."""
  if values.ndim != 2 or values.size == 0:
    return None
  for foreground in _FOREGROUNDS:
    mask = values == foreground
    if (mask | (values == 0)).all():
      return mask
  return None


def _values_found(values: np.ndarray) -> str:
  found = np.unique(values)
  named = ', '.join(str(value) for value in found[:_VALUES_NAMED])
  more = ', ...' if len(found) > _VALUES_NAMED else ''
  return f'{len(found)} different values ({named}{more})'
