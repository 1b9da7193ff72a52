"""Checks of what a user hands in: one line says what is wrong."""

import math
from collections.abc import Sequence

import numpy as np

from defectseg_jax.errors import InputError

# What programs write on defects: 1, or the highest grey of 8 or 16 bits.
_FOREGROUNDS = (1, 255, 65535)


def boolean_mask(mask: np.ndarray, *, name: str = 'mask') -> np.ndarray:
  """The mask as bool: what is not zero is defect.

  Args:
    mask: [H, W]; bool, or numbers that are 0 and one of 1, 255, 65535.
    name: what to call it in an error.

  Returns:
    bool [H, W]; the same array where it is bool already.

  Raises:
    InputError: the array has not two axes, no pixels, NaN, or other values.

  Examples:
    >>> boolean_mask(np.array([[0, 255], [255, 0]]))
    array([[False,  True],
           [ True, False]])
  """
  mask = np.asarray(mask)
  if mask.ndim != 2 or mask.size == 0:
    raise InputError(
      f'{name}: an array of shape {mask.shape}; give one mask as [H, W] with '
      'at least one pixel'
    )
  if mask.dtype == bool:
    return mask
  if mask.dtype.kind not in 'uif':
    raise InputError(
      f'{name}: has dtype {mask.dtype}; give booleans, or numbers 0 and 1'
    )
  highest = mask.max()
  if np.isnan(highest):
    raise InputError(f'{name}: holds NaN; give 0 for background, 1 for defects')
  found = mask != 0
  if not found.any():
    return found
  if highest not in _FOREGROUNDS or (mask[found] != highest).any():
    odd = mask[found & (mask != highest)]
    value = odd[0] if odd.size else highest
    raise InputError(
      f'{name}: holds the value {value:g}; give 0 for background and 1 or 255 '
      'for defects (threshold probabilities and greys first)'
    )
  return found


def object_ids(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
  """The numbers of objects, checked.

  Args:
    ids: whole numbers [H, W].
    mask: bool [H, W].

  Raises:
    InputError: they are no whole numbers, or not 0 where the mask is False.
  """
  ids = np.asarray(ids)
  if ids.dtype.kind not in 'ui' or ids.shape != mask.shape:
    raise InputError(
      f'ids: an array of {ids.dtype} {ids.shape}; give a whole number for each '
      f'pixel of the mask, {mask.shape}'
    )
  if not np.array_equal(ids > 0, mask):
    raise InputError(
      'ids: are not above 0 where the mask is True, and 0 elsewhere; give '
      'mask=ids > 0'
    )
  return ids


def require_positive(value: float, name: str) -> None:
  """Raises InputError unless the value is a finite number above 0."""
  if not _is_number(value) or not math.isfinite(value) or value <= 0:
    raise InputError(f'{name}={value}: must be a number above 0')


def length_or_nan(value: float | None, name: str) -> float:
  """A length; NaN, which every number that needs it becomes, for None.

  Raises:
    InputError: it is not None, and not a number above 0.
  """
  if value is None:
    return math.nan
  require_positive(value, name)
  return float(value)


def require_fraction(value: float, name: str) -> None:
  """Raises InputError unless 0 <= value < 1."""
  if not _is_number(value) or not 0 <= value < 1:
    raise InputError(f'{name}={value}: must be 0 or more, and below 1')


def require_not_negative(value: float, name: str) -> None:
  """Raises InputError unless the value is a finite number, 0 or more."""
  if not _is_number(value) or not math.isfinite(value) or value < 0:
    raise InputError(f'{name}={value}: must be 0 or more')


def require_whole(value: float, name: str) -> None:
  """Raises InputError unless the value is a whole number, 1 or more."""
  if not _is_number(value) or not value >= 1 or value != int(value):
    raise InputError(f'{name}={value}: must be a whole number, 1 or more')


def require_below(value: float, limit: float, name: str) -> None:
  """Raises InputError if the value is the limit or above; NaN passes."""
  if value >= limit:
    raise InputError(f'{name}={value:g}: must be below {limit:g}')


def require_choice(value: object, choices: Sequence[object], name: str) -> None:
  """Raises InputError unless the value is one of the choices."""
  if value not in choices:
    raise InputError(
      f'{name}={value}: choose one of {", ".join(map(str, choices))}'
    )


def _is_number(value: object) -> bool:
  return isinstance(value, (int, float, np.number)) and not isinstance(
    value, bool
  )
