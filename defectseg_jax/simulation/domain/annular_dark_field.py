"""STEM annular dark field: bright where more atoms scatter, no fringes."""

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from defectseg_jax.simulation.domain.bright_field import Images
from defectseg_jax.simulation.domain.diffraction import (
  BackgroundSettings,
  diffraction_contrast,
)
from defectseg_jax.simulation.domain.draws import draw, draw_log
from defectseg_jax.simulation.domain.scene import Scene

# Diffraction is so much weaker than in bright field; by eye.
_DIFFRACTION = (0.05, 0.4)
# Standard deviation of the probe, in pixels; by eye.
_PROBE_PX = (0.4, 1.6)


def annular_dark_field(
  scene: Scene, background: BackgroundSettings, rng: np.random.Generator
) -> Images:
  """Images of voids that are dark, as matrix is missing.

  The intensity is proportional to the mass in the beam's way.

  Args:
    scene: with voids.
    background: what else the foil shows.
    rng: random numbers for everything.

  Returns:
    Intensities.
  """
  left = np.clip(1 - scene.path_nm() / np.float32(scene.thickness_nm), 0.02, 1)
  return image_mass(left, background, rng)


def image_mass(
  mass: Float[np.ndarray, 'side side'],
  background: BackgroundSettings,
  rng: np.random.Generator,
) -> Images:
  """Images of mass in the beam's way, under weak diffraction contrast.

  Args:
    mass: [side_px, side_px], 1 where there is matrix alone.
    background: what else the foil shows.
    rng: random numbers for everything.

  Returns:
    Intensities.
  """
  exponent = np.float32(draw_log(_DIFFRACTION, rng)) * diffraction_contrast(
    mass.shape[0], background, rng
  )
  matrix = np.exp(exponent)
  probe_px = draw(_PROBE_PX, rng)
  return Images(
    objects=ndimage.gaussian_filter(matrix * mass, probe_px, truncate=3),
    empty=ndimage.gaussian_filter(matrix, probe_px, truncate=3),
  )
