"""Random numbers as ranges give them, and smooth random fields."""

import math

import numpy as np
import scipy
from jaxtyping import Float

Range = tuple[float, float]


def draw_log(range_: Range, rng: np.random.Generator) -> float:
  """A number whose logarithm is uniform in a range above 0."""
  low, high = range_
  return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def draw(range_: Range, rng: np.random.Generator) -> float:
  """A number that is uniform in a range."""
  return float(rng.uniform(*range_))


def smooth_field(
  side_px: int,
  rng: np.random.Generator,
  *,
  finest_px: float,
  steepness: float = 2.0,
) -> Float[np.ndarray, '{side_px} {side_px}']:
  """A Gaussian random field whose amplitude falls with frequency.

  |amplitude| ~ q^-steepness up to the frequency 1 / finest_px, and none above.

  Args:
    side_px: of the field.
    rng: random numbers.
    finest_px: period of the finest waves.
    steepness: 0 has all waves alike; 2 is dominated by the longest.

  Returns:
    float32 [side_px, side_px] of mean 0 and standard deviation 1.

  Examples:
    >>> field = smooth_field(64, np.random.default_rng(0), finest_px=8.0)
    >>> field.shape, abs(float(field.std()) - 1) < 1e-3
    ((64, 64), True)
  """
  # A larger torus, so that opposite edges are not alike.
  torus = side_px + side_px // 4
  highest = max(1, min(torus // 2 - 1, round(torus / finest_px)))
  rows = 2 * highest + 1
  waves = rng.standard_normal((2, rows, highest + 1), np.float32)
  down = np.arange(-highest, highest + 1, dtype=np.float32)
  q = np.hypot(down[:, None], np.arange(highest + 1, dtype=np.float32))
  weight = np.where((q > 0) & (q <= highest), np.maximum(q, 1) ** -steepness, 0)
  # As `irfft2` does, but for most columns that are 0 and the rows that are not
  # asked for. Eights of columns, as many as a processor's vector has or more:
  # those left over would be rounded otherwise.
  spectrum = np.zeros((torus, (highest + 8) // 8 * 8), np.complex64)
  spectrum[down.astype(int), : highest + 1] = (
    waves[0] + 1j * waves[1]
  ) * weight
  columns = np.asarray(scipy.fft.ifft(spectrum, axis=0, norm='forward'))
  whole = np.asarray(
    scipy.fft.irfft(columns[:side_px], torus, axis=1, norm='forward')
  )
  whole *= np.float32(1 / torus**2)
  field = whole[:, :side_px]
  field -= field.mean()
  return (field / max(float(field.std()), 1e-12)).astype(np.float32)
