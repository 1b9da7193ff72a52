"""The bright-field STEM foils of the paper, at scales of their own."""

import dataclasses

import numpy as np

from defectseg_jax.simulation.domain.draws import draw_log
from defectseg_jax.simulation.domain.patch import Patch
from defectseg_jax.simulation.domain.settings import DomainSettings
from defectseg_jax.simulation.foil import (
  foil_geometry,
  foil_label,
  foil_pixels,
)
from defectseg_jax.simulation.parameters import LABEL_WIDTH_PX, FoilParameters

# Each number is multiplied by a factor that is drawn from these; by eye.
_DENSITY, _SIZE = (0.5, 4.0), (0.7, 1.3)
_DOSE, _CONTRAST = (0.3, 3.0), (0.6, 1.6)
# Lines cover this fraction of a micrograph at most; by eye.
_MOST_LINES = 0.3
# A pixel may be so much smaller or larger than the foil's; by eye.
_PIXEL = (0.9, 5.0)


def draw_scanning_foil(
  domain: DomainSettings,
  foil: FoilParameters,
  defect: str,
  side_px: int,
  rng: np.random.Generator,
) -> Patch:
  """A foil like those of `config.foil`, with its labels.

  Args:
    domain: gives the range of the objects' sizes in pixels.
    foil: around which is drawn.
    defect: voids, precipitates or dislocations: what is labelled.
    side_px: of the patch.
    rng: random numbers for everything.

  Returns:
    The patch.
  """
  varied = _vary(foil, side_px, rng)
  seed = int(rng.integers(2**31))
  geometry = foil_geometry(varied, seed=seed, index=0)
  pixels = foil_pixels(varied, geometry, seed=seed, index=0)
  return Patch(
    pixels=pixels.astype(np.float32),
    mask=foil_label(varied, geometry, defect)[0],
    counts=np.ones((side_px, side_px), bool),
    pixel_size_nm=varied.pixel_size_nm,
    diameter_px=_diameter_nm(varied, defect) / varied.pixel_size_nm,
  )


def _vary(
  foil: FoilParameters, side_px: int, rng: np.random.Generator
) -> FoilParameters:
  voids, precipitates, lines = foil.voids, foil.precipitates, foil.dislocations
  size = draw_log(_SIZE, rng)
  pixel_nm = foil.pixel_size_nm * draw_log(_PIXEL, rng)
  return dataclasses.replace(
    foil,
    side_px=side_px,
    pixel_size_nm=pixel_nm,
    voids=dataclasses.replace(
      voids,
      density_per_m3=voids.density_per_m3 * draw_log(_DENSITY, rng),
      diameter_nm=voids.diameter_nm * size,
      diameter_std_nm=voids.diameter_std_nm * size,
    ),
    precipitates=dataclasses.replace(
      precipitates,
      density_per_m3=precipitates.density_per_m3 * draw_log(_DENSITY, rng),
    ),
    dislocations=dataclasses.replace(
      lines,
      density_per_m2=min(
        lines.density_per_m2 * draw_log(_DENSITY, rng),
        _MOST_LINES / (foil.thickness_nm * LABEL_WIDTH_PX * pixel_nm) * 1e18,
      ),
    ),
    contrast=dataclasses.replace(
      foil.contrast,
      absorption_length_nm=(
        foil.contrast.absorption_length_nm * draw_log(_CONTRAST, rng)
      ),
      fresnel_rim=foil.contrast.fresnel_rim * draw_log(_CONTRAST, rng),
      mottling=foil.contrast.mottling * draw_log(_CONTRAST, rng),
    ),
    detector=dataclasses.replace(
      foil.detector,
      dose_electrons_per_px=(
        foil.detector.dose_electrons_per_px * draw_log(_DOSE, rng)
      ),
      flyback_px=0.0,
    ),
  )


def _diameter_nm(foil: FoilParameters, defect: str) -> float:
  """The size that the network sees: of a line, the width of its image."""
  if defect == 'voids':
    return foil.voids.diameter_nm
  if defect == 'precipitates':
    return foil.precipitates.diameter_nm
  return foil.contrast.line_width_nm
