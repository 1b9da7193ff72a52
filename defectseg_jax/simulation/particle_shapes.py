"""Shapes of voids, as the beam crosses them; what all particles share.

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

# Of x and y relative to the centre, and of sizes, arrays of one shape: z,
# relative to the centre, at which the beam enters and leaves. Entry is above
# exit where it passes by.
Form = Callable[
  [np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]
]

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
    form: where the beam crosses it; the same object for bodies that differ by
      their size alone.
    size_nm: what `form` takes.
  """

  kind: str
  centre_nm: np.ndarray
  diameter_nm: float
  volume_nm3: float
  reach_nm: float
  form: Form
  size_nm: float


def _ball(
  x: np.ndarray, y: np.ndarray, radius_nm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  half = np.sqrt(np.maximum(radius_nm**2 - x**2 - y**2, 0))
  return -half, half


def create_sphere(centre_nm: np.ndarray, diameter_nm: float) -> Particle:
  """A spherical void."""
  radius = diameter_nm / 2
  return Particle(
    kind='void',
    centre_nm=centre_nm,
    diameter_nm=diameter_nm,
    volume_nm3=math.pi / 6 * diameter_nm**3,
    reach_nm=radius,
    form=_ball,
    size_nm=radius,
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
    form=unit.spans,
    size_nm=scale,
  )


class _Faces(NamedTuple):
  """Half-spaces x nx + y ny + z nz <= distance; each [faces, 1]."""

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

  @functools.cached_property
  def spans(self) -> Form:
    """One object for all bodies of this form."""
    return functools.partial(_polyhedron, self)


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
    return _Faces(*(column[:, None] for column in columns))

  return _Polyhedron(
    down=faces(normals[:, 2] > 1e-9),
    up=faces(normals[:, 2] < -1e-9),
    upright=faces(np.abs(normals[:, 2]) <= 1e-9),
    reach=float(np.hypot(*corners[:, :2].T).max()),
    # In two dimensions qhull's `volume` is the area.
    area=spatial.ConvexHull(corners[:, :2]).volume,
    volume=spatial.ConvexHull(corners).volume,
  )


def _polyhedron(
  unit: _Polyhedron, x: np.ndarray, y: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  def heights(faces: _Faces) -> np.ndarray:
    return faces.distance * scale - faces.x * x - faces.y * y

  leaving = (heights(unit.down) / unit.down.z).min(axis=0)
  entry = (heights(unit.up) / unit.up.z).max(axis=0)
  if len(unit.upright.z):
    passes = (heights(unit.upright) >= 0).all(axis=0)
    leaving = np.where(passes, leaving, entry)
  return entry, leaving
