"""Contrast of the foil without its defects: wedge, crystal, surfaces.

Lengths are in nanometres. The parts add up in the exponent of the beam's
transmission. Numbers without a named source are by eye.
"""

import math

import numpy as np
from scipy import ndimage

from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.pixel_grid import (
  centred_coordinates,
  window_around,
)

# Mottling is a sum of these: grain, elongation of the grain, and weight; by
# eye. In turn they are specks, coarser specks, wisps along a direction, patches
# and clouds.
_MOTTLES_NM = (
  (0.9, 1.0, 0.5),
  (2.5, 1.0, 0.6),
  (4.0, 4.0, 0.9),
  (14.0, 1.5, 0.8),
  (60.0, 1.0, 1.0),
)


def matrix_transmission(
  foil: FoilParameters, rng: np.random.Generator
) -> np.ndarray:
  """The beam's transmission by the foil without its defects.

  Args:
    foil: its parameters.
    rng: random numbers for everything.

  Returns:
    float32 [side_px, side_px], about 1 on average.
  """
  exponent = _wedge(foil, rng)
  exponent += _bend_contours(foil, rng)
  exponent += _lath_boundaries(foil, rng)
  exponent += _mottling(foil, rng)
  exponent += _surface_spots(foil, rng)
  return np.exp(exponent, dtype=np.float32)


def _wedge(foil: FoilParameters, rng: np.random.Generator) -> np.ndarray:
  """Thicker towards one side, by wedge_nm over the side of the micrograph."""
  x, y = centred_coordinates(foil)
  angle = rng.uniform(0, 2 * math.pi)
  slope = foil.contrast.wedge_nm / foil.side_nm
  thicker = slope * (x * math.cos(angle) + y * math.sin(angle))
  return -thicker / np.float32(foil.contrast.absorption_length_nm)


def _bend_contours(
  foil: FoilParameters, rng: np.random.Generator
) -> np.ndarray:
  """Dark bands where the bent foil comes to a Bragg angle, with fringes."""
  x, y = centred_coordinates(foil)
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  for _ in range(rng.poisson(foil.contrast.bend_contours)):
    angle = rng.uniform(0, 2 * math.pi)
    across = x * math.cos(angle) + y * math.sin(angle)
    along = y * math.cos(angle) - x * math.sin(angle)
    # Width, curvature, darkness and fringes by eye.
    width = rng.uniform(25, 70)
    bent = rng.normal() / (2.5 * foil.side_nm) * along**2
    offset = rng.uniform(-0.5, 0.5) * foil.side_nm
    place = (across + bent - offset) / np.float32(width)
    envelope = np.exp(-(place**2))
    total -= rng.uniform(0.12, 0.3) * envelope * (1 + 0.5 * np.cos(5 * place))
  return total


def _lath_boundaries(
  foil: FoilParameters, rng: np.random.Generator
) -> np.ndarray:
  """Neighbouring crystals, brighter or darker, and fringes between them."""
  x, y = centred_coordinates(foil)
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  angle = rng.uniform(0, 2 * math.pi)
  for _ in range(rng.poisson(foil.contrast.lath_boundaries)):
    # Laths lie side by side: their boundaries are nearly parallel. How nearly,
    # how wavy, and how much brighter a lath is than the next one: by eye.
    turned = rng.normal(angle, 0.15)
    across = x * math.cos(turned) + y * math.sin(turned)
    along = y * math.cos(turned) - x * math.sin(turned)
    waves = 8 * np.sin(along / 60 + rng.uniform(0, 2 * math.pi))
    place = across + waves - rng.uniform(-0.45, 0.45) * foil.side_nm
    total += rng.normal() * 0.08 / (1 + np.exp(-np.clip(place, -40, 40)))
    # The boundary is inclined: from above, it is as wide as it is deep. Its
    # width, and the spacing and darkness of its fringes, are by eye.
    width = rng.uniform(0.05, 0.3) * foil.thickness_nm
    fringes = 1 + np.cos(2 * math.pi * place / rng.uniform(6, 14))
    total -= rng.uniform(0.05, 0.16) * np.exp(-((place / width) ** 2)) * fringes
  return total


def _mottling(foil: FoilParameters, rng: np.random.Generator) -> np.ndarray:
  """Surface damage and oxide: specks, wisps along a direction, clouds."""
  amplitude = foil.contrast.mottling
  pixel = foil.pixel_size_nm
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  for grain_nm, stretch, weight in _MOTTLES_NM:
    rough = _smooth_noise(
      foil.side_px, grain_nm / pixel, stretch * grain_nm / pixel, rng
    )
    if stretch > 2:
      # Wisps are dark on an even ground, not bright and dark alike; how many
      # there are, by eye.
      rough = -np.maximum(rough - 0.3, 0)
    total += np.float32(amplitude * weight) * rough
  return total


def _smooth_noise(
  side_px: int, height_px: float, width_px: float, rng: np.random.Generator
) -> np.ndarray:
  """Gaussian noise of unit variance, smooth over so many pixels."""
  # Drawn on a coarser grid where it is smooth: it looks the same, and is quick.
  coarser = max(1, int(min(height_px, width_px) / 2))
  side = -(-side_px // coarser) + 2
  noise = rng.standard_normal((side, side), np.float32)
  sigmas = height_px / coarser, width_px / coarser
  smooth = ndimage.gaussian_filter(noise, sigmas, mode='wrap', truncate=3)
  smooth /= smooth.std() + 1e-12
  return _enlarge(smooth, coarser, side_px)


def _enlarge(coarse: np.ndarray, factor: int, side_px: int) -> np.ndarray:
  """The first rows and columns of `ndimage.zoom(coarse, factor, order=1)`.

  To the same bits, in a third of its time.
  """
  if factor == 1:
    return coarse[:side_px, :side_px]
  side = coarse.shape[0]
  place = np.arange(side_px) * ((side - 1) / (side * factor - 1))
  first = place.astype(np.int64)
  near = 1 - (place - first)
  far = 1 - near
  above = coarse[first] * near[:, None]
  below = coarse[first + 1] * far[:, None]
  # In this order, as rounding depends on it.
  total = above.take(first, axis=1) * near
  total += above.take(first + 1, axis=1) * far
  total += below.take(first, axis=1) * near
  total += below.take(first + 1, axis=1) * far
  return total.astype(np.float32)


def _surface_spots(
  foil: FoilParameters, rng: np.random.Generator
) -> np.ndarray:
  """Pits and oxide islands: soft spots, bright or dark, that are no defects."""
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  area_um2 = foil.area_m2 * 1e12
  for _ in range(rng.poisson(foil.contrast.surface_spots_per_um2 * area_um2)):
    x, y = rng.uniform(0, foil.side_nm, size=2)
    # Width, shape and contrast by eye.
    width = rng.uniform(3, 13)
    stretch, angle = rng.uniform(0.5, 1), rng.uniform(0, math.pi)
    height = rng.choice([-1.0, 1.0]) * rng.uniform(0.05, 0.16)
    area, u, v = window_around(x, y, 3 * width, foil)
    u, v = u / width, v / width
    first = u * math.cos(angle) + v * math.sin(angle)
    second = (v * math.cos(angle) - u * math.sin(angle)) / stretch
    total[area] += height * np.exp(-(first**2) - second**2)
  return total
