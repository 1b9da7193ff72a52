"""What RosettaSciIO returns -> frames, if it is a micrograph.

RosettaSciIO gives each data set of a file as a dictionary: `data`, and for each
axis of it a dictionary with `name`, `scale`, `units` and `navigate`. The axes
that are not navigated are those of one image; the others count images.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats.frame import Frame, check_size
from defectseg_jax.micrographs.formats.pixel_size import (
  NOTHING,
  StatedScale,
  require_length,
  scale_of_pixel,
  without_printers,
)
from defectseg_jax.micrographs.formats.units import nm_per_unit

# HyperSpy's names for spectra. A stack of such images counts energies or
# wavelengths.
_SPECTRA = ('EELS', 'EDS_TEM', 'EDS_SEM', 'CL')
_ENERGIES = ('eV', 'keV')
# py4DSTEM's: R on the specimen, Q behind it.
_X, _Y, _RECIPROCAL = ('x', 'rx'), ('y', 'ry'), ('qx', 'qy', 'kx', 'ky')


class _Axis(NamedTuple):
  """`scale` is None where the points are not evenly spaced."""

  name: str
  scale: float | None
  unit: str
  counts_images: bool


class _Signal(NamedTuple):
  data: np.ndarray
  axes: list[_Axis]
  kind: str


def image_frames(
  signals: Sequence[Mapping[str, Any]],
  path: pathlib.Path,
  *,
  may_run_back: bool = True,
) -> list[Frame]:
  """All images of a file.

  Spectra, diffraction patterns and complex data are left out where the file
  holds images beside them, as Velox puts the Fourier transform that was on the
  screen beside the micrograph.

  Args:
    signals: one for each data set of the file.
    path: the file, for messages.
    may_run_back: whether an axis with a negative scale runs the other way;
      else such a scale is no scale.

  Returns:
    A frame for each image; its values may be mapped to the file.

  Raises:
    InputError: there is no image, with the reason; an image is too large, or
      its pixels are not square.
  """
  frames, errors = [], []
  for given in signals:
    signal = _signal(given, path, may_run_back)
    error = _image_error(signal, path)
    if error is None:
      frames.extend(_frames(signal, path))
    else:
      errors.append(error)
  if frames:
    return frames
  if errors:
    raise errors[0]
  raise file_error(path, 'it holds no image', 'export the image again')


def _signal(
  given: Mapping[str, Any], path: pathlib.Path, may_run_back: bool
) -> _Signal:
  try:
    metadata = given['metadata'].get('Signal', {})
    axes = [
      _Axis(
        name=str(axis.get('name')).strip().lower(),
        scale=_axis_scale(axis, may_run_back),
        # HyperSpy wrote a placeholder for no unit.
        unit=str(axis.get('units') or '').replace('<undefined>', ''),
        counts_images=bool(axis['navigate']),
      )
      for axis in given['axes']
    ]
    signal = _Signal(given['data'], axes, str(metadata.get('signal_type', '')))
  except (AttributeError, LookupError, TypeError, ValueError) as error:
    # In an .hspy file anything may stand where its axes are described.
    raise file_error(
      path,
      f'its axes are not described ({type(error).__name__}: {error})',
      'export it again',
    ) from error
  if len(axes) != signal.data.ndim:
    raise file_error(
      path,
      f'it describes {len(axes)} axes of an array {signal.data.shape}',
      'export it again',
    )
  return signal


def _axis_scale(axis: Mapping[str, Any], may_run_back: bool) -> float | None:
  if 'scale' not in axis:
    return None
  scale = float(axis['scale'])
  return abs(scale) if may_run_back else scale


def _image_error(signal: _Signal, path: pathlib.Path) -> InputError | None:
  """Why a signal is no image of the foil; None if it is one."""
  shape = ' x '.join(map(str, signal.data.shape))
  images, counted = _split_axes(signal)
  is_energy = any(axis.unit in _ENERGIES for axis in signal.axes)
  if is_energy or (counted and signal.kind in _SPECTRA):
    problem, remedy = f'it holds spectra ({shape})', 'export an image from it'
  elif 'diffraction' in signal.kind or any(
    signal.axes[axis].name in _RECIPROCAL for axis in images
  ):
    problem = f'it holds diffraction patterns ({shape})'
    remedy = 'name a micrograph'
  elif signal.data.dtype.kind == 'c':
    problem = f'its numbers are complex ({signal.data.dtype})'
    remedy = 'export their modulus'
  elif not _is_real(signal.data.dtype):
    problem = f'its pixels are no numbers ({signal.data.dtype})'
    remedy = 'export an image'
  elif len(images) < 2:
    problem = f'it holds a spectrum or a profile of one dimension ({shape})'
    remedy = 'name a file with an image'
  elif len(images) > 2 or len(counted) > 1:
    problem = (
      f'it has {len(signal.axes)} axes ({shape}), and does not say which two'
      ' are an image of the foil'
    )
    remedy = 'export one image, or one stack of images'
  else:
    try:
      for axis in images:
        require_length(signal.axes[axis].unit, path=path)
    except InputError as error:
      return error
    return None
  return file_error(path, problem, remedy)


def _is_real(dtype: np.dtype) -> bool:
  """Whether pixels are real numbers, or colours made of real numbers."""
  if dtype.names is None:
    return dtype.kind in 'biuf'
  return all(dtype[name].kind in 'biuf' for name in dtype.names)


def _split_axes(signal: _Signal) -> tuple[list[int], list[int]]:
  """The axes of an image, y before x, and those that count images."""
  images = [
    index for index, axis in enumerate(signal.axes) if not axis.counts_images
  ]
  names = [axis.name for axis in signal.axes]
  # Berkeley's EMD gives only the names of a stack's axes, and programs that
  # write it disagree whether the first or the last of them varies fastest.
  xs, ys = (
    [index for index, name in enumerate(names) if name in wanted]
    for wanted in (_X, _Y)
  )
  if len(xs) == len(ys) == 1 and {*xs, *ys} <= set(images):
    images = [*ys, *xs]
  counted = [
    index
    for index, length in enumerate(signal.data.shape)
    if index not in images and length > 1
  ]
  return images, counted


def _frames(signal: _Signal, path: pathlib.Path) -> list[Frame]:
  data = signal.data
  (y, x), _ = _split_axes(signal)
  check_size(path, height=data.shape[y], width=data.shape[x])
  scale = _scale(signal.axes[x], signal.axes[y], path)
  stack = np.moveaxis(data, (y, x), (-2, -1))
  stack = stack.reshape(-1, *stack.shape[-2:])
  if stack.dtype.names is not None:
    # Slow to load, and rarely needed.
    from numpy.lib import recfunctions

    stack = recfunctions.structured_to_unstructured(stack)
  return [
    Frame(
      values,
      pixel_size_nm=scale.pixel_size_nm,
      scale_doubt=scale.doubt,
    )
    for values in stack
  ]


def _scale(x: _Axis, y: _Axis, path: pathlib.Path) -> StatedScale:
  if x.scale is None or y.scale is None:
    if nm_per_unit(x.unit) is None:
      return NOTHING
    raise file_error(
      path, 'its pixels are not evenly spaced', 'resample it to square pixels'
    )
  scale = scale_of_pixel(x.scale, y.scale, x.unit, y.unit, path=path)
  # HyperSpy carries the resolution of a TIFF on, too.
  return without_printers(scale, x.unit)
