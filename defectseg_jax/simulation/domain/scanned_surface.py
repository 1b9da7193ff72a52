"""SEM of a surface with precipitates: secondary or backscattered electrons.

Lengths are in pixels, brightness is in units of the contrast of a typical
particle. Numbers are by eye where no source is named.
"""

import math
from collections.abc import Callable

import numpy as np

from defectseg_jax.simulation.domain.camera import digitise
from defectseg_jax.simulation.domain.draws import draw, draw_log, smooth_field
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.settings import DomainSettings
from defectseg_jax.simulation.domain.surface_ground import (
  SurfaceSettings,
  draw_debris,
  draw_ground,
  scan,
)
from defectseg_jax.simulation.domain.surface_particles import (
  Relief,
  SurfaceParticle,
  draw_outline,
  paint_particles,
)
from defectseg_jax.simulation.domain.visibility import (
  Noise,
  fill_silhouettes,
  visible_objects,
)

# From a radius to the outline of a particle.
Outliner = Callable[[float], np.ndarray]

# Of the matrix, so much is in structures as large as particles.
_AS_LARGE = 0.4
# A micrograph has no more particles than this for each 256 x 256 pixels.
_MOST = 220
# Buried particles stronger than this may be labelled by some people.
_DOUBTFUL = 0.45


def draw_scanned_surface(
  domain: DomainSettings, side_px: int, rng: np.random.Generator
) -> Patch:
  """A surface with precipitates, most often dark ones.

  Args:
    domain: what is drawn from; `objects` and `surface` matter.
    side_px: of the patch.
    rng: random numbers for everything.

  Returns:
    The patch. Particles that lie below the surface, and are blurred, are not
    labelled; strong ones of them, and faint ones at the surface, do not count.
  """
  diameter_px = draw_log(domain.objects.diameter_px, rng)
  particles = place_particles(side_px, diameter_px, domain, rng)
  ground = draw_ground(side_px, domain.surface, rng)
  texture = smooth_field(
    side_px, rng, finest_px=draw_log((2.5, 12.0), rng), steepness=0.3
  )
  layer, silhouettes = paint_particles(
    side_px, particles, _draw_relief(diameter_px, domain.surface, rng),
    texture, rng,
  )  # fmt: skip
  if rng.random() < domain.surface.bright_fraction:
    layer = -layer
  noise = draw_log(domain.surface.noise, rng)
  picture = ground + layer + draw_debris(side_px, domain.surface, rng)
  surface, doubtful = [], []
  for particle, seen in zip(particles, silhouettes, strict=True):
    if seen is not None and not particle.buried:
      surface.append(seen)
    elif seen is not None and particle.strength > _DOUBTFUL:
      doubtful.append(seen)
  visible = visible_objects(
    surface,
    layer,
    Noise(
      fine=np.full_like(layer, noise),
      clutter=np.full_like(layer, _AS_LARGE * float(ground.std())),
    ),
    ratio=domain.objects.visible_ratio,
  )
  pairs = list(zip(surface, visible, strict=True))
  mask = fill_silhouettes([s for s, seen in pairs if seen], side_px)
  doubtful += [s for s, seen in pairs if not seen]
  signal = scan(picture, noise, domain.surface, rng)
  return Patch(
    pixels=digitise(signal, domain.camera, rng),
    mask=mask,
    counts=mask | ~fill_silhouettes(doubtful, side_px),
    pixel_size_nm=draw_log(domain.surface.diameter_nm, rng) / diameter_px,
    diameter_px=diameter_px,
  )


