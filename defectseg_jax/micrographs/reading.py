"""A microscope's file -> Micrograph."""

import os
import pathlib

import numpy as np

from defectseg_jax import errors
from defectseg_jax.micrographs.formats import frame, raster, rosettasciio, tiff
from defectseg_jax.micrographs.micrograph import Micrograph

_READERS = {
  '.tif': tiff.read_tiff,
  '.tiff': tiff.read_tiff,
  '.png': raster.read_png_or_jpeg,
  '.jpg': raster.read_png_or_jpeg,
  '.jpeg': raster.read_png_or_jpeg,
  '.npy': raster.read_npy,
  **dict.fromkeys(rosettasciio.SUFFIXES, rosettasciio.read_microscope_file),
}

SUFFIXES: tuple[str, ...] = tuple(_READERS)
"""Lower-case suffixes of the files that can be read."""

# ITU-R BT.601-2, the weights of Pillow's convert('L'), here without rounding.
_LUMINANCE = np.array([0.299, 0.587, 0.114])


def read_micrographs(
  path: str | os.PathLike, *, rgb: str = 'refuse'
) -> list[Micrograph]:
  """Reads all images of a file.

  Values are the file's own, as float32: 16-bit grey runs to 65535, and what the
  file marks as white-is-zero is turned round so that bright is large.

  The pixel size of a TIFF comes from ImageJ's unit and XResolution, from
  DigitalMicrograph's tags, from OME's PhysicalSizeX, or from the plain
  resolution where that is finer than one micrometre a pixel; that of a
  microscope's own file from its axes. PNG, JPEG and NPY have none.

  Args:
    path: TIFF, PNG, JPEG, NPY ([H, W] or [frames, H, W]), or one of
      `microscope.SUFFIXES`.
    rgb: what to do with colour: 'refuse', or 'luminance' (0.299 R + 0.587 G +
      0.114 B, ITU-R BT.601-2). Colour images that are grey in truth (equal
      channels, constant alpha) are read either way.

  Returns:
    The micrographs, named by the file's stem; those of a stack, or of a file
    with several images, stem[0], stem[1], ...

  Raises:
    errors.InputError: a file that is missing, empty, cut off, damaged, or no
      image (a spectrum, a diffraction pattern); a suffix not in `SUFFIXES`, or
      one whose reader is not installed; colour or varying transparency; pixels
      that are complex, NaN or infinite; pixels that are not square; a unit that
      is no length; another value of rgb.
  """
  path = pathlib.Path(path)
  frames = read_frames(path)
  micrographs = []
  for index, one in enumerate(frames):
    suffix = f'[{index}]' if len(frames) > 1 else ''
    grey = grey_values(one, rgb=rgb, path=path)
    try:
      micrograph = Micrograph(
        _bright_is_large(grey, one, path),
        name=f'{path.stem}{suffix}',
        pixel_size_nm=one.pixel_size_nm,
      )
    except errors.InputError as error:
      # Micrograph knows the name of the image only; the user looks for a file.
      raise errors.InputError(f'{path}: {error}') from error
    micrographs.append(micrograph)
  return micrographs


def read_frames(path: str | os.PathLike) -> list[frame.Frame]:
  """Reads all images of a file as it stores them.

  Raises:
    errors.InputError: a file that is missing, empty, cut off, damaged, or no
      image; a suffix not in `SUFFIXES`.
  """
  path = pathlib.Path(path)
  if path.is_dir():
    raise frame.refusal(path, 'it is a folder', 'name one file in it')
  reader = _READERS.get(path.suffix.lower())
  if reader is None:
    raise frame.refusal(
      path,
      f'the suffix {path.suffix!r} is not known',
      f'convert it to one of {", ".join(SUFFIXES)}',
    )
  try:
    with path.open('rb') as file:
      is_empty = not file.read(1)
  except OSError as error:
    raise frame.refusal(
      path,
      f'it cannot be opened ({error.strerror})',
      'see that the path is right and that you may read it',
    ) from error
  if is_empty:
    raise frame.refusal(
      path, 'the file is empty (0 bytes)', 'copy or export it again'
    )
  return reader(path)


def grey_values(
  one: frame.Frame, *, rgb: str, path: str | os.PathLike
) -> np.ndarray:
  """[H, W] of a frame, its palette applied and its channels made one.

  Args:
    one: the frame.
    rgb: 'refuse' or 'luminance'; see `read_micrographs`.
    path: the file, for messages.

  Raises:
    errors.InputError: unequal colours and rgb='refuse'; transparency that
      varies; a number of channels with no meaning; another value of rgb.
  """
  if rgb not in ('refuse', 'luminance'):
    raise frame.refusal(
      path, f'rgb is {rgb!r}', "give rgb='refuse' or rgb='luminance'"
    )
  values = one.values
  if one.palette is not None:
    if values.max() >= len(one.palette):
      raise frame.refusal(
        path,
        f'index {values.max()} is not in its palette of {len(one.palette)}',
        'copy or export it again',
      )
    values = one.palette[values]
  if values.ndim == 2:
    return values
  channels = values.shape[2]
  if channels not in (1, 2, 3, 4):
    raise frame.refusal(
      path, f'it has {channels} channels', 'save it in grey or in RGB'
    )
  if channels in (2, 4):
    alpha = values[..., -1]
    if alpha.min() != alpha.max():
      raise frame.refusal(
        path,
        f'its transparency varies from {alpha.min()} to {alpha.max()}',
        'flatten it, and save it without an alpha channel',
      )
    values = values[..., :-1]
  if (values == values[..., :1]).all():
    return values[..., 0]
  if rgb == 'luminance':
    return values @ _LUMINANCE
  row, column = np.argwhere((values != values[..., :1]).any(axis=-1))[0]
  raise frame.refusal(
    path,
    f'it is a colour image (row {row}, column {column} is'
    f' {values[row, column].tolist()})',
    "save it in grey, or ask for rgb='luminance' (--config.data.rgb=luminance)",
  )


def _bright_is_large(
  grey: np.ndarray, one: frame.Frame, path: pathlib.Path
) -> np.ndarray:
  if not one.white_is_zero:
    return grey
  if grey.dtype.kind == 'b':
    return ~grey
  if grey.dtype.kind == 'u':
    return np.iinfo(grey.dtype).max - grey
  raise frame.refusal(
    path,
    f'it says white is zero, which has no meaning for {grey.dtype}',
    'save it with an ordinary grey lookup table (ImageJ: Invert LUT)',
  )
