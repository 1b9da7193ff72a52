"""A micrograph of the user's, into which defects are rendered."""

import pathlib

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.reading import read_micrographs
from defectseg_jax.simulation.parameters import FoilParameters

# Calibrations of one microscope agree better than this, relatively; by eye.
_SAME_SCALE = 0.01


def read_background(
  path: str | pathlib.Path, foil: FoilParameters
) -> np.ndarray:
  """The pixels of a micrograph without defects.

  Args:
    path: of a file with one grey image.
    foil: its parameters; the micrograph must be at least as large.

  Returns:
    float32 [H, W], at least [side_px, side_px]; not below 0, 1 on average.

  Raises:
    InputError: the file cannot be read, is smaller than the foil, has another
      scale, or is dark all over.
  """
  micrograph = read_micrographs(path)[0]
  micrograph.require_complete(path)
  height, width = micrograph.pixels.shape
  if min(height, width) < foil.side_px:
    raise InputError(
      f'{path}: {height} x {width} pixels, but config.foil.side_px is '
      f'{foil.side_px}; give a larger background, or make the foil smaller'
    )
  scale = micrograph.pixel_size_nm
  if scale and abs(scale / foil.pixel_size_nm - 1) > _SAME_SCALE:
    raise InputError(
      f'{path}: has {scale:g} nm per pixel, but config.foil.pixel_size_nm is '
      f'{foil.pixel_size_nm:g}; set it to that of the background'
    )
  pixels = np.maximum(micrograph.pixels, 0)
  mean = float(pixels.mean())
  if mean <= 0:
    raise InputError(
      f'{path}: no pixel is above 0; give a micrograph whose values grow with '
      'the intensity'
    )
  return pixels / np.float32(mean)


def random_crop(
  background: np.ndarray, side_px: int, rng: np.random.Generator
) -> np.ndarray:
  """A square of the background at a random position.

  Args:
    background: [H, W], at least [side_px, side_px].
    side_px: of the square.
    rng: random numbers for the position.

  Returns:
    [side_px, side_px].
  """
  top, left = (
    int(rng.integers(length - side_px + 1)) for length in background.shape
  )
  return background[top : top + side_px, left : left + side_px]