def place_particles(
  side_px: int,
  diameter_px: float,
  domain: DomainSettings,
  rng: np.random.Generator,
) -> list[SurfaceParticle]:
  """Particles that do not overlap, over those that lie below the surface.

  Args:
    side_px: of the micrograph.
    diameter_px: mean diameter.
    domain: `objects` and `surface` give the ranges.
    rng: random numbers for everything.

  Returns:
    Buried particles first; none in `objects.empty_fraction` of micrographs.
  """
  objects = domain.objects
  surface = domain.surface
  shape = _draw_shapes(surface, rng)
  relative_std = draw(objects.relative_std, rng)
  covered = draw_log(objects.covered_fraction, rng)
  reach = side_px + diameter_px
  most = _MOST * (side_px / 256) ** 2
  expected = (
    covered * reach**2 / (math.pi / 4 * diameter_px**2 * (1 + relative_std**2))
  )
  count = int(rng.poisson(min(expected, most)))
  if rng.random() < objects.empty_fraction:
    count = 0
  spread, edge_px = draw((0.05, 0.45), rng), draw_log(surface.edge_px, rng)
  particles = []
  if rng.random() < surface.buried_fraction:
    for _ in range(rng.poisson(draw((0.1, 1.2), rng) * min(expected, 60))):
      particles.append(
        _draw_buried(side_px, diameter_px * rng.lognormal(0, 0.3), shape, rng)
      )
  kept = np.empty((0, 3))
  for _ in range(count):
    radius = 0.5 * diameter_px * max(rng.lognormal(0, relative_std), 0.2)
    place = rng.uniform(-diameter_px / 2, side_px + diameter_px / 2, size=2)
    gaps = np.hypot(*(kept[:, :2] - place).T) - kept[:, 2] - radius
    if (gaps < 1).any():
      continue
    centres, radii = _draw_parts(place, radius, surface.pairs_fraction, rng)
    kept = np.concatenate([kept, np.column_stack([centres, radii])])
    particles.append(
      SurfaceParticle(
        centres=tuple((float(y), float(x)) for y, x in centres),
        outlines=tuple(shape(r) for r in radii),
        strength=min(rng.lognormal(0, spread), 2.0),
        edge_px=min(edge_px * rng.lognormal(0, 0.25), 0.35 * radius),
        buried=False,
      )
    )
  return particles


def _draw_parts(
  place: np.ndarray, radius: float, pairs: float, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[float]]:
  """Centres and radii of a particle, and of one that it has grown into."""
  if rng.random() >= pairs:
    return [place], [radius]
  second = radius * rng.uniform(0.5, 1.1)
  angle = rng.uniform(0, 2 * math.pi)
  step = rng.uniform(0.75, 1.02) * (radius + second)
  beside = place + step * np.array([math.sin(angle), math.cos(angle)])
  return [place, beside], [radius, second]


def _draw_shapes(
  settings: SurfaceSettings, rng: np.random.Generator
) -> Outliner:
  """Function from a radius to an outline of the micrograph's kind."""
  faceted = rng.random() < settings.facets_fraction
  corners = draw((3.0, 9.0), rng) if faceted else 2.0
  aligned = rng.random() < 0.5
  turn = rng.uniform(0, math.pi)
  longest = draw_log((1.05, 2.2), rng)
  roughness = draw_log((0.01, 0.25), rng)
  odd = draw((0.0, 0.3), rng)

  def outline(radius_px: float) -> np.ndarray:
    alone = rng.random() < odd
    return draw_outline(
      radius_px,
      elongation=rng.uniform(1, 2.5 if alone else longest),
      roughness=roughness * (2 if alone else 1),
      corners=corners if rng.random() < 0.8 else 2.0,
      turn_rad=turn + (0.1 * rng.normal() if aligned else rng.uniform(0, 3.2)),
      rng=rng,
    )

  return outline


def _draw_buried(
  side_px: int, diameter_px: float, shape: Outliner, rng: np.random.Generator
) -> SurfaceParticle:
  """One below the surface: as blurred as deep."""
  radius = diameter_px / 2
  place = rng.uniform(-radius, side_px + radius, size=2)
  blur = rng.uniform(0.25, 0.6)
  return SurfaceParticle(
    centres=((float(place[0]), float(place[1])),),
    outlines=(shape(radius),),
    strength=draw_log((0.08, 0.6), rng),
    edge_px=max(1.0, blur * radius),
    buried=True,
  )


def _draw_relief(
  diameter_px: float, settings: SurfaceSettings, rng: np.random.Generator
) -> Relief:
  aside = rng.random() < settings.relief_fraction
  around = rng.random() < settings.halo_fraction
  textured = rng.random() < 0.5
  return Relief(
    # Most often below or to the right; anywhere in a third.
    light_rad=(
      rng.uniform(0, 2 * math.pi)
      if rng.random() < 0.35
      else rng.normal(0.3 * math.pi, 0.5)
    ),
    rim=draw_log((0.15, 2.5), rng) if aside else 0.0,
    rim_px=max(0.8, diameter_px * draw_log((0.04, 0.2), rng)),
    shadow=draw((0.0, 0.5), rng) if aside and rng.random() < 0.5 else 0.0,
    halo=draw_log((0.1, 1.2), rng) if around else 0.0,
    halo_px=max(0.8, diameter_px * draw_log((0.04, 0.3), rng)),
    shading=draw((0.0, 1.2), rng) if aside else 0.0,
    hollow=draw((0.0, 0.8), rng) if rng.random() < 0.35 else 0.0,
    texture=draw_log((0.03, 0.5), rng) if textured else 0.0,
    spotted_fraction=draw((0.0, 0.5), rng) if rng.random() < 0.4 else 0.0,
  )
