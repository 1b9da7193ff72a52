"""Contrast: what the foil leaves of a beam that comes down on it.

Every function returns a float32 map of the micrograph. Lengths are in
nanometres; transmissions are relative to a bare foil of mean thickness.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from defectseg_jax.simulation.dislocations import STEP_NM, Line
from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.particles import Particle, Silhouette

Seen = Sequence[tuple[Particle, Silhouette]]


def defect_transmission(
  foil: FoilParameters,
  voids: Seen,
  precipitates: Seen,
  lines: Sequence[Line],
  rng: np.random.Generator,
) -> np.ndarray:
  """Of voids, precipitates and dislocations alone.

  Args:
    foil: its parameters.
    voids: with their silhouettes.
    precipitates: with their silhouettes.
    lines: in the foil.
    rng: of what differs from particle to particle.

  Returns:
    float32 [side_px, side_px], 1 where nothing is in the beam's way.
  """
  missing, rims = _void_maps(foil, voids)
  denser, strain = _precipitate_maps(foil, precipitates, rng)
  # The beam weakens by absorption: exp(-thickness / absorption length).
  exponent = (missing - denser) / foil.contrast.absorption_length_nm
  exponent -= foil.contrast.line_darkness * _line_map(foil, lines, rng)
  return np.exp(exponent + rims + strain, dtype=np.float32)


def matrix_transmission(
  foil: FoilParameters, rng: np.random.Generator
) -> np.ndarray:
  """Of the foil without its defects: wedge, crystal, surfaces.

  Args:
    foil: its parameters.
    rng: of everything.

  Returns:
    float32 [side_px, side_px], about 1 on average.
  """
  exponent = _wedge(foil, rng)
  exponent += _bend_contours(foil, rng)
  exponent += _laths(foil, rng)
  exponent += _mottling(foil, rng)
  exponent += _surface_spots(foil, rng)
  return np.exp(exponent, dtype=np.float32)


def _void_maps(foil, voids):
  """The foil's missing thickness, and the bright and dark rims of Fresnel.

  Out of focus an edge is bright on one side and dark on the other; how far
  out of focus a void is depends on its depth.
  """
  shape = (foil.side_px, foil.side_px)
  missing, edges = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
  for void, seen in voids:
    area = (seen.rows, seen.columns)
    missing[area] += seen.path_nm
    defocus = 0.7 + 0.6 * void.centre_nm[2] / foil.thickness_nm
    edges[area] = np.maximum(edges[area], defocus * (seen.path_nm > 0))
  near, far = (
    ndimage.gaussian_filter(edges, width / foil.pixel_size_nm, truncate=3)
    for width in (0.6, 1.6)
  )
  return missing, foil.contrast.fresnel_rim * (near - far)


def _precipitate_maps(foil, precipitates, rng):
  """Added thickness of matrix that would absorb as much; strain fields."""
  shape = (foil.side_px, foil.side_px)
  denser, strain = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
  for precipitate, seen in precipitates:
    area = (seen.rows, seen.columns)
    # One diffracts strongly, its neighbour of another orientation does not.
    strength = foil.contrast.precipitate_absorption * rng.lognormal(-0.06, 0.35)
    path = seen.path_nm
    if rng.random() < 0.2:
      path = path * _moire(foil, path.shape, rng)
    denser[area] += strength * path
    if rng.random() < foil.precipitates.halo_fraction:
      _add_strain(strain, precipitate, foil, rng)
  return denser, strain


def _moire(foil, shape, rng):
  """Fringes of two lattices, one above the other."""
  spacing_px = rng.uniform(1.5, 4.0) / foil.pixel_size_nm
  angle, phase = rng.uniform(0, 2 * math.pi, size=2)
  rows, columns = np.ogrid[: shape[0], : shape[1]]
  across = rows * math.sin(angle) + columns * math.cos(angle)
  return 1 + 0.35 * np.cos(2 * math.pi * across / spacing_px + phase)


def _add_strain(strain, precipitate, foil, rng):
  """Two lobes of strain, with a line of no contrast between them."""
  x, y, _ = precipitate.centre_nm
  width = precipitate.diameter_nm * rng.uniform(0.6, 0.9)
  angle = rng.uniform(0, 2 * math.pi)
  darkness = rng.uniform(0.06, 0.16)
  area, u, v = _around(x, y, 2.5 * width, foil)
  u, v = u / width, v / width
  along = u * math.cos(angle) + v * math.sin(angle)
  strain[area] -= darkness * along**2 * np.exp(1 - u**2 - v**2)


def _around(x_nm, y_nm, reach_nm, foil):
  """The pixels about a place, and how far right and down of it they are."""
  pixel = foil.pixel_size_nm
  rows, columns = (
    slice(
      max(0, math.floor((c - reach_nm) / pixel)),
      max(0, min(foil.side_px, math.ceil((c + reach_nm) / pixel))),
    )
    for c in (y_nm, x_nm)
  )
  right = (np.arange(columns.start, columns.stop) + 0.5) * pixel - x_nm
  down = (np.arange(rows.start, rows.stop) + 0.5) * pixel - y_nm
  return (rows, columns), right[None, :], down[:, None]


def _line_map(foil, lines, rng):
  """Dark lines: wider or narrower, beating with depth, dotted at surfaces."""
  pixel = foil.pixel_size_nm
  extinction = foil.contrast.extinction_distance_nm
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  widths = foil.contrast.line_width_nm * np.array([0.8, 1.25])
  canvases = [np.zeros(total.size, np.float64) for _ in widths]
  for line in lines:
    canvas = canvases[rng.integers(len(widths))]
    shift = foil.contrast.line_shift_nm * rng.uniform(-1, 1)
    phase = rng.uniform(0, 2 * math.pi)
    wave = 2 * math.pi * line.points_nm[:, 2] / extinction + phase
    depth = line.points_nm[:, 2]
    to_surface = np.minimum(depth, foil.thickness_nm - depth)
    beating = 0.3 + 0.6 * np.exp(-to_surface / (0.7 * extinction))
    darkness = line.strength * (1 - beating * (1 + np.cos(wave)) / 2)
    along = np.gradient(line.points_nm[:, :2], axis=0)
    advance = np.linalg.norm(along, axis=1)
    sideways = along[:, ::-1] * [-1, 1] / np.maximum(advance, 1e-9)[:, None]
    place = line.points_nm[:, :2] + shift * np.sin(wave)[:, None] * sideways
    # A steep line is not darker for being longer than it looks.
    darkness = darkness * advance / STEP_NM
    _deposit(canvas, place / pixel - 0.5, darkness, foil.side_px)
  for width, canvas in zip(widths, canvases, strict=True):
    if canvas.any():
      sigma_px = width / 2.355 / pixel  # From the width at half height.
      # A line of unit weight per length has this height after the blur.
      height = STEP_NM / pixel * math.sqrt(2 * math.pi) * sigma_px
      total += height * ndimage.gaussian_filter(
        canvas.reshape(total.shape).astype(np.float32), sigma_px, truncate=3
      )
  return total


def _deposit(canvas, places, weights, side):
  """Adds each weight to the four pixels around its place (x, y)."""
  first = np.floor(places).astype(np.int64)
  share = places - first
  for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
    row, column = first[:, 1] + down, first[:, 0] + right
    part = np.abs(1 - down - share[:, 1]) * np.abs(1 - right - share[:, 0])
    inside = (row >= 0) & (row < side) & (column >= 0) & (column < side)
    np.add.at(
      canvas, row[inside] * side + column[inside], (weights * part)[inside]
    )


def _grid(foil):
  """x and y of the pixels, from the centre, in nanometres."""
  x = (np.arange(foil.side_px, dtype=np.float32) + 0.5) * np.float32(
    foil.pixel_size_nm
  ) - np.float32(foil.side_nm / 2)
  return x[None, :], x[:, None]


def _wedge(foil, rng):
  """Thicker towards one side, by wedge_nm over the side of the picture."""
  x, y = _grid(foil)
  angle = rng.uniform(0, 2 * math.pi)
  slope = foil.contrast.wedge_nm / foil.side_nm
  thicker = slope * (x * math.cos(angle) + y * math.sin(angle))
  return -thicker / np.float32(foil.contrast.absorption_length_nm)


def _bend_contours(foil, rng):
  """Dark bands where the bent foil comes to a Bragg angle, with fringes."""
  x, y = _grid(foil)
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  for _ in range(rng.poisson(foil.contrast.bend_contours)):
    angle = rng.uniform(0, 2 * math.pi)
    across = x * math.cos(angle) + y * math.sin(angle)
    along = y * math.cos(angle) - x * math.sin(angle)
    width = rng.uniform(25, 70)
    bent = rng.normal() / (2.5 * foil.side_nm) * along**2
    offset = rng.uniform(-0.5, 0.5) * foil.side_nm
    place = (across + bent - offset) / np.float32(width)
    envelope = np.exp(-(place**2))
    total -= rng.uniform(0.12, 0.3) * envelope * (1 + 0.5 * np.cos(5 * place))
  return total


def _laths(foil, rng):
  """Neighbouring crystals, brighter or darker, and fringes between them."""
  x, y = _grid(foil)
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  angle = rng.uniform(0, 2 * math.pi)
  for _ in range(rng.poisson(foil.contrast.lath_boundaries)):
    turned = rng.normal(angle, 0.15)
    across = x * math.cos(turned) + y * math.sin(turned)
    along = y * math.cos(turned) - x * math.sin(turned)
    waves = 8 * np.sin(along / 60 + rng.uniform(0, 2 * math.pi))
    place = across + waves - rng.uniform(-0.45, 0.45) * foil.side_nm
    total += rng.normal() * 0.08 / (1 + np.exp(-np.clip(place, -40, 40)))
    # The boundary is inclined: as wide, seen from above, as it is deep.
    width = rng.uniform(0.05, 0.3) * foil.thickness_nm
    fringes = 1 + np.cos(2 * math.pi * place / rng.uniform(6, 14))
    total -= rng.uniform(0.05, 0.16) * np.exp(-((place / width) ** 2)) * fringes
  return total


def _mottling(foil, rng):
  """Surface damage and oxide: specks, wisps along a direction, clouds."""
  amplitude = foil.contrast.mottling
  pixel = foil.pixel_size_nm
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  for width_nm, stretch, weight in (
    (0.9, 1.0, 0.5),
    (2.5, 1.0, 0.6),
    (4.0, 4.0, 0.9),
    (14.0, 1.5, 0.8),
    (60.0, 1.0, 1.0),
  ):
    rough = _smooth_noise(
      foil.side_px, width_nm / pixel, stretch * width_nm / pixel, rng
    )
    if stretch > 2:
      # Wisps are dark on an even ground, not bright and dark alike.
      rough = -np.maximum(rough - 0.3, 0)
    total += np.float32(amplitude * weight) * rough
  return total


def _smooth_noise(side_px, height_px, width_px, rng):
  """Gaussian noise of unit variance, smooth over so many pixels."""
  # Drawn on a coarser grid where it is smooth: the same to the eye, and quick.
  coarser = max(1, int(min(height_px, width_px) / 2))
  side = -(-side_px // coarser) + 2
  noise = rng.standard_normal((side, side), np.float32)
  sigmas = height_px / coarser, width_px / coarser
  smooth = ndimage.gaussian_filter(noise, sigmas, mode='wrap', truncate=3)
  smooth /= smooth.std() + 1e-12
  if coarser > 1:
    smooth = ndimage.zoom(smooth, coarser, order=1)
  return smooth[:side_px, :side_px]


def _surface_spots(foil, rng):
  """Pits and oxide islands: soft spots, bright or dark, that are no defects."""
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  area_um2 = foil.area_m2 * 1e12
  for _ in range(rng.poisson(foil.contrast.surface_spots_per_um2 * area_um2)):
    x, y = rng.uniform(0, foil.side_nm, size=2)
    width = rng.uniform(3, 13)
    stretch, angle = rng.uniform(0.5, 1), rng.uniform(0, math.pi)
    height = rng.choice([-1.0, 1.0]) * rng.uniform(0.05, 0.16)
    area, u, v = _around(x, y, 3 * width, foil)
    u, v = u / width, v / width
    first = u * math.cos(angle) + v * math.sin(angle)
    second = (v * math.cos(angle) - u * math.sin(angle)) / stretch
    total[area] += height * np.exp(-(first**2) - second**2)
  return total
