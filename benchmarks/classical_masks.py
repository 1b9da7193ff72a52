"""Masks by methods that learn nothing, at every setting of a small grid.

Each method takes an image, float or integer [H, W], and gives bool [H, W] for
each setting, always in the same order. They are kept apart from
benchmarks/classical.py, which tunes on the development set of a run: real
micrographs often have none.
"""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from skimage import feature, filters, transform

Method = Callable[[np.ndarray], Iterator[np.ndarray]]

# What is looked for is bright, or dark.
_SIGNS = (1.0, -1.0)
_SMOOTHING_PX = (1.5, 3.0)
# Blobs are looked for in an image with a quarter of the pixels; the smallest is
# still one of 8 pixels across.
_BLOB_BINNING = 2


def methods_for(defect: str) -> dict[str, Method]:
  """By name, the methods that look for such defects."""
  if defect == 'dislocations':
    return {'ridges': _ridges}
  return {
    'Otsu': _otsu,
    'Sauvola': _sauvola,
    'hysteresis': _hysteresis,
    'blobs': _blobs,
  }


def _flat(pixels: np.ndarray, smoothing_px: float) -> np.ndarray:
  """Less its slow background, over the standard deviation."""
  smooth = filters.gaussian(pixels.astype(float), smoothing_px)
  smooth -= filters.gaussian(pixels.astype(float), 60.0)
  return smooth / max(float(smooth.std()), 1e-12)


def _signed(pixels: np.ndarray) -> Iterator[np.ndarray]:
  for smoothing_px in _SMOOTHING_PX:
    flat = _flat(pixels, smoothing_px)
    for sign in _SIGNS:
      yield sign * flat


def _otsu(pixels: np.ndarray) -> Iterator[np.ndarray]:
  for flat in _signed(pixels):
    yield flat > filters.threshold_otsu(flat)


def _sauvola(pixels: np.ndarray) -> Iterator[np.ndarray]:
  for flat, window_px in itertools.product(_signed(pixels), (51, 151)):
    # It is made for grey levels, which are not negative.
    grey = flat - flat.min()
    local = filters.threshold_sauvola(grey, window_px, k=-0.1)
    yield grey > local


def _hysteresis(pixels: np.ndarray) -> Iterator[np.ndarray]:
  for flat, low, high in itertools.product(
    _signed(pixels), (0.75, 1.25), (1.5, 2.0, 3.0)
  ):
    yield filters.apply_hysteresis_threshold(flat, low, high)


def _blobs(pixels: np.ndarray) -> Iterator[np.ndarray]:
  """Discs where the Laplacian of a Gaussian is large (Lindeberg 1998)."""
  binned = 2 * (_BLOB_BINNING,)
  flat = transform.downscale_local_mean(_flat(pixels, 1.0), binned) / 4
  for sign, least in itertools.product(_SIGNS, (0.05, 0.1, 0.2, 0.4)):
    found = feature.blob_log(
      sign * flat,
      min_sigma=1.5,  # pyright: ignore[reportArgumentType]
      max_sigma=12,
      num_sigma=6,
      threshold=least,
    )
    yield _discs(pixels.shape, _BLOB_BINNING * found)


def _discs(shape: tuple[int, ...], found: np.ndarray) -> np.ndarray:
  """Row, column and sigma of each blob, whose radius is sqrt(2) sigma."""
  mask = np.zeros(shape, bool)
  for row, column, sigma in found:
    reach = int(np.ceil(np.sqrt(2) * sigma)) + 1
    top, left = max(0, int(row) - reach), max(0, int(column) - reach)
    part = mask[top : int(row) + reach + 1, left : int(column) + reach + 1]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    distance2 = (rows + top - row) ** 2 + (columns + left - column) ** 2
    part |= distance2 <= 2 * sigma**2
  return mask


def _ridges(pixels: np.ndarray) -> Iterator[np.ndarray]:
  """Dark ridges by the Hessian (Sato et al. 1998), above a quantile."""
  flat = _flat(pixels, 0.7)
  for sigma in (1.5, 2.5, 4.0):
    # It takes any sequence of widths.
    ridges = filters.sato(flat, sigmas=[sigma])  # pyright: ignore[reportArgumentType]
    for fraction in (0.03, 0.06, 0.1, 0.15):
      yield ridges > np.quantile(ridges, 1 - fraction)
