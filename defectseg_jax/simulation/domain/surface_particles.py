"""Particles of a polished or etched surface, as SEM shows them.

Lengths are in pixels. Brightness is in units of the contrast of a typical
particle; the matrix has 0. All numbers are by eye, after secondary-electron
micrographs of alloys.
"""

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from defectseg_jax.simulation.domain.diffraction import window
from defectseg_jax.simulation.domain.draws import draw, draw_log
from defectseg_jax.simulation.pixel_grid import slopes
from defectseg_jax.simulation.silhouettes import Silhouette

# Outlines are radii at this many angles.
_ANGLES = 96
_AROUND = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)
# A rim is drawn to so many times its width.
_RIM_REACH = 3.0


@dataclasses.dataclass(frozen=True, eq=False)
class SurfaceParticle:
  """One particle, or two that have grown together.

  Attributes:
    centres: row and column of each part.
    outlines: radius at angles from 0 to 2 pi, of each part.
    strength: of its contrast, 1 for a typical one.
    edge_px: width of its edge; as large as the particle if it is buried.
    buried: whether it lies below the surface; it has no rim.
  """

  centres: tuple[tuple[float, float], ...]
  outlines: tuple[np.ndarray, ...]
  strength: float
  edge_px: float
  buried: bool

  @functools.cached_property
  def radius_px(self) -> float:
    """Of the largest part, on average."""
    return max(float(outline.mean()) for outline in self.outlines)

  def depth_px(
    self, down: Float[np.ndarray, 'h 1'], right: Float[np.ndarray, '1 w']
  ) -> Float[np.ndarray, 'h w']:
    """Distance from the outline, about; above 0 inside.

    Args:
      down: distances from the first part's centre.
      right: likewise.

    Returns:
      float32 [H, W].
    """
    row, column = self.centres[0]
    parts = [
      _outline_depth(down - (y - row), right - (x - column), outline)
      for (y, x), outline in zip(self.centres, self.outlines, strict=True)
    ]
    if len(parts) == 1:
      return parts[0]
    # A smooth maximum, so that there is a neck between the two.
    neck = np.float32(0.12 * self.radius_px)
    return neck * np.logaddexp(parts[0] / neck, parts[1] / neck)


@dataclasses.dataclass(frozen=True)
class Relief:
  """How edges and insides look, alike for all particles of a micrograph.

  Attributes:
    light_rad: direction to which rims are bright, from the x axis down.
    rim: brightness of the rim on that side.
    rim_px: its width.
    shadow: darkness of the opposite side, outside.
    halo: brightness of a rim all around.
    halo_px: its width.
    shading: how much darker the inside is on the side away from the light.
    hollow: how much fainter the middle is than the edge.
    texture: standard deviation of the inside.
    spotted_fraction: of the particles that have spots inside.
  """

  light_rad: float
  rim: float
  rim_px: float
  shadow: float
  halo: float
  halo_px: float
  shading: float
  hollow: float
  texture: float
  spotted_fraction: float


def draw_outline(
  radius_px: float,
  *,
  elongation: float,
  roughness: float,
  corners: float,
  turn_rad: float,
  rng: np.random.Generator,
) -> np.ndarray:
  """An ellipse, or a box with round corners, with a wavy outline.

  Args:
    radius_px: of the circle of the same area.
    elongation: length over width, 1 or more.
    roughness: of the outline; 0 for none.
    corners: exponent of the superellipse; 2 is an ellipse, 8 nearly a box.
    turn_rad: direction of its length.
    rng: random numbers for the waves.

  Returns:
    Radii at angles from 0 to 2 pi, the first as the last.
  """
  turned = _AROUND - turn_rad
  across, along = math.sqrt(elongation), 1 / math.sqrt(elongation)
  radius = (
    np.abs(along * np.cos(turned)) ** corners
    + np.abs(across * np.sin(turned)) ** corners
  ) ** (-1 / corners)
  for waves in range(2, 6):
    phase = rng.uniform(0, 2 * math.pi)
    height = roughness * rng.normal() / waves
    radius = radius * np.exp(height * np.cos(waves * _AROUND + phase))
  radius *= radius_px / math.sqrt(np.mean(radius**2))
  return np.concatenate([radius, radius[:1]])


