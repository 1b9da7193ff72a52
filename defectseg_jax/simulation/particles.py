"""Geometry of voids and precipitates: where they lie, and how thick they are.

Lengths are in nanometres: x along columns, y along rows, z down from the
surface that the beam enters. A foil is cut out of a larger body: particles
lie at random positions in more than the foil, and the surfaces cut those that
they meet, as polishing does.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from scipy import spatial

from defectseg_jax.simulation.parameters import (
  FoilParameters,
  Precipitates,
  Voids,
)
from defectseg_jax.simulation.particle_shapes import (
  Form,
  Particle,
  create_sphere,
  create_truncated_octahedron,
)
from defectseg_jax.simulation.precipitate_shapes import (
  create_irregular_ellipsoids,
  draw_outline,
)

# Random factors on the distances of a void's faces; by eye.
_TRUNCATION = (0.9, 1.1)
# Pixels that are worked out at once: few enough for a processor's cache.
_BATCH_PX = 1 << 14


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
  inside = list(itertools.compress(positions, near))
  return create_irregular_ellipsoids(
    [centre for centre, _ in inside],
    [diameter for _, diameter in inside],
    list(itertools.compress(shapes, near)),
  )


def silhouettes(
  bodies: Sequence[Particle], foil: FoilParameters
) -> list[Silhouette | None]:
  """The particles as the beam sees them, cut by the surfaces and the edges.

  Args:
    bodies: of what the foil was cut from.
    foil: its parameters.

  Returns:
    Of each; None where nothing of it is left in the micrograph.
  """
  pixel = foil.pixel_size_nm
  # Rows before columns.
  centres = np.reshape([body.centre_nm for body in bodies], (-1, 3))[:, 1::-1]
  reach = np.reshape([body.reach_nm for body in bodies], (-1, 1))
  first = np.floor((centres - reach) / pixel).astype(np.int64)
  last = np.ceil((centres + reach) / pixel).astype(np.int64)
  meets = (last.min(axis=1) > 0) & (first.max(axis=1) < foil.side_px)
  found: list[Silhouette | None] = [None] * len(bodies)
  areas_px = (last - first).prod(axis=1).tolist()
  for batch in _batches(bodies, areas_px, np.flatnonzero(meets).tolist()):
    some = [bodies[number] for number in batch]
    seen = _silhouettes_of_one_form(some, first[batch], last[batch], foil)
    for number, one in zip(batch, seen, strict=True):
      found[number] = one
  return found


def _batches(
  bodies: Sequence[Particle],
  areas_px: Sequence[int],
  numbers: Sequence[int],
) -> Iterator[list[int]]:
  """Numbers of bodies of one form, with not too many pixels together."""
  same: dict[Form, list[int]] = {}
  for number in numbers:
    same.setdefault(bodies[number].form, []).append(number)
  for members in same.values():
    batch, pixels = [], 0
    for number in members:
      if batch and pixels + areas_px[number] > _BATCH_PX:
        yield batch
        batch, pixels = [], 0
      batch.append(number)
      pixels += areas_px[number]
    yield batch


def _silhouettes_of_one_form(
  bodies: Sequence[Particle],
  first: np.ndarray,
  last: np.ndarray,
  foil: FoilParameters,
) -> Iterator[Silhouette | None]:
  """All pixels of their boxes in a row, since NumPy is slow in small steps."""
  pixel = foil.pixel_size_nm
  sides = last - first
  counts = sides.prod(axis=1)
  ends = counts.cumsum()
  starts = ends - counts
  body = np.repeat(np.arange(len(bodies)), counts)
  row, column = np.divmod(np.arange(len(body)) - starts[body], sides[body, 1])
  x, y, z = np.array([one.centre_nm for one in bodies]).T
  entry, leaving = bodies[0].form(
    (column + first[body, 1] + 0.5) * pixel - x[body],
    (row + first[body, 0] + 0.5) * pixel - y[body],
    np.array([one.size_nm for one in bodies])[body],
  )
  top, bottom = -z[body], (foil.thickness_nm - z)[body]
  path = np.minimum(leaving, bottom) - np.maximum(entry, top)
  path = np.maximum(path, 0)
  whole = np.maximum(leaving - entry, 0)
  cut = np.logical_or.reduceat(whole - path > 1e-9, starts).tolist()
  for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
    yield _crop(
      path[start:end].reshape(sides[number]),
      tuple(first[number].tolist()),
      cut[number],
      foil,
    )


def _crop(
  path_nm: np.ndarray,
  first: tuple[int, int],
  cut_by_surface: bool,
  foil: FoilParameters,
) -> Silhouette | None:
  """What of a box is in the micrograph; `first` are its row and column."""
  side = foil.side_px
  rows, columns = (
    slice(max(begin, 0), min(begin + length, side))
    for begin, length in zip(first, path_nm.shape, strict=True)
  )
  seen = path_nm[
    rows.start - first[0] : rows.stop - first[0],
    columns.start - first[1] : columns.stop - first[1],
  ]
  if not seen.any():
    return None
  at_edges = [
    (rows.start == 0, seen[0]),
    (rows.stop == side, seen[-1]),
    (columns.start == 0, seen[:, 0]),
    (columns.stop == side, seen[:, -1]),
  ]
  return Silhouette(
    rows=rows,
    columns=columns,
    path_nm=seen.astype(np.float32),
    touches_border=any(edge and line.any() for edge, line in at_edges),
    cut_by_surface=cut_by_surface,
    volume_in_foil_nm3=float(path_nm.sum()) * foil.pixel_size_nm**2,
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
