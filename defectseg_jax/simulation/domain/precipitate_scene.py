"""Precipitates in a foil, between voids, as TEM and STEM show them."""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Self

import numpy as np

from defectseg_jax.simulation import particles
from defectseg_jax.simulation.domain.annular_dark_field import image_mass
from defectseg_jax.simulation.domain.bright_field import Images, bright_field
from defectseg_jax.simulation.domain.diffraction import (
  BackgroundSettings,
  window,
)
from defectseg_jax.simulation.domain.draws import draw, draw_log
from defectseg_jax.simulation.domain.scene import (
  NO_LINES,
  THINNEST_NM,
  Scene,
  density_per_m3,
  visible_silhouettes,
)
from defectseg_jax.simulation.domain.settings import (
  DomainSettings,
  ObjectSettings,
)
from defectseg_jax.simulation.parameters import (
  FoilParameters,
  Precipitates,
  Voids,
)
from defectseg_jax.simulation.silhouettes import Silhouette

# No more precipitates than this for each 256 x 256 pixels; by eye.
_MOST = 150
# How often there are voids, bright ones, between them; by eye.
_VOIDS_FRACTION = 0.3
# Extra absorption of a precipitate over that of as much matrix; and its spread
# from one to the next, since few diffract strongly; by eye.
_EXTRA, _SPREAD = (0.4, 2.5), (0.05, 0.6)
# How often precipitates show moire fringes, or strain around them; by eye.
_MOIRE_FRACTION, _STRAIN_FRACTION = 0.3, 0.35
# Signal of a precipitate in annular dark field over that of the matrix, minus
# 1; by eye, from carbides to heavy ones.
_HEAVIER = (0.15, 2.0)
# Part of the volume that particles may fill that each of precipitates and voids
# may have.
_MOST_OF_ALL = 0.45


@dataclasses.dataclass(frozen=True, eq=False)
class PrecipitateScene(Scene):
  """What is imaged.

  Attributes:
    weights: of each precipitate's path, below 0 as it takes from the beam.
    moire: amplitude (0 for none), period in pixels and direction of each one's
      fringes.
    voids: silhouettes of what is not looked for.
  """

  weights: Sequence[float]
  moire: Sequence[tuple[float, float, float]]
  voids: Sequence[Silhouette]

  def keep(self, kept: Sequence[bool]) -> Self:
    """The same scene with some of its precipitates alone."""
    return dataclasses.replace(
      super().keep(kept),
      weights=list(itertools.compress(self.weights, kept)),
      moire=list(itertools.compress(self.moire, kept)),
    )

  def path_nm(self) -> np.ndarray:
    """Matrix that would be missing if voids did the same to the beam."""
    total = np.zeros((self.side_px, self.side_px), np.float32)
    for seen in self.voids:
      total[seen.rows, seen.columns] += seen.path_nm
    for seen, weight, (amplitude, period, angle) in zip(
      self.silhouettes, self.weights, self.moire, strict=True
    ):
      path = np.float32(weight) * seen.path_nm
      if amplitude:
        rows, columns = (np.arange(n) for n in path.shape)
        across = rows[:, None] * math.sin(angle) + columns * math.cos(angle)
        wave = np.cos(2 * math.pi * across / period)
        path = path * (1 + amplitude * wave).astype(np.float32)
      total[seen.rows, seen.columns] += path
    return total


def draw_precipitate_scene(
  side_px: int, settings: ObjectSettings, rng: np.random.Generator
) -> PrecipitateScene:
  """Precipitates in a foil, at a scale of their own.

  Args:
    side_px: of the micrograph.
    settings: ranges of sizes and numbers.
    rng: random numbers for everything.

  Returns:
    The scene; `settings.empty_fraction` of them have no precipitate.
  """
  diameter_px = draw_log(settings.diameter_px, rng)
  diameter_nm = draw_log(settings.diameter_nm, rng)
  thickness_nm = max(
    diameter_nm * draw_log(settings.thickness_per_diameter, rng), THINNEST_NM
  )
  pixel_nm = diameter_nm / diameter_px
  std_nm = draw(settings.relative_std, rng) * diameter_nm
  covered = min(
    draw_log(settings.covered_fraction, rng),
    _MOST * math.pi / 4 * (diameter_px / 256) ** 2,
  )
  if rng.random() < settings.empty_fraction:
    covered = 0.0
  density = density_per_m3(
    covered, diameter_nm, std_nm, thickness_nm, most_of_all=_MOST_OF_ALL
  )
  precipitates = Precipitates(
    density_per_m3=density,
    diameter_nm=diameter_nm,
    diameter_std_nm=std_nm,
    elongation=draw_log((1.1, 2.5), rng),
    roughness=draw_log((0.02, 0.3), rng),
  )
  foil = FoilParameters(
    side_px=side_px,
    pixel_size_nm=pixel_nm,
    thickness_nm=thickness_nm,
    precipitates=precipitates,
    dislocations=NO_LINES,
    voids=_draw_voids(diameter_nm, pixel_nm, thickness_nm, rng),
  )

  found = visible_silhouettes(particles.create_precipitates(foil, rng), foil)
  extra, spread = draw_log(_EXTRA, rng), draw(_SPREAD, rng)
  fringed = rng.random() < _MOIRE_FRACTION
  return PrecipitateScene(
    side_px=side_px,
    pixel_size_nm=pixel_nm,
    thickness_nm=thickness_nm,
    diameter_px=diameter_px,
    silhouettes=found,
    weights=[-extra * rng.lognormal(0, spread) for _ in found],
    moire=[_draw_moire(fringed, rng) for _ in found],
    voids=visible_silhouettes(
      particles.create_voids(foil, rng, shapes=1), foil
    ),
  )


