"""Shapes of voids and precipitates, as the beam crosses them.

Lengths are in nanometres: x along columns, y along rows, z down from the
surface that the beam enters. Numbers without a named source are by eye.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import spatial

from defectseg_jax.simulation.parameters import Precipitates

Span = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# Outlines of precipitates are radii at this many angles: by eye, finer than a
# pixel for particles of these sizes.
_ANGLES = 256
_AROUND = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)
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
  unit = _unit_octahedron(crystal.tobytes(), truncation.tobytes())
  scale = diameter_nm / 2 / math.sqrt(unit.area / math.pi)
  return Particle(
    kind='void',
    centre_nm=centre_nm,
    diameter_nm=diameter_nm,
    volume_nm3=unit.volume * scale**3,
    reach_nm=unit.reach * scale,
    spans_nm=_make_polyhedron_spans(unit, scale),
  )


class _Faces(NamedTuple):
  """Half-spaces x nx + y ny + z nz <= distance; each [faces, 1, 1]."""

  x: np.ndarray
  y: np.ndarray
  z: np.ndarray
  distance: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class _Polyhedron:
  """A convex body around the origin, {111} faces at the distance 1.

  Attributes:
    down: faces that the beam leaves by.
    up: faces that it enters by.
    upright: faces that it runs along.
    reach: largest distance of a corner from the centre, seen from above.
    area: seen from above.
    volume: of the body.
  """

  down: _Faces
  up: _Faces
  upright: _Faces
  reach: float
  area: float
  volume: float


@functools.lru_cache(maxsize=16)
def _unit_octahedron(crystal: bytes, truncation: bytes) -> _Polyhedron:
  """The truncated octahedron whose voids differ by their size alone.

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

  def faces(which: np.ndarray) -> _Faces:
    columns = *normals[which].T, distances[which]
    return _Faces(*(column[:, None, None] for column in columns))

  return _Polyhedron(
    down=faces(normals[:, 2] > 1e-9),
    up=faces(normals[:, 2] < -1e-9),
    upright=faces(np.abs(normals[:, 2]) <= 1e-9),
    reach=float(np.hypot(*corners[:, :2].T).max()),
    # In two dimensions qhull's `volume` is the area.
    area=spatial.ConvexHull(corners[:, :2]).volume,
    volume=spatial.ConvexHull(corners).volume,
  )


def _make_polyhedron_spans(unit: _Polyhedron, scale: float) -> Span:
  """Where a beam enters and leaves the body."""

  def heights(faces: _Faces, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return faces.distance * scale - faces.x * x - faces.y * y

  def spans(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    leaving = (heights(unit.down, x, y) / unit.down.z).min(axis=0)
    entry = (heights(unit.up, x, y) / unit.up.z).max(axis=0)
    if len(unit.upright.z):
      passes = (heights(unit.upright, x, y) >= 0).all(axis=0)
      leaving = np.where(passes, leaving, entry)
    return entry, leaving

  return spans


@dataclasses.dataclass(frozen=True)
class Outline:
  """The shape of a precipitate of diameter 1.

  Attributes:
    elongation: of the ellipse, longest over shortest axis.
    turn_rad: of the ellipse.
    waves: number around, amplitude (of the logarithm of the radius) and phase.
    half_depth: half of its depth.
  """

  elongation: float
  turn_rad: float
  waves: tuple[tuple[int, float, float], ...]
  half_depth: float

  @property
  def reach(self) -> float:
    """No point is farther from the centre, in diameters.

    The diameter is a mean one, and so the largest radius is at most half of
    what it is over the smallest.
    """
    wavy = sum(abs(amplitude) for _, amplitude, _ in self.waves)
    return max(0.5 * self.elongation * math.exp(2 * wavy), self.half_depth)


def draw_outline(
  precipitates: Precipitates, rng: np.random.Generator
) -> Outline:
  """An ellipse with a wavy outline, rounded off in depth.

  Args:
    precipitates: their elongation and roughness.
    rng: random numbers for the shape.
  """
  elongation = 1 + (precipitates.elongation - 1) * rng.random()
  turn_rad = math.pi * rng.random()
  waves = []
  # Two to six waves around, lower where they are more; by eye.
  for number in range(2, 7):
    phase = 2 * math.pi * rng.random()
    amplitude = precipitates.roughness * rng.standard_normal() / number
    waves.append((number, amplitude, phase))
  # Up to 1.2 times as deep as wide; by eye.
  flattest = 1 / math.sqrt(elongation)
  half_depth = 0.5 * (flattest + (1.2 - flattest) * rng.random())
  return Outline(elongation, turn_rad, tuple(waves), half_depth)


def create_irregular_ellipsoid(
  centre_nm: np.ndarray, diameter_nm: float, shape: Outline
) -> Particle:
  """A precipitate.

  Args:
    centre_nm: x, y, z.
    diameter_nm: of the circle of the same area, seen from above.
    shape: of its outline.

  Returns:
    The precipitate.
  """
  turned = _AROUND - shape.turn_rad
  radius = 1 / np.hypot(
    np.cos(turned) / math.sqrt(shape.elongation),
    np.sin(turned) * math.sqrt(shape.elongation),
  )
  number, amplitude, phase = np.array(shape.waves).T[:, :, None]
  for wave in np.exp(amplitude * np.cos(number * _AROUND + phase)):
    radius *= wave
  # The area of the outline is the mean of pi r^2 over angles.
  radius *= diameter_nm / 2 / math.sqrt(np.mean(radius**2))
  half_depth = diameter_nm * shape.half_depth
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
