"""Shapes of voids and precipitates, as the beam crosses them.

Lengths are in nanometres: x along columns, y along rows, z down from the
surface that the beam enters. Numbers without a named source are by eye.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable

import numpy as np
from scipy import spatial

from defectseg_jax.simulation.parameters import Precipitates

Span = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# Outlines of precipitates are radii at this many angles: by eye, finer than a
# pixel for particles of these sizes.
_ANGLES = 256
# Faces of a void: {111}, {100} and {110}. The distances of {100} and {110} from
# the centre, relative to {111}, are by eye.
_FACES_111 = np.array(list(itertools.product((-1, 1), repeat=3))) / math.sqrt(3)
_FACES_100 = np.concatenate([np.eye(3), -np.eye(3)])
_FACES_110 = np.array(
  [f for f in itertools.product((-1, 0, 1), repeat=3) if np.abs(f).sum() == 2]
) / math.sqrt(2)
_DISTANCES = (1.0, 1.15, 1.13)


@dataclasses.dataclass(frozen=True, eq=False)
class Particle:
  """One void or precipitate.

  Attributes:
    kind: void or precipitate.
    centre_nm: x, y, z.
    diameter_nm: of the circle of the same area as the whole particle seen
      from above.
    volume_nm3: of the whole particle.
    reach_nm: largest distance of its outline from its centre, seen from above.
    spans_nm: of arrays x, y relative to the centre, the z, relative to it, at
      which the beam enters and leaves; entry > exit where it passes by.
  """

  kind: str
  centre_nm: np.ndarray
  diameter_nm: float
  volume_nm3: float
  reach_nm: float
  spans_nm: Span


def create_sphere(centre_nm: np.ndarray, diameter_nm: float) -> Particle:
  """A spherical void."""
  radius = diameter_nm / 2

  def spans(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
    return -half, half

  return Particle(
    kind='void',
    centre_nm=centre_nm,
    diameter_nm=diameter_nm,
    volume_nm3=math.pi / 6 * diameter_nm**3,
    reach_nm=radius,
    spans_nm=spans,
  )


def create_truncated_octahedron(
  centre_nm: np.ndarray,
  diameter_nm: float,
  crystal: np.ndarray,
  truncation: np.ndarray,
) -> Particle:
  """A void with {111} faces, and {100} and {110} faces nearer or further.

  Args:
    centre_nm: x, y, z.
    diameter_nm: of the circle of the same area, seen from above.
    crystal: [3, 3], rotation of the crystal's axes.
    truncation: [3], relative distances of the {100} faces, of the {110} faces,
      and of every other {111} face.

  Returns:
    The void.
  """
  normals, distances, corners, area, volume = _unit_octahedron(
    crystal.tobytes(), truncation.tobytes()
  )
  scale = diameter_nm / 2 / math.sqrt(area / math.pi)
  return Particle(
    kind='void',
    centre_nm=centre_nm,
    diameter_nm=diameter_nm,
    volume_nm3=volume * scale**3,
    reach_nm=float(np.hypot(*corners[:, :2].T).max()) * scale,
    spans_nm=_make_polyhedron_spans(normals, distances * scale),
  )


@functools.lru_cache(maxsize=16)
def _unit_octahedron(
  crystal: bytes, truncation: bytes
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, float]:
  """Normals, distances, corners, area from above and volume, {111} at 1.

  Arguments are the bytes of the arrays that `create_truncated_octahedron`
  takes: voids of one shape have it worked out once.
  """
  relative = np.frombuffer(truncation)
  axes = np.frombuffer(crystal).reshape(3, 3)
  normals = np.concatenate([_FACES_111, _FACES_100, _FACES_110]) @ axes.T
  distances = np.repeat(_DISTANCES, [8, 6, 12])
  distances *= np.repeat([1.0, *relative[:2]], [8, 6, 12])
  # Opposite faces do not grow alike.
  distances[:8] *= np.where(np.arange(8) % 2, 1.0, relative[2])
  corners = spatial.HalfspaceIntersection(
    np.concatenate([normals, -distances[:, None]], axis=1), np.zeros(3)
  ).intersections
  # In two dimensions qhull's `volume` is the area.
  area = spatial.ConvexHull(corners[:, :2]).volume
  return normals, distances, corners, area, spatial.ConvexHull(corners).volume


def _make_polyhedron_spans(normals: np.ndarray, distances: np.ndarray) -> Span:
  """Where a beam enters and leaves the half-spaces normal . r <= distance."""
  down = normals[:, 2] > 1e-9
  up = normals[:, 2] < -1e-9
  upright = ~(down | up)

  def spans(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    heights = (
      distances[:, None, None]
      - normals[:, 0, None, None] * x
      - normals[:, 1, None, None] * y
    )
    slopes = normals[:, 2, None, None]
    leaving = (heights[down] / slopes[down]).min(axis=0)
    entry = (heights[up] / slopes[up]).max(axis=0)
    if upright.any():
      passes = (heights[upright] >= 0).all(axis=0)
      leaving = np.where(passes, leaving, entry)
    return entry, leaving

  return spans


def create_irregular_ellipsoid(
  centre_nm: np.ndarray,
  diameter_nm: float,
  precipitates: Precipitates,
  rng: np.random.Generator,
) -> Particle:
  """A precipitate: an ellipse with a wavy outline, rounded off in depth.

  Args:
    centre_nm: x, y, z.
    diameter_nm: of the circle of the same area, seen from above.
    precipitates: their elongation and roughness.
    rng: random numbers for the shape.

  Returns:
    The precipitate.
  """
  angle = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)
  elongation = rng.uniform(1, precipitates.elongation)
  turned = angle - rng.uniform(0, math.pi)
  radius = 1 / np.hypot(
    np.cos(turned) / math.sqrt(elongation),
    np.sin(turned) * math.sqrt(elongation),
  )
  # Two to six waves around, lower where they are more; by eye.
  for waves in range(2, 7):
    phase = rng.uniform(0, 2 * math.pi)
    amplitude = precipitates.roughness * rng.normal() / waves
    radius = radius * np.exp(amplitude * np.cos(waves * angle + phase))
  # The area of the outline is the mean of pi r^2 over angles.
  radius *= diameter_nm / 2 / math.sqrt(np.mean(radius**2))
  # Up to 1.2 times as deep as wide; by eye.
  half_depth = diameter_nm / 2 * rng.uniform(1 / math.sqrt(elongation), 1.2)
  closed = np.append(radius, radius[0])

  def spans(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place = (np.arctan2(y, x) / (2 * math.pi) % 1.0) * _ANGLES
    before = np.minimum(place.astype(int), _ANGLES - 1)
    share = place - before
    outline = closed[before] * (1 - share) + closed[before + 1] * share
    half = half_depth * np.sqrt(np.maximum(1 - (x**2 + y**2) / outline**2, 0))
    return -half, half

  return Particle(
    kind='precipitate',
    centre_nm=centre_nm,
    diameter_nm=diameter_nm,
    # The mean of sqrt(1 - q^2) over a unit disc is 2/3.
    volume_nm3=2 * half_depth * (2 / 3) * math.pi / 4 * diameter_nm**2,
    reach_nm=float(radius.max()),
    spans_nm=spans,
  )
