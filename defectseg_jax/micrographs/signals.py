"""What RosettaSciIO returns -> frames, if it is a micrograph.

RosettaSciIO gives each data set of a file as a dictionary: `data`, and for each
axis of it a dictionary with `name`, `scale`, `units` and `navigate`. The axes
that are not navigated are those of one image; the others count images.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib import recfunctions

from defectseg_jax import errors
from defectseg_jax.micrographs import calibration, frame

# HyperSpy's for spectra; a stack of images that belongs to one counts energies
# or wavelengths.
_SPECTRA = ('EELS', 'EDS_TEM', 'EDS_SEM', 'CL')
_ENERGIES = ('eV', 'keV')


def image_frames(
  signals: Sequence[Mapping[str, Any]], path: pathlib.Path
) -> list[frame.Frame]:
  """All images of a file.

  Spectra, diffraction patterns and complex data are left out where the file
  holds images beside them, as Velox puts the Fourier transform that was on the
  screen beside the micrograph.

  Args:
    signals: one for each data set of the file.
    path: the file, for messages.

  Raises:
    errors.InputError: there is no image, and why; an image is too large, or its
      pixels are not square.
  """
  frames, others = [], []
  for signal in signals:
    other = _why_no_image(signal, path)
    if other is None:
      frames.extend(_frames(signal, path))
    else:
      others.append(other)
  if frames:
    return frames
  if others:
    raise others[0]
  raise frame.refusal(path, 'it holds no image', 'export the image again')


def _why_no_image(
  signal: Mapping[str, Any], path: pathlib.Path
) -> errors.InputError | None:
  data, axes = signal['data'], signal['axes']
  shape = ' x '.join(map(str, data.shape))
  images, counted = _split_axes(signal)
  units = [_unit(axis) for axis in axes]
  kind = str(signal['metadata'].get('Signal', {}).get('signal_type', ''))
  if len(axes) != data.ndim:
    return frame.refusal(
      path, f'{len(axes)} axes for an array of {shape}', 'export it again'
    )
  if any(unit in _ENERGIES for unit in units) or (counted and kind in _SPECTRA):
    return frame.refusal(
      path, f'it holds spectra ({shape})', 'export an image from it'
    )
  if 'diffraction' in kind:
    return frame.refusal(
      path, f'it holds diffraction patterns ({shape})', 'name a micrograph'
    )
  if data.dtype.kind == 'c':
    return frame.refusal(
      path, f'its numbers are complex ({data.dtype})', 'export their modulus'
    )
  if data.dtype.names is None and data.dtype.kind not in 'biuf':
    return frame.refusal(
      path, f'its pixels are no numbers ({data.dtype})', 'export an image'
    )
  if len(images) < 2:
    return frame.refusal(
      path,
      f'it holds a spectrum or a profile of one dimension ({shape})',
      'name a file with an image',
    )
  if len(images) > 2 or len(counted) > 1:
    return frame.refusal(
      path,
      f'it has {len(axes)} axes ({shape}), and does not say which two are an'
      ' image of the foil',
      'export one image, or one stack of images',
    )
  try:
    for axis in images:
      calibration.nm_per_unit(units[axis], path=path)
  except errors.InputError as error:
    return error
  return None


def _split_axes(signal: Mapping[str, Any]) -> tuple[list[int], list[int]]:
  """The axes of an image, y before x, and those that count images."""
  data, axes = signal['data'], signal['axes']
  images = [i for i, axis in enumerate(axes) if not axis['navigate']]
  names = [axis.get('name') for axis in axes]
  # Berkeley's EMD tells nothing of a stack's axes but their names, and programs
  # that write it disagree whether the first or the last of them varies fastest.
  if names.count('x') == names.count('y') == 1:
    x, y = names.index('x'), names.index('y')
    if x in images and y in images:
      images = [y, x]
  counted = [
    i for i in range(data.ndim) if i not in images and data.shape[i] > 1
  ]
  return images, counted


def _frames(signal: Mapping[str, Any], path: pathlib.Path) -> list[frame.Frame]:
  data = signal['data']
  (y, x), _ = _split_axes(signal)
  frame.check_size(path, height=data.shape[y], width=data.shape[x])
  pixel_size_nm = _pixel_size_nm(signal['axes'][x], signal['axes'][y], path)
  stack = np.moveaxis(data, (y, x), (-2, -1))
  stack = stack.reshape(-1, *stack.shape[-2:])
  if stack.dtype.names is not None:
    stack = recfunctions.structured_to_unstructured(stack)
  # A copy, since the array may be mapped to a file that somebody changes.
  return [
    frame.Frame(np.array(values), pixel_size_nm=pixel_size_nm)
    for values in stack
  ]


def _pixel_size_nm(
  x: Mapping[str, Any], y: Mapping[str, Any], path: pathlib.Path
) -> float | None:
  sizes = []
  for axis in (x, y):
    unit_nm = calibration.nm_per_unit(_unit(axis), path=path)
    if unit_nm is None:
      return None
    if 'scale' not in axis:
      raise frame.refusal(
        path, 'its pixels are not evenly spaced', 'resample it to square pixels'
      )
    # Below zero, the axis only runs the other way.
    sizes.append(abs(float(axis['scale'])) * unit_nm)
  return calibration.square_pixel_size_nm(*sizes, path=path)


def _unit(axis: Mapping[str, Any]) -> str:
  unit = axis.get('units')
  # HyperSpy wrote a placeholder for no unit.
  return '' if unit in (None, '<undefined>') else str(unit)
