"""A frame of a file -> grey values in which bright is large."""

import os

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.formats.frame import Frame

# ITU-R BT.601-2, the weights of Pillow's convert('L'), here without rounding.
_LUMINANCE = np.array([0.299, 0.587, 0.114])


def grey_values(
  frame: Frame, *, rgb: str, path: str | os.PathLike
) -> np.ndarray:
  """The grey values of a frame: palette applied, and channels merged.

  Args:
    frame: as its file stores it.
    rgb: 'refuse' or 'luminance'; see `read_micrographs`.
    path: the file, for messages.

  Returns:
    [H, W], in the file's own numbers: white may still be zero.

  Raises:
    InputError: unequal colours and rgb='refuse'; transparency that varies; a
      number of channels with no meaning; another value of rgb.
  """
  if rgb not in ('refuse', 'luminance'):
    raise file_error(
      path, f'rgb is {rgb!r}', "give rgb='refuse' or rgb='luminance'"
    )
  values = _apply_palette(frame, path)
  if values.ndim == 2:
    return values
  values = _without_alpha(values, path)
  if (values == values[..., :1]).all():
    return values[..., 0]
  if rgb == 'luminance':
    return values @ _LUMINANCE
  row, column = np.argwhere((values != values[..., :1]).any(axis=-1))[0]
  raise file_error(
    path,
    f'it is a colour image (row {row}, column {column} is'
    f' {values[row, column].tolist()})',
    "save it in grey, or ask for rgb='luminance' (--config.data.rgb=luminance)",
  )


def bright_is_large(
  grey: np.ndarray, frame: Frame, *, path: str | os.PathLike
) -> np.ndarray:
  """Turns grey values round where the file says that white is zero.

  Args:
    grey: [H, W], from `grey_values`.
    frame: what they came from.
    path: the file, for messages.

  Returns:
    [H, W].

  Raises:
    InputError: white is zero in floats or signed integers, of which no value
      is known to be black.
  """
  if not frame.white_is_zero:
    return grey
  if grey.dtype.kind == 'b':
    return ~grey
  if grey.dtype.kind == 'u':
    return np.iinfo(grey.dtype).max - grey
  raise file_error(
    path,
    f'it says white is zero, which has no meaning for {grey.dtype}',
    'save it with an ordinary grey lookup table (ImageJ: Invert LUT)',
  )


def _apply_palette(frame: Frame, path: str | os.PathLike) -> np.ndarray:
  """[H, W] or [H, W, channels]."""
  if frame.palette is None:
    return frame.values
  largest = frame.values.max()
  if largest >= len(frame.palette):
    raise file_error(
      path,
      f'index {largest} is not in its palette of {len(frame.palette)}',
      'copy or export it again',
    )
  return frame.palette[frame.values]


def _without_alpha(values: np.ndarray, path: str | os.PathLike) -> np.ndarray:
  """[H, W, 1 or 3] of [H, W, 1 to 4]; refuses transparency that varies."""
  channels = values.shape[2]
  if channels not in (1, 2, 3, 4):
    raise file_error(
      path, f'it has {channels} channels', 'save it in grey or in RGB'
    )
  if channels not in (2, 4):
    return values
  alpha = values[..., -1]
  if alpha.min() != alpha.max():
    raise file_error(
      path,
      f'its transparency varies from {alpha.min()} to {alpha.max()}',
      'flatten it, and save it without an alpha channel',
    )
  return values[..., :-1]
