"""Shapes of voids, as the beam crosses them; what all particles share.

Lengths are in nanometres: x along columns, y along rows, z down from the
surface that the beam enters. Numbers without a named source are by eye.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import scipy

# Faces of a void: {111}, {100} and {110}. The distances of {100} and {110} from
# the centre, relative to {111}, are by eye.
_FACES_111 = np.array(list(itertools.product((-1, 1), repeat=3))) / math.sqrt(3)
_FACES_100 = np.concatenate([np.eye(3), -np.eye(3)])
_FACES_110 = np.array(
  [f for f in itertools.product((-1, 0, 1), repeat=3) if np.abs(f).sum() == 2]
) / math.sqrt(2)
_DISTANCES = (1.0, 1.15, 1.13)


# z of where the beam enters and leaves, [points] each.
Spans = tuple[np.ndarray, np.ndarray]


class Beams(NamedTuple):
  """The beam at points where it may cross a body; all bodies are of one form.

  Attributes:
    x: [points], relative to the centre of the point's body.
    y: likewise.
    bodies: of the form.
    body: int [points], the number of each point's body.
  """

  x: np.ndarray
  y: np.ndarray
  bodies: Sequence['Particle']
  body: np.ndarray

  @property
  def size_nm(self) -> np.ndarray:
    """[points], of each point's body."""
    return np.array([one.size_nm for one in self.bodies])[self.body]


class Form(Protocol):
  """Where the beam crosses bodies that are alike."""

  def spans(self, beams: Beams) -> Spans:
    """Where the beam enters and leaves, relative to the centre.

    Where it passes by, entry is not less than exit.
    """
    ...

  def volume_nm3(self, body: 'Particle') -> float:
    """Of a whole body."""
    ...


@dataclasses.dataclass(frozen=True, eq=False)
class Particle:
  """One void or precipitate.

  Attributes:
    kind: void or precipitate.
    centre_nm: x, y, z.
    diameter_nm: of the circle of the same area as the whole particle seen
      from above.
    reach_nm: largest distance of its outline from its centre, seen from above.
    form: where the beam crosses it; the same object for bodies that can be
      worked out together.
    size_nm: what `form` takes.
    outline_nm: likewise; radii at angles from 0 to 2 pi, of precipitates.
  """

  kind: str
  centre_nm: np.ndarray
  diameter_nm: float
  reach_nm: float
  form: Form
  size_nm: float
  outline_nm: np.ndarray | None = None

  @property
  def volume_nm3(self) -> float:
    """Of the whole particle."""
    return self.form.volume_nm3(self)


class _Ball:
  """Sizes are radii."""

  def spans(self, beams: Beams) -> Spans:
    squared = beams.size_nm**2 - beams.x**2 - beams.y**2
    half = np.sqrt(np.maximum(squared, 0))
    return -half, half

  def volume_nm3(self, body: Particle) -> float:
    return math.pi / 6 * body.diameter_nm**3


_BALL = _Ball()


def create_sphere(centre_nm: np.ndarray, diameter_nm: float) -> Particle:
  """A spherical void."""
  radius = diameter_nm / 2
  return Particle(
    kind='void',
    centre_nm=centre_nm,
    diameter_nm=diameter_nm,
    reach_nm=radius,
    form=_BALL,
    size_nm=radius,
  )


def create_truncated_octahedron(
  centre_nm: np.ndarray, diameter_nm: float, unit: 'Polyhedron'
) -> Particle:
  """A void with {111} faces, and {100} and {110} faces nearer or further.

  Args:
    centre_nm: x, y, z.
    diameter_nm: of the circle of the same area, seen from above.
    unit: its shape; voids of one shape are worked out together.

  Returns:
    The void.
  """
  scale = diameter_nm / 2 / math.sqrt(unit.area / math.pi)
  return Particle(
    kind='void',
    centre_nm=centre_nm,
    diameter_nm=diameter_nm,
    reach_nm=unit.reach * scale,
    form=unit,
    size_nm=scale,
  )


class _Faces(NamedTuple):
  """Half-spaces x nx + y ny + z nz <= distance; each [faces, 1]."""

  x: np.ndarray
  y: np.ndarray
  z: np.ndarray
  distance: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Polyhedron:
  """A convex body around the origin, {111} faces at the distance 1.

  Sizes are factors.

  Attributes:
    down: faces that the beam leaves by.
    up: faces that it enters by.
    upright: faces that it runs along.
    reach: largest distance of a corner from the centre, seen from above.
    corners: [corners, 3].
    area: seen from above.
  """

  down: _Faces
  up: _Faces
  upright: _Faces
  reach: float
  corners: np.ndarray
  area: float

  def spans(self, beams: Beams) -> Spans:
    scale = beams.size_nm

    def heights(faces: _Faces) -> np.ndarray:
      return faces.distance * scale - faces.x * beams.x - faces.y * beams.y

    leaving = (heights(self.down) / self.down.z).min(axis=0)
    entry = (heights(self.up) / self.up.z).max(axis=0)
    if len(self.upright.z):
      passes = (heights(self.upright) >= 0).all(axis=0)
      leaving = np.where(passes, leaving, entry)
    return entry, leaving

  def volume_nm3(self, body: Particle) -> float:
    return self._unit_volume * body.size_nm**3

  @functools.cached_property
  def _unit_volume(self) -> float:
    """Seldom asked for, and a third of what a body costs."""
    return scipy.spatial.ConvexHull(self.corners).volume


def unit_octahedron(crystal: np.ndarray, truncation: np.ndarray) -> Polyhedron:
  """A truncated octahedron of no size yet.

  Args:
    crystal: [3, 3], rotation of the crystal's axes.
    truncation: [3], relative distances of the {100} faces, of the {110} faces,
      and of every other {111} face.

  Returns:
    Its faces.
  """
  normals = np.concatenate([_FACES_111, _FACES_100, _FACES_110]) @ crystal.T
  distances = np.repeat(_DISTANCES, [8, 6, 12])
  distances *= np.repeat([1.0, *truncation[:2]], [8, 6, 12])
  # Opposite faces do not grow alike.
  distances[:8] *= np.where(np.arange(8) % 2, 1.0, truncation[2])
  corners = scipy.spatial.HalfspaceIntersection(
    np.concatenate([normals, -distances[:, None]], axis=1), np.zeros(3)
  ).intersections

  def faces(which: np.ndarray) -> _Faces:
    columns = *normals[which].T, distances[which]
    return _Faces(*(column[:, None] for column in columns))

  return Polyhedron(
    down=faces(normals[:, 2] > 1e-9),
    up=faces(normals[:, 2] < -1e-9),
    upright=faces(np.abs(normals[:, 2]) <= 1e-9),
    reach=float(np.hypot(*corners[:, :2].T).max()),
    corners=corners,
    # In two dimensions qhull's `volume` is the area.
    area=scipy.spatial.ConvexHull(corners[:, :2]).volume,
  )
