"""Geometry of voids and precipitates: where they lie, and their shapes.

Lengths are in nanometres: x along columns, y along rows, z down from the
surface that the beam enters. A foil is cut out of a larger body: particles
lie at random positions in more than the foil, and the surfaces cut those that
they meet, as polishing does.
"""

import functools

import numpy as np
import scipy

from defectseg_jax.simulation.parameters import (
  FoilParameters,
  Precipitates,
  Voids,
)
from defectseg_jax.simulation.particle_shapes import (
  Particle,
  Polyhedron,
  create_sphere,
  create_truncated_octahedron,
  unit_octahedron,
)
from defectseg_jax.simulation.precipitate_shapes import (
  create_irregular_ellipsoids,
  draw_outlines,
)

# Random factors on the distances of a void's faces; by eye.
_TRUNCATION = (0.9, 1.1)
# No corner of a void is so far from its centre, in diameters: of 20,000 drawn,
# none was farther than 0.63.
_VOID_REACH = 0.75


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
  crystal = scipy.spatial.transform.Rotation.random(rng=rng).as_matrix()
  few = None if shapes is None else rng.uniform(*_TRUNCATION, size=(shapes, 3))
  centres, diameters = _random_positions(foil, foil.voids, rng)
  spherical, number, truncations = _draw_shapes(
    len(centres), foil.voids.spherical_fraction, few, rng
  )

  @functools.cache
  def unit(shape: int) -> Polyhedron:
    return unit_octahedron(crystal, truncations[shape])

  near = _near(centres, _VOID_REACH * diameters, foil)
  return [
    create_sphere(centre, diameter)
    if alike
    else create_truncated_octahedron(centre, diameter, unit(shape))
    for centre, diameter, alike, shape in zip(
      centres[near],
      diameters[near].tolist(),
      spherical[near].tolist(),
      number[near].tolist(),
      strict=True,
    )
  ]


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
  centres, diameters = _random_positions(foil, foil.precipitates, rng)
  shapes = draw_outlines(len(centres), foil.precipitates, rng)
  near = _near(centres, diameters * shapes.reach, foil)
  return create_irregular_ellipsoids(
    centres[near], diameters[near], shapes.take(near)
  )


def _draw_shapes(
  count: int,
  spherical_fraction: float,
  few: np.ndarray | None,
  rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Of each void whether it is a sphere, and its shape if it is not.

  Both are drawn of all: another fraction of spheres moves no void.

  Returns:
    Whether it is, and the number of its shape, [count] each; truncations of the
    shapes, [shapes, 3].
  """
  if few is None:
    # In a row of its own for each: more voids change no other's shape.
    drawn = rng.random((count, 4))
    low, high = _TRUNCATION
    truncations = low + (high - low) * drawn[:, 1:]
    return drawn[:, 0] < spherical_fraction, np.arange(count), truncations
  drawn = [(rng.random(), rng.integers(len(few))) for _ in range(count)]
  even, number = np.reshape(drawn, (-1, 2)).T
  return even < spherical_fraction, number.astype(int), few


def _near(
  centres: np.ndarray, reach_nm: np.ndarray, foil: FoilParameters
) -> np.ndarray:
  """Whether particles may reach into the foil."""
  reach = reach_nm[:, None]
  high = np.array([foil.side_nm, foil.side_nm, foil.thickness_nm])
  return ((centres > -reach) & (centres < high + reach)).all(axis=1)


def _random_positions(
  foil: FoilParameters,
  kind: Voids | Precipitates,
  rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
  """A Poisson process in more than the foil: [n, 3] centres, [n] diameters."""
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
  return centres, diameters
