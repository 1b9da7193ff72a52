"""Geometry of voids and precipitates: where they lie, and how thick they are.

Lengths are in nanometres: x along columns, y along rows, z down from the
surface that the beam enters. A foil is cut out of a larger body: particles
are strewn through more than the foil, and the surfaces cut those that they
meet, as polishing does.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable

import numpy as np
from scipy import spatial

from defectseg_jax.simulation.parameters import FoilParameters

# Outlines: radii at so many angles; finer than a pixel for any particle here.
_ANGLES = 256


@dataclasses.dataclass(frozen=True, eq=False)
class Particle:
  """One void or precipitate.

  Attributes:
    kind: void or precipitate.
    centre_nm: x, y, z.
    diameter_nm: of the circle of the same area as the whole particle seen
      from above.
    volume_nm3: of the whole particle.
    reach_nm: no part of it is further than this from the centre, seen from
      above.
    spans_nm: of arrays x, y relative to the centre, the z, relative to it, at
      which the beam enters and leaves; entry > exit where it passes by.
  """

  kind: str
  centre_nm: np.ndarray
  diameter_nm: float
  volume_nm3: float
  reach_nm: float
  spans_nm: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclasses.dataclass(frozen=True, eq=False)
class Silhouette:
  """What of a particle lies in the foil and in the micrograph.

  Attributes:
    rows: of the micrograph.
    columns: of the micrograph.
    path_nm: float32 [rows, columns], length of the beam inside the particle.
    touches_border: whether the micrograph's edge cuts it.
    cut_by_surface: whether a surface of the foil does.
    volume_in_foil_nm3: of what the surfaces leave, off the edges too.
  """

  rows: slice
  columns: slice
  path_nm: np.ndarray
  touches_border: bool
  cut_by_surface: bool
  volume_in_foil_nm3: float


def voids(foil: FoilParameters, rng: np.random.Generator) -> list[Particle]:
  """Voids of one crystal: truncated polyhedra that lie alike, and spheres.

  Args:
    foil: its parameters.
    rng: of the positions, the diameters and the shapes.

  Returns:
    All that may reach into the foil.
  """
  crystal = spatial.transform.Rotation.random(random_state=rng).as_matrix()
  asked = foil.voids
  found = []
  for centre, diameter in _strewn(foil, asked, rng):
    spherical = rng.random() < asked.spherical_fraction
    # Drawn for spheres too, so that shapes do not change places.
    truncation = rng.uniform(0.9, 1.1, size=3)
    shape = _sphere if spherical else _truncated_octahedron
    found.append(shape(centre, diameter, crystal, truncation))
  return found


def precipitates(
  foil: FoilParameters, rng: np.random.Generator
) -> list[Particle]:
  """Ellipsoids whose outline is irregular.

  Args:
    foil: its parameters.
    rng: of the positions, the diameters and the shapes.

  Returns:
    All that may reach into the foil.
  """
  asked = foil.precipitates
  return [
    _irregular_ellipsoid(centre, diameter, asked, rng)
    for centre, diameter in _strewn(foil, asked, rng)
  ]


def silhouette(particle: Particle, foil: FoilParameters) -> Silhouette | None:
  """The particle as the beam sees it, cut by the surfaces and the edges.

  Args:
    particle: of the body that the foil was cut from.
    foil: its parameters.

  Returns:
    None where nothing of it is left in the micrograph.
  """
  pixel = foil.pixel_size_nm
  x, y, z = particle.centre_nm
  first = [math.floor((c - particle.reach_nm) / pixel) for c in (y, x)]
  last = [math.ceil((c + particle.reach_nm) / pixel) for c in (y, x)]
  if min(last) <= 0 or max(first) >= foil.side_px:
    return None
  along_y = (np.arange(first[0], last[0]) + 0.5) * pixel - y
  along_x = (np.arange(first[1], last[1]) + 0.5) * pixel - x
  entry, leaving = particle.spans_nm(along_x[None, :], along_y[:, None])
  top, bottom = -z, foil.thickness_nm - z
  inside = np.minimum(leaving, bottom) - np.maximum(entry, top)
  path = np.maximum(inside, 0)
  whole = np.maximum(leaving - entry, 0)
  rows = slice(max(first[0], 0), min(last[0], foil.side_px))
  columns = slice(max(first[1], 0), min(last[1], foil.side_px))
  seen = path[
    rows.start - first[0] : rows.stop - first[0],
    columns.start - first[1] : columns.stop - first[1],
  ]
  if not seen.any():
    return None
  at_edges = [
    (rows.start == 0, seen[0]),
    (rows.stop == foil.side_px, seen[-1]),
    (columns.start == 0, seen[:, 0]),
    (columns.stop == foil.side_px, seen[:, -1]),
  ]
  return Silhouette(
    rows=rows,
    columns=columns,
    path_nm=seen.astype(np.float32),
    touches_border=any(edge and line.any() for edge, line in at_edges),
    cut_by_surface=bool(np.any(whole - path > 1e-9)),
    volume_in_foil_nm3=float(path.sum()) * pixel**2,
  )


def _strewn(foil, asked, rng):
  """A Poisson process in more than the foil: (centre, diameter) of each."""
  mean, std = asked.diameter_nm, asked.diameter_std_nm
  # Six standard deviations above the mean, and elongated: none is missed.
  margin = mean + 6 * std
  low = -margin
  high = np.array(
    [foil.side_nm + margin, foil.side_nm + margin, foil.thickness_nm + margin]
  )
  expected = asked.density_per_m3 * 1e-27 * float(np.prod(high - low))
  count = rng.poisson(expected)
  centres = rng.uniform(low, high, size=(count, 3))
  if std:
    diameters = rng.gamma((mean / std) ** 2, std**2 / mean, size=count)
  else:
    diameters = np.full(count, mean)
  return list(zip(centres, diameters, strict=True))


def _sphere(centre, diameter, crystal, truncation):
  del crystal, truncation
  radius = diameter / 2

  def spans(x, y):
    half = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
    return -half, half

  return Particle(
    kind='void',
    centre_nm=centre,
    diameter_nm=diameter,
    volume_nm3=math.pi / 6 * diameter**3,
    reach_nm=radius,
    spans_nm=spans,
  )


_FACES_111 = np.array(list(itertools.product((-1, 1), repeat=3))) / math.sqrt(3)
_FACES_100 = np.concatenate([np.eye(3), -np.eye(3)])
_FACES_110 = np.array(
  [f for f in itertools.product((-1, 0, 1), repeat=3) if np.abs(f).sum() == 2]
) / math.sqrt(2)


def _truncated_octahedron(centre, diameter, crystal, truncation):
  """{111} faces, and {100} and {110} faces nearer or further."""
  normals = np.concatenate([_FACES_111, _FACES_100, _FACES_110]) @ crystal.T
  distances = np.repeat([1.0, 1.15, 1.13], [8, 6, 12])
  distances *= np.repeat([1.0, *truncation[:2]], [8, 6, 12])
  # Opposite faces do not grow alike.
  distances[:8] *= np.where(np.arange(8) % 2, 1.0, truncation[2])
  corners = spatial.HalfspaceIntersection(
    np.concatenate([normals, -distances[:, None]], axis=1), np.zeros(3)
  ).intersections
  # In two dimensions qhull's `volume` is the area.
  area = spatial.ConvexHull(corners[:, :2]).volume
  scale = diameter / 2 / math.sqrt(area / math.pi)
  distances = distances * scale
  down = normals[:, 2] > 1e-9
  up = normals[:, 2] < -1e-9
  upright = ~(down | up)

  def spans(x, y):
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

  return Particle(
    kind='void',
    centre_nm=centre,
    diameter_nm=diameter,
    volume_nm3=spatial.ConvexHull(corners).volume * scale**3,
    reach_nm=float(np.hypot(*corners[:, :2].T).max()) * scale,
    spans_nm=spans,
  )


def _irregular_ellipsoid(centre, diameter, asked, rng):
  """An ellipse whose radius is wavy, rounded off in depth as an ellipsoid."""
  angle = np.linspace(0, 2 * math.pi, _ANGLES, endpoint=False)
  elongation = rng.uniform(1, asked.elongation)
  turned = angle - rng.uniform(0, math.pi)
  radius = 1 / np.hypot(
    np.cos(turned) / math.sqrt(elongation),
    np.sin(turned) * math.sqrt(elongation),
  )
  for waves in range(2, 7):
    phase = rng.uniform(0, 2 * math.pi)
    amplitude = asked.roughness * rng.normal() / waves
    radius = radius * np.exp(amplitude * np.cos(waves * angle + phase))
  # The area of the outline is the mean of pi r^2 over angles.
  radius *= diameter / 2 / math.sqrt(np.mean(radius**2))
  half_depth = diameter / 2 * rng.uniform(1 / math.sqrt(elongation), 1.2)
  closed = np.append(radius, radius[0])

  def spans(x, y):
    place = (np.arctan2(y, x) / (2 * math.pi) % 1.0) * _ANGLES
    before = np.minimum(place.astype(int), _ANGLES - 1)
    share = place - before
    outline = closed[before] * (1 - share) + closed[before + 1] * share
    half = half_depth * np.sqrt(np.maximum(1 - (x**2 + y**2) / outline**2, 0))
    return -half, half

  return Particle(
    kind='precipitate',
    centre_nm=centre,
    diameter_nm=diameter,
    # The mean of sqrt(1 - q^2) over a unit disc is 2/3.
    volume_nm3=2 * half_depth * (2 / 3) * math.pi / 4 * diameter**2,
    reach_nm=float(radius.max()),
    spans_nm=spans,
  )
