"""Contrast of the defects: what they take from the beam, or let through.

Lengths are in nanometres; a transmission is relative to a foil of mean
thickness without defects. Numbers without a named source are by eye.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from defectseg_jax.simulation.dislocation_curves import STEP_NM
from defectseg_jax.simulation.dislocations import Line
from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.particle_shapes import Particle
from defectseg_jax.simulation.pixel_grid import slopes, window_around
from defectseg_jax.simulation.silhouettes import VisibleParticle

# Widths of the two blurs whose difference is a Fresnel rim; by eye.
_RIM_WIDTHS_NM = (0.6, 1.6)
# Spread of the strength of diffraction between precipitates: logarithmic mean
# and standard deviation; by eye.
_STRENGTH_LOG_MEAN, _STRENGTH_LOG_STD = -0.06, 0.35
# Fraction of precipitates with moiré fringes, and their amplitude; by eye.
_MOIRE_FRACTION, _MOIRE_AMPLITUDE = 0.2, 0.35
# Images of lines are narrower or wider than `line_width_nm`; by eye.
_RELATIVE_LINE_WIDTHS = (0.8, 1.25)
# Width at half height over standard deviation of a Gaussian: 2 sqrt(2 ln 2).
_WIDTH_PER_STD = 2.355


def defect_transmission(
  foil: FoilParameters,
  voids: Sequence[VisibleParticle],
  precipitates: Sequence[VisibleParticle],
  lines: Sequence[Line],
  rng: np.random.Generator,
) -> np.ndarray:
  """The beam's transmission by voids, precipitates and dislocations alone.

  The beam weakens by absorption: exp(-thickness / absorption length).

  Args:
    foil: its parameters.
    voids: with their silhouettes.
    precipitates: with their silhouettes.
    lines: in the foil.
    rng: random numbers for what differs from particle to particle.

  Returns:
    float32 [side_px, side_px], 1 where no defect is in the beam's way.
  """
  missing_nm, rims = _void_contrast(foil, voids)
  added_nm, strain = _precipitate_contrast(foil, precipitates, rng)
  exponent = (missing_nm - added_nm) / foil.contrast.absorption_length_nm
  exponent -= foil.contrast.line_darkness * _line_contrast(foil, lines, rng)
  return np.exp(exponent + rims + strain, dtype=np.float32)


def _void_contrast(
  foil: FoilParameters, voids: Sequence[VisibleParticle]
) -> tuple[np.ndarray, np.ndarray]:
  """The missing thickness, and the bright and dark Fresnel rims.

  Out of focus an edge is bright on one side and dark on the other; how far
  out of focus a void is depends on its depth.
  """
  shape = (foil.side_px, foil.side_px)
  missing, edges = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
  for void, seen in voids:
    area = (seen.rows, seen.columns)
    missing[area] += seen.path_nm
    # From 0.7 at the upper surface to 1.3 at the lower one; by eye.
    defocus = 0.7 + 0.6 * void.centre_nm[2] / foil.thickness_nm
    edges[area] = np.maximum(edges[area], defocus * (seen.path_nm > 0))
  if not voids:
    return missing, edges
  near, far = (
    ndimage.gaussian_filter(edges, width / foil.pixel_size_nm, truncate=3)
    for width in _RIM_WIDTHS_NM
  )
  return missing, foil.contrast.fresnel_rim * (near - far)


def _precipitate_contrast(
  foil: FoilParameters,
  precipitates: Sequence[VisibleParticle],
  rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
  """Thickness of matrix that would absorb as much, and strain fields."""
  shape = (foil.side_px, foil.side_px)
  added, strain = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
  for precipitate, seen in precipitates:
    area = (seen.rows, seen.columns)
    # One diffracts strongly, its neighbour of another orientation does not.
    strength = foil.contrast.precipitate_absorption * rng.lognormal(
      _STRENGTH_LOG_MEAN, _STRENGTH_LOG_STD
    )
    path = seen.path_nm
    if rng.random() < _MOIRE_FRACTION:
      path = path * _moire_fringes(foil, path.shape, rng)
    added[area] += strength * path
    if rng.random() < foil.precipitates.halo_fraction:
      _add_strain(strain, precipitate, foil, rng)
  return added, strain


def _moire_fringes(
  foil: FoilParameters, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
  """Fringes of two lattices, one above the other."""
  # In nanometres; by eye.
  spacing_px = rng.uniform(1.5, 4.0) / foil.pixel_size_nm
  angle, phase = rng.uniform(0, 2 * math.pi, size=2)
  rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])
  across = rows * math.sin(angle) + columns * math.cos(angle)
  return 1 + _MOIRE_AMPLITUDE * np.cos(
    2 * math.pi * across / spacing_px + phase
  )


def _add_strain(
  strain: np.ndarray,
  precipitate: Particle,
  foil: FoilParameters,
  rng: np.random.Generator,
) -> None:
  """Adds two dark lobes, with a line of no contrast between them."""
  x, y, _ = precipitate.centre_nm
  # Size and darkness by eye.
  width = precipitate.diameter_nm * rng.uniform(0.6, 0.9)
  angle = rng.uniform(0, 2 * math.pi)
  darkness = rng.uniform(0.06, 0.16)
  area, u, v = window_around(x, y, 2.5 * width, foil)
  u, v = u / width, v / width
  along = u * math.cos(angle) + v * math.sin(angle)
  strain[area] -= darkness * along**2 * np.exp(1 - u**2 - v**2)


def _line_contrast(
  foil: FoilParameters, lines: Sequence[Line], rng: np.random.Generator
) -> np.ndarray:
  """Dark lines of two widths: about 1 in the middle of a strong line."""
  pixel = foil.pixel_size_nm
  total = np.zeros((foil.side_px, foil.side_px), np.float32)
  widths = foil.contrast.line_width_nm * np.array(_RELATIVE_LINE_WIDTHS)
  canvases = np.zeros((len(widths), total.size), np.float64)
  if lines:
    _draw_lines(canvases, lines, foil, rng)
  for width, canvas in zip(widths, canvases, strict=True):
    if canvas.any():
      sigma_px = width / _WIDTH_PER_STD / pixel
      # A line of unit weight per length has this height after the blur.
      height = STEP_NM / pixel * math.sqrt(2 * math.pi) * sigma_px
      total += height * ndimage.gaussian_filter(
        canvas.reshape(total.shape).astype(np.float32), sigma_px, truncate=3
      )
  return total


def _draw_lines(
  canvases: np.ndarray,
  lines: Sequence[Line],
  foil: FoilParameters,
  rng: np.random.Generator,
) -> None:
  """Adds lines that beat with depth, and are dotted near the surfaces.

  A line's image swings from side to side of it as the contrast beats. All
  points of all lines are worked out in a row.
  """
  canvas, shift, phase = np.array(
    [
      (
        rng.integers(len(canvases)),
        foil.contrast.line_shift_nm * rng.uniform(-1, 1),
        rng.uniform(0, 2 * math.pi),
      )
      for _ in lines
    ]
  ).T
  counts = np.array([len(line.points_nm) for line in lines])
  last = counts.cumsum() - 1
  first = last + 1 - counts
  line = np.repeat(np.arange(len(lines)), counts)
  points = np.concatenate([one.points_nm for one in lines])
  depth, flat = points[:, 2], points[:, :2]
  extinction = foil.contrast.extinction_distance_nm
  wave = 2 * math.pi * depth / extinction + phase[line]
  to_surface = np.minimum(depth, foil.thickness_nm - depth)
  # Beating is strongest at a surface, and fades with depth; by eye.
  beating = 0.3 + 0.6 * np.exp(-to_surface / (0.7 * extinction))
  strength = np.array([one.strength for one in lines])
  darkness = strength[line] * (1 - beating * (1 + np.cos(wave)) / 2)
  along = slopes(flat)
  along[first] = flat[first + 1] - flat[first]
  along[last] = flat[last] - flat[last - 1]
  advance = np.linalg.norm(along, axis=1)
  sideways = along[:, ::-1] * [-1, 1] / np.maximum(advance, 1e-9)[:, None]
  place = flat + (shift[line] * np.sin(wave))[:, None] * sideways
  # A steep line is not darker for being longer than it looks.
  darkness = darkness * advance / STEP_NM
  # Line after line, and of each line corner after corner: sums keep their bits.
  corners = 4 * first[line] + np.arange(len(line)) - first[line]
  _deposit(
    canvases,
    canvas.astype(np.int64)[line],
    place / foil.pixel_size_nm - 0.5,
    darkness,
    corners + counts[line] * np.arange(4)[:, None],
    foil.side_px,
  )


def _deposit(
  canvases: np.ndarray,
  canvas: np.ndarray,
  places: np.ndarray,
  weights: np.ndarray,
  order: np.ndarray,
  side: int,
) -> None:
  """Adds each weight to the four pixels around its place (x, y).

  Args:
    canvases: [canvases, side * side].
    canvas: [points], to which of them each belongs.
    places: [points, 2].
    weights: [points].
    order: [4, points], in which the corners of the points are added.
    side: of the micrograph.
  """
  first = np.floor(places).astype(np.int64)
  share = places - first
  pixels, parts = np.full(order.size, -1), np.empty(order.size)
  for corner, (down, right) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
    row, column = first[:, 1] + down, first[:, 0] + right
    part = np.abs(1 - down - share[:, 1]) * np.abs(1 - right - share[:, 0])
    inside = (row >= 0) & (row < side) & (column >= 0) & (column < side)
    pixel = (canvas * side + row) * side + column
    pixels[order[corner]] = np.where(inside, pixel, -1)
    parts[order[corner]] = weights * part
  kept = pixels >= 0
  np.add.at(canvases.reshape(-1), pixels[kept], parts[kept])
