"""Values and colours of masks as text, in flags and in messages."""

import os

import numpy as np

from defectseg_jax.errors import file_error

MOST_NAMED = 8


def equal_to(
  values: np.ndarray, text: str, flag: str, path: str | os.PathLike
) -> np.ndarray:
  """Where a mask has a value, bool [H, W].

  Args:
    values: [H, W], or [H, W, channels] of colours.
    text: a number, or red, green and blue.
    flag: that gave it, for messages.
    path: of the file, for messages.

  Raises:
    InputError: a number is asked for of colours, or the other way round; or
      the text is neither.
  """
  try:
    wanted = [float(part) for part in text.split(',')]
  except ValueError:
    wanted = []
  if values.ndim == 2 and len(wanted) == 1:
    (number,) = wanted
    return np.isnan(values) if number != number else values == number
  if values.ndim == 3 and len(wanted) == 3:
    return (values[..., :3] == wanted).all(axis=-1)
  raise file_error(
    path,
    f'{flag}={text}, but it is a mask with {describe_values(values)}',
    f'give one of them, as {flag}={value_texts(values)[-1]}',
  )


def describe_values(values: np.ndarray) -> str:
  """The first of the values, in words."""
  named = value_texts(values)
  count = len(different_values(values))
  more = ', ...' if count > len(named) else ''
  what = 'values' if values.ndim == 2 else 'colours'
  between = ', ' if values.ndim == 2 else '; '
  return f'{count} different {what} ({between.join(named)}{more})'


def value_texts(values: np.ndarray) -> list[str]:
  """The first of the values, as flags take them."""
  found = different_values(values)[:MOST_NAMED]
  if values.ndim == 2:
    return [str(value) for value in found]
  return [','.join(str(part) for part in colour[:3]) for colour in found]


def different_values(values: np.ndarray) -> np.ndarray:
  """Each value once: [values], or of colours [colours, channels]."""
  if values.ndim == 2:
    return np.unique(values)
  if values.dtype in (np.uint8, np.uint16):
    # As one number each: rows of numbers take several times as long to sort.
    shifts = 16 * np.arange(values.shape[2], dtype=np.uint64)
    packed = np.zeros(values.shape[:2], np.uint64)
    for channel, shift in enumerate(reversed(shifts)):
      packed |= values[..., channel].astype(np.uint64) << shift
    found = np.unique(packed)[:, np.newaxis] >> shifts[::-1]
    return (found & np.uint64(0xFFFF)).astype(values.dtype)
  return np.unique(values.reshape(-1, values.shape[2]), axis=0)
