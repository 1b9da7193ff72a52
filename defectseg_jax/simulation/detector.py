"""Detector: a scanned beam, counted electron by electron, becomes pixels."""

import numpy as np
from scipy import ndimage

from defectseg_jax.simulation.parameters import FoilParameters

# Fraction of the pixels, darkest and brightest, that an operator clips; by eye.
_CLIPPED = 2e-4
# The beam settles within this many pixels after flying back; by eye.
_SETTLING_PX = 12.0


def scan(
  transmission: np.ndarray, foil: FoilParameters, rng: np.random.Generator
) -> np.ndarray:
  """The probe's view: blurred, and each row where the scan has put it.

  Args:
    transmission: float32 [H, W].
    foil: its parameters.
    rng: random numbers for the jitter of the rows.

  Returns:
    float32 [H, W].
  """
  blurred = ndimage.gaussian_filter(
    transmission, foil.detector.probe_nm / foil.pixel_size_nm, truncate=3
  )
  height, width = transmission.shape
  jitter = foil.detector.jitter_px * rng.standard_normal(height)
  # The beam settles after it has flown back to the left edge.
  columns = np.arange(width)
  settling = foil.detector.flyback_px * np.exp(-columns / _SETTLING_PX)
  places = np.clip(columns + settling + jitter[:, None], 0, width - 1)
  first = np.minimum(places.astype(np.int64), width - 2)
  share = (places - first).astype(np.float32)
  left = np.take_along_axis(blurred, first, axis=1)
  return left + share * (np.take_along_axis(blurred, first + 1, axis=1) - left)


def count_electrons(
  intensity: np.ndarray, foil: FoilParameters, rng: np.random.Generator
) -> np.ndarray:
  """Electrons in each pixel, with the noise of reading them out.

  Args:
    intensity: float32 [H, W], 1 where the whole dose arrives.
    foil: its parameters.
    rng: random numbers for the noise.

  Returns:
    float32 [H, W].
  """
  dose = foil.detector.dose_electrons_per_px
  electrons = rng.poisson(dose * intensity).astype(np.float32)
  noise = rng.standard_normal(intensity.shape, np.float32)
  return electrons + np.float32(foil.detector.read_noise_electrons) * noise


def quantise(signal: np.ndarray, bits: int) -> np.ndarray:
  """The signal on the scale of the file.

  Gain and offset are set as by an operator: the darkest and the brightest 2 in
  10,000 pixels are clipped, and the others fill the range.

  Args:
    signal: float [H, W].
    bits: 8 or 16.

  Returns:
    uint8 or uint16 [H, W].
  """
  low, high = np.quantile(signal, [_CLIPPED, 1 - _CLIPPED])
  full = 2**bits - 1
  scaled = (signal - low) * (full / max(high - low, 1e-12))
  return np.clip(np.rint(scaled), 0, full).astype(f'uint{bits}')
