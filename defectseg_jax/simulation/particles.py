"""Geometry of voids and precipitates: where they lie, and how thick they are.

Lengths are in nanometres: x along columns, y along rows, z down from the
surface that the beam enters. A foil is cut out of a larger body: particles
lie at random positions in more than the foil, and the surfaces cut those that
they meet, as polishing does.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from scipy import spatial

from defectseg_jax.simulation.parameters import (
  FoilParameters,
  Precipitates,
  Voids,
)
from defectseg_jax.simulation.particle_shapes import (
  Particle,
  create_irregular_ellipsoid,
  create_sphere,
  create_truncated_octahedron,
  draw_outline,
)

# Random factors on the distances of a void's faces; by eye.
_TRUNCATION = (0.9, 1.1)


@dataclasses.dataclass(frozen=True, eq=False)
class Silhouette:
  """What of a particle lies in the foil and in the micrograph.

  Attributes:
    rows: of the micrograph.
    columns: of the micrograph.
    path_nm: float32 [rows, columns], length of the beam inside the particle.
    touches_border: whether the micrograph's edge cuts it.
    cut_by_surface: whether a surface of the foil cuts it.
    volume_in_foil_nm3: of what the surfaces leave, including what lies outside
      the micrograph.
  """

  rows: slice
  columns: slice
  path_nm: np.ndarray
  touches_border: bool
  cut_by_surface: bool
  volume_in_foil_nm3: float


VisibleParticle = tuple[Particle, Silhouette]


def create_voids(
  foil: FoilParameters, rng: np.random.Generator, *, shapes: int | None = None
) -> list[Particle]:
  """Voids of one crystal: truncated octahedra that lie alike, and spheres.

  Args:
    foil: its parameters.
    rng: random numbers for the positions, the diameters and the shapes.
    shapes: how many different ones the octahedra have; None gives each one of
      its own, which takes most of the time.

  Returns:
    All that may reach into the foil.
  """
  crystal = spatial.transform.Rotation.random(rng=rng).as_matrix()
  few = None if shapes is None else rng.uniform(*_TRUNCATION, size=(shapes, 3))
  voids = []
  positions = _random_positions(foil, foil.voids, rng)
  # No corner is a diameter away.
  near = _near(positions, [diameter for _, diameter in positions], foil)
  for (centre, diameter), reaches in zip(positions, near, strict=True):
    spherical = rng.random() < foil.voids.spherical_fraction
    # Drawn for spheres too: another fraction of spheres moves no void.
    truncation = (
      rng.uniform(*_TRUNCATION, size=3)
      if few is None
      else few[rng.integers(len(few))]
    )
    if not reaches:
      continue
    voids.append(
      create_sphere(centre, diameter)
      if spherical
      else create_truncated_octahedron(centre, diameter, crystal, truncation)
    )
  return voids


def create_precipitates(
  foil: FoilParameters, rng: np.random.Generator
) -> list[Particle]:
  """Ellipsoids whose outline is irregular.

  Args:
    foil: its parameters.
    rng: random numbers for the positions, the diameters and the shapes.

  Returns:
    All that may reach into the foil.
  """
  positions = _random_positions(foil, foil.precipitates, rng)
  shapes = [draw_outline(foil.precipitates, rng) for _ in positions]
  reach_nm = [
    diameter * shape.reach
    for (_, diameter), shape in zip(positions, shapes, strict=True)
  ]
  near = _near(positions, reach_nm, foil)
  return [
    create_irregular_ellipsoid(centre, diameter, shape)
    for (centre, diameter), shape, reaches in zip(
      positions, shapes, near, strict=True
    )
    if reaches
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


def _near(
  positions: Sequence[tuple[np.ndarray, float]],
  reach_nm: Sequence[float],
  foil: FoilParameters,
) -> list[bool]:
  """Whether particles may reach into the foil."""
  centres = np.reshape([centre for centre, _ in positions], (-1, 3))
  reach = np.reshape(reach_nm, (-1, 1))
  high = np.array([foil.side_nm, foil.side_nm, foil.thickness_nm])
  return ((centres > -reach) & (centres < high + reach)).all(axis=1).tolist()


def _random_positions(
  foil: FoilParameters,
  kind: Voids | Precipitates,
  rng: np.random.Generator,
) -> list[tuple[np.ndarray, float]]:
  """A Poisson process in more than the foil: (centre, diameter) of each."""
  mean, std = kind.diameter_nm, kind.diameter_std_nm
  # Six standard deviations above the mean: no particle whose centre is further
  # away reaches into the foil, even if it is elongated.
  margin = mean + 6 * std
  low = -margin
  high = np.array(
    [foil.side_nm + margin, foil.side_nm + margin, foil.thickness_nm + margin]
  )
  expected = kind.density_per_m3 * 1e-27 * float(np.prod(high - low))
  count = rng.poisson(expected)
  centres = rng.uniform(low, high, size=(count, 3))
  if std:
    diameters = rng.gamma((mean / std) ** 2, std**2 / mean, size=count)
  else:
    diameters = np.full(count, mean)
  return list(zip(centres, diameters, strict=True))
