"""One micrograph of a domain before it is imaged: scale, foil, objects."""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Self

import numpy as np

from defectseg_jax.simulation import particles
from defectseg_jax.simulation.domain.draws import draw, draw_log
from defectseg_jax.simulation.domain.settings import ObjectSettings
from defectseg_jax.simulation.parameters import (
  MAXIMUM_VOLUME_FRACTION,
  Dislocations,
  FoilParameters,
  Precipitates,
  Voids,
  mean_volume_nm3,
)
from defectseg_jax.simulation.particle_shapes import Particle
from defectseg_jax.simulation.silhouettes import Silhouette, silhouettes

# Fraction of micrographs with a second, smaller or larger kind of object, and
# its relative size; by eye.
_SECOND_FRACTION, _SECOND_SIZES = 0.25, (0.25, 2.5)
# Different shapes of the voids with faces of a micrograph; by eye.
_SHAPES = 4
# Of a size that fits into any foil.
_NO_PRECIPITATES = Precipitates(
  density_per_m3=0.0, diameter_nm=1e-3, diameter_std_nm=0.0
)
NO_LINES = Dislocations(density_per_m2=0.0)
# The thinnest foil that can be made; by eye.
THINNEST_NM = 12.0


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
  """What is imaged.

  Attributes:
    side_px: of the micrograph.
    pixel_size_nm: side of a pixel.
    thickness_nm: of the foil.
    diameter_px: mean diameter of the objects, also where there are none.
    silhouettes: of the objects.
  """

  side_px: int
  pixel_size_nm: float
  thickness_nm: float
  diameter_px: float
  silhouettes: Sequence[Silhouette]

  def keep(self, kept: Sequence[bool]) -> Self:
    """The same scene with some of its objects alone."""
    left = list(itertools.compress(self.silhouettes, kept))
    return dataclasses.replace(self, silhouettes=left)

  def path_nm(self) -> np.ndarray:
    """Length of the beam in all objects: float32 [side_px, side_px]."""
    total = np.zeros((self.side_px, self.side_px), np.float32)
    for seen in self.silhouettes:
      total[seen.rows, seen.columns] += seen.path_nm
    return total


def draw_void_scene(
  side_px: int, settings: ObjectSettings, rng: np.random.Generator
) -> Scene:
  """Voids in a foil, at a scale of their own.

  Args:
    side_px: of the micrograph.
    settings: ranges of sizes and numbers.
    rng: random numbers for everything.

  Returns:
    The scene; `settings.empty_fraction` of them have no void.
  """
  diameter_px = draw_log(settings.diameter_px, rng)
  diameter_nm = draw_log(settings.diameter_nm, rng)
  thickness_nm = max(
    diameter_nm * draw_log(settings.thickness_per_diameter, rng), THINNEST_NM
  )
  empty = rng.random() < settings.empty_fraction
  covered = draw_log(settings.covered_fraction, rng)
  relative_std = draw(settings.relative_std, rng)
  # All round, all with faces, or both.
  spherical = float(rng.choice([0.0, 0.5, 1.0], p=[0.3, 0.2, 0.5]))
  sizes = [1.0]
  if rng.random() < _SECOND_FRACTION:
    sizes.append(draw_log(_SECOND_SIZES, rng))
  found: list[Silhouette] = []
  for size in sizes if not empty else ():
    foil = FoilParameters(
      side_px=side_px,
      precipitates=_NO_PRECIPITATES,
      dislocations=NO_LINES,
      pixel_size_nm=diameter_nm / diameter_px,
      thickness_nm=max(thickness_nm, size * diameter_nm),
      voids=_voids(
        size * diameter_nm,
        relative_std,
        covered=covered / len(sizes),
        thickness_nm=thickness_nm,
        spherical_fraction=spherical,
      ),
    )
    voids = particles.create_voids(foil, rng, shapes=_SHAPES)
    found += visible_silhouettes(voids, foil)
  return Scene(
    side_px=side_px,
    pixel_size_nm=diameter_nm / diameter_px,
    thickness_nm=thickness_nm,
    diameter_px=diameter_px,
    silhouettes=found,
  )


def visible_silhouettes(
  bodies: Sequence[Particle], foil: FoilParameters
) -> list[Silhouette]:
  """Of those bodies of which something is in the micrograph."""
  seen = silhouettes(bodies, foil)
  return [one for one in seen if one is not None]


def density_per_m3(
  covered: float,
  diameter_nm: float,
  std_nm: float,
  thickness_nm: float,
  *,
  most_of_all: float,
) -> float:
  """Number density of particles that cover a fraction of the area.

  Args:
    covered: fraction of the area; overlaps count twice.
    diameter_nm: mean diameter.
    std_nm: standard deviation of the diameters.
    thickness_nm: of the foil.
    most_of_all: part of the volume that particles may fill at most, which these
      may have.

  Returns:
    Particles per m3, as far as they fit in.
  """
  area_nm2 = math.pi / 4 * (diameter_nm**2 + std_nm**2)
  most = most_of_all * MAXIMUM_VOLUME_FRACTION
  per_nm3 = min(
    covered / area_nm2 / (thickness_nm + diameter_nm),
    most / mean_volume_nm3(diameter_nm, std_nm),
  )
  return per_nm3 * 1e27


def _voids(
  diameter_nm: float,
  relative_std: float,
  *,
  covered: float,
  thickness_nm: float,
  spherical_fraction: float,
) -> Voids:
  """As many as cover a fraction of the area, as far as they fit in."""
  std_nm = relative_std * diameter_nm
  return Voids(
    density_per_m3=density_per_m3(
      covered, diameter_nm, std_nm, thickness_nm, most_of_all=0.99
    ),
    diameter_nm=diameter_nm,
    diameter_std_nm=std_nm,
    spherical_fraction=spherical_fraction,
  )