def precipitates_in_bright_field(
  scene: PrecipitateScene,
  domain: DomainSettings,
  ground: np.ndarray | None,
  rng: np.random.Generator,
) -> Images:
  """TEM by wave optics, dark precipitates with strain around some.

  Args:
    scene: with precipitates.
    domain: gives the optics and the background.
    ground: [side_px, side_px], intensity of a real background; or None.
    rng: random numbers for everything.

  Returns:
    Intensities.
  """
  background = domain.background if ground is None else None
  images = bright_field(scene, domain.optics, background, rng)
  if ground is not None:
    images = images.over(ground)
  if rng.random() >= _STRAIN_FRACTION:
    return images
  strain = np.exp(_strain(scene, rng))
  return Images(objects=images.objects * strain, empty=images.empty)


def precipitates_in_annular_dark_field(
  scene: PrecipitateScene,
  background: BackgroundSettings,
  rng: np.random.Generator,
) -> Images:
  """STEM, precipitates bright, voids dark.

  Args:
    scene: with precipitates.
    background: what else the foil shows.
    rng: random numbers for everything.

  Returns:
    Intensities.
  """
  mean = np.mean(scene.weights) if scene.weights else -1.0
  heavier = np.float32(draw_log(_HEAVIER, rng) / abs(float(mean)))
  path = scene.path_nm() / np.float32(scene.thickness_nm)
  # A void takes away what there is; a precipitate adds.
  mass = np.where(path > 0, np.maximum(1 - path, 0.02), 1 - heavier * path)
  return image_mass(mass, background, rng)


def _draw_voids(
  diameter_nm: float,
  pixel_nm: float,
  thickness_nm: float,
  rng: np.random.Generator,
) -> Voids:
  """Round ones beside precipitates of a diameter; most often none."""
  # Where the foil is hardly thicker than its precipitates, no larger than it.
  void_nm = min(diameter_nm * draw_log((0.3, 1.5), rng), thickness_nm)
  covered = draw_log((0.005, 0.1), rng)
  if rng.random() >= _VOIDS_FRACTION:
    covered = 0.0
  covered = min(covered, 60 * math.pi / 4 * (void_nm / pixel_nm / 256) ** 2)
  return Voids(
    density_per_m3=density_per_m3(
      covered, void_nm, 0.2 * void_nm, thickness_nm, most_of_all=_MOST_OF_ALL
    ),
    diameter_nm=void_nm,
    diameter_std_nm=0.2 * void_nm,
    spherical_fraction=1.0,
  )


def _draw_moire(
  fringed: bool, rng: np.random.Generator
) -> tuple[float, float, float]:
  """Amplitude, period in pixels and direction of one's fringes."""
  if not fringed or rng.random() < 0.4:
    return 0.0, 1.0, 0.0
  return (
    rng.uniform(0.1, 0.6),
    draw_log((3.0, 10.0), rng),
    rng.uniform(0, math.pi),
  )


def _strain(scene: PrecipitateScene, rng: np.random.Generator) -> np.ndarray:
  """Exponents: two dark lobes, with a line of no contrast between them."""
  total = np.zeros((scene.side_px, scene.side_px), np.float32)
  angle = rng.uniform(0, math.pi)
  darkness = draw_log((0.05, 0.5), rng)
  share = draw((0.1, 0.8), rng)
  for seen in scene.silhouettes:
    if rng.random() > share:
      continue
    width = max(seen.path_nm.shape) * rng.uniform(0.5, 0.8)
    centre = (
      (seen.rows.start + seen.rows.stop) / 2,
      (seen.columns.start + seen.columns.stop) / 2,
    )
    rows, columns, v, u = window(scene.side_px, centre, 2.2 * width)
    u, v = u / width, v / width
    along = u * math.cos(angle) + v * math.sin(angle)
    total[rows, columns] -= (
      darkness * along**2 * np.exp(1 - u**2 - v**2)
    ).astype(np.float32)
  return total
