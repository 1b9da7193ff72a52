"""Images in which no network should find anything. All numbers are by eye."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from defectseg_jax.simulation.domain.draws import draw, draw_log


def no_specimen(side_px: int, rng: np.random.Generator) -> np.ndarray:
  """A lattice, a diffraction pattern, noise, or an even image.

  Args:
    side_px: of the image.
    rng: decides everything.

  Returns:
    float64 [side_px, side_px], in no unit.
  """
  makers: list[Callable[[int, np.random.Generator], np.ndarray]] = [
    _lattice,
    _lattice,
    _diffraction,
    _noise,
    _even,
  ]
  return makers[rng.integers(len(makers))](side_px, rng)


def _lattice(side_px: int, rng: np.random.Generator) -> np.ndarray:
  """Columns of atoms, of one or two kinds, in a crystal that is uneven."""
  period_px = draw_log((5.0, 60.0), rng)
  turn = rng.uniform(0, np.pi / 2)
  opening = rng.choice([np.pi / 2, np.pi / 3, rng.uniform(1.0, 1.6)])
  stretch = rng.uniform(1.0, 1.5)
  rows, columns = np.mgrid[:side_px, :side_px].astype(float)
  # Slow distortions: drift of the scan, and strain.
  for _ in range(2):
    rows = rows + 0.3 * period_px * rng.random() * np.sin(
      2 * np.pi * (columns / side_px * rng.uniform(0.2, 2) + rng.random())
    )
  phases = []
  for angle, period in (
    (turn, period_px),
    (turn + opening, period_px * stretch),
  ):
    along = rows * np.sin(angle) + columns * np.cos(angle)
    phases.append(2 * np.pi * along / period)
  sharpness = rng.uniform(0.5, 4)
  first, second = phases
  image = np.exp(sharpness * (np.cos(first) + np.cos(second) - 2))
  if rng.random() < 0.6:
    other = np.exp(sharpness * (-np.cos(first) - np.cos(second) - 2))
    image = image + rng.uniform(0.1, 0.9) * other
  image = image * np.exp(
    _smooth(side_px, side_px / 5, rng) * rng.uniform(0, 0.4)
  )
  if rng.random() < 0.3:
    image = -image
  return image + rng.normal(
    0, draw_log((0.02, 1.0), rng) * image.std(), image.shape
  )


def _diffraction(side_px: int, rng: np.random.Generator) -> np.ndarray:
  """Spots or rings around a bright centre."""
  rows, columns = np.mgrid[:side_px, :side_px] - side_px / 2
  radius = np.hypot(rows, columns) + 1
  image = 1 / (radius / side_px + 0.03) ** rng.uniform(0.5, 2)
  width = side_px * rng.uniform(0.004, 0.03)
  spacing = side_px * rng.uniform(0.05, 0.25)
  strength = image.max() * rng.uniform(0.1, 1)
  if rng.random() < 0.5:
    off = radius - spacing * np.maximum(1, np.rint(radius / spacing))
    rings = np.exp(-((off / width) ** 2))
    image = image + strength * rings * np.exp(-radius / side_px * 3)
  else:
    turn = rng.uniform(0, np.pi / 2)
    first = rows * np.cos(turn) + columns * np.sin(turn)
    second = columns * np.cos(turn) - rows * np.sin(turn)
    away = [one - spacing * np.rint(one / spacing) for one in (first, second)]
    spots = np.exp(-((np.hypot(*away) / width) ** 2))
    image = image + strength * spots * np.exp(-radius / side_px * 3)
  image = image ** rng.uniform(0.2, 1.0)
  return image + rng.normal(
    0, draw_log((0.01, 0.5), rng) * image.std(), image.shape
  )


def _noise(side_px: int, rng: np.random.Generator) -> np.ndarray:
  """Nothing but noise, of any smoothness."""
  width_px = 0.0 if rng.random() < 0.4 else draw_log((0.5, 12.0), rng)
  return _smooth(side_px, width_px, rng) + draw(
    (0, 1), rng
  ) * rng.standard_normal((side_px, side_px))


def _even(side_px: int, rng: np.random.Generator) -> np.ndarray:
  """One grey level, or a slope of it, with a little noise."""
  slope = np.linspace(0, rng.uniform(0, 5), side_px)[:, None]
  image = np.broadcast_to(slope, (side_px, side_px))
  return image + draw((0, 0.5), rng) * rng.standard_normal(image.shape)


def _smooth(
  side_px: int, width_px: float, rng: np.random.Generator
) -> np.ndarray:
  """Gaussian noise of that width, with a standard deviation of 1."""
  noise = ndimage.gaussian_filter(
    rng.standard_normal((side_px, side_px)), width_px, mode='wrap'
  )
  return noise / noise.std()