def paint_particles(
  side_px: int,
  particles: Sequence[SurfaceParticle],
  relief: Relief,
  texture: Float[np.ndarray, '{side_px} {side_px}'],
  rng: np.random.Generator,
) -> tuple[Float[np.ndarray, '{side_px} {side_px}'], list[Silhouette | None]]:
  """Particles on a matrix of brightness 0, later ones over earlier ones.

  Args:
    side_px: of the micrograph.
    particles: dark.
    relief: how they look.
    texture: [side_px, side_px], of standard deviation 1.
    rng: random numbers for spots.

  Returns:
    float32 [side_px, side_px]; and the silhouette of each particle, whose
    `path_nm` is 1 inside; None where nothing of it is in the micrograph.
  """
  picture = np.zeros((side_px, side_px), np.float32)
  silhouettes: list[Silhouette | None] = []
  for particle in particles:
    reach = max(float(o.max()) for o in particle.outlines)
    row, column = particle.centres[0]
    reach += max(math.hypot(y - row, x - column) for y, x in particle.centres)
    rims = 0 if particle.buried else max(relief.rim_px, relief.halo_px)
    reach += max(4 * particle.edge_px, _RIM_REACH * rims) + 2
    rows, columns, down, right = window(side_px, (row, column), reach)
    if down.size < 2 or right.size < 2:
      silhouettes.append(None)
      continue
    depth = particle.depth_px(down.astype(np.float32), right.astype(np.float32))
    _paint(
      picture[rows, columns], particle, relief, depth, texture[rows, columns]
    )
    if not particle.buried and rng.random() < relief.spotted_fraction:
      _paint_spots(picture[rows, columns], down, right, particle, depth, rng)
    silhouettes.append(_silhouette(rows, columns, depth, side_px))
  return picture, silhouettes


def _paint(
  picture: np.ndarray,
  particle: SurfaceParticle,
  relief: Relief,
  depth: np.ndarray,
  texture: np.ndarray,
) -> None:
  """One particle, in a window of the picture."""
  body = 1 / (
    1 + np.exp(np.clip(-depth / np.float32(particle.edge_px), -30, 30))
  )
  if particle.buried:
    picture -= np.float32(particle.strength) * body
    return
  down, right = slopes(depth), slopes(depth.T).T
  steep = np.maximum(np.hypot(down, right), np.float32(1e-6))
  # The outward normal, towards the light.
  facing = (
    -(
      right * np.float32(math.cos(relief.light_rad))
      + down * np.float32(math.sin(relief.light_rad))
    )
    / steep
  )
  inner = np.clip(depth / np.float32(particle.radius_px), 0, 1)
  inside = (
    -np.float32(particle.strength)
    * (
      (1 - np.float32(relief.shading) * facing * (1 - inner))
      * (1 - np.float32(relief.hollow) * inner)
    )
    + np.float32(relief.texture) * texture
  )
  place = depth / np.float32(relief.rim_px) + np.float32(0.7)
  rim = np.exp(-np.minimum(place * place, 30))
  light = np.clip(facing, 0, 1)
  outside = rim * (
    np.float32(relief.rim) * light * np.sqrt(light)
    - np.float32(relief.shadow) * np.clip(-facing, 0, 1)
  )
  if relief.halo:
    place = depth / np.float32(relief.halo_px) + np.float32(0.8)
    outside += np.float32(relief.halo) * np.exp(-np.minimum(place * place, 30))
  height = np.float32(particle.strength**0.7)
  picture *= 1 - body
  picture += body * inside + height * outside


def _paint_spots(
  picture: np.ndarray,
  down: np.ndarray,
  right: np.ndarray,
  particle: SurfaceParticle,
  depth: np.ndarray,
  rng: np.random.Generator,
) -> None:
  """A few bright or dark spots inside, as of a second phase."""
  radius = particle.radius_px
  body = np.clip(depth / max(1.0, particle.edge_px) + 0.5, 0, 1)
  for _ in range(rng.integers(1, 4)):
    y, x = rng.normal(0, 0.35 * radius, size=2)
    width = np.float32(radius * draw_log((0.12, 0.45), rng))
    spot = np.exp(-(((down - y) ** 2 + (right - x) ** 2) / width**2))
    picture += (
      draw((-0.7, 1.3), rng) * particle.strength * spot * body
    ).astype(np.float32)


def _silhouette(
  rows: slice, columns: slice, depth: np.ndarray, side_px: int
) -> Silhouette | None:
  inside = depth > 0
  if not inside.any():
    return None
  at_edges = [
    (rows.start == 0, inside[0]),
    (rows.stop == side_px, inside[-1]),
    (columns.start == 0, inside[:, 0]),
    (columns.stop == side_px, inside[:, -1]),
  ]
  return Silhouette(
    rows=rows,
    columns=columns,
    path_nm=inside.astype(np.float32),
    touches_border=any(edge and line.any() for edge, line in at_edges),
    cut_by_surface=True,
    volume_in_foil_nm3=0.0,
  )


def _outline_depth(
  down: np.ndarray, right: np.ndarray, outline: np.ndarray
) -> np.ndarray:
  """Radius of the outline minus distance from the centre."""
  place = np.arctan2(down, right) * np.float32(_ANGLES / (2 * math.pi))
  place += np.float32(_ANGLES) * (place < 0)
  before = np.minimum(place.astype(np.int32), _ANGLES - 1)
  share = place - before
  radii = outline.astype(np.float32)
  radius = radii[before] + share * (radii[before + 1] - radii[before])
  # Beside the tips of an ellipse the outline is nearer than along the radius.
  narrow = np.float32(radii.min()) / np.maximum(radius, np.float32(1e-6))
  return (radius - np.hypot(down, right)) * np.sqrt(narrow)
