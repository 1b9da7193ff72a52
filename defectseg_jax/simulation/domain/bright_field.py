"""TEM bright field of voids, by wave optics.

A void takes matrix out of the beam's way: the wave behind it is ahead in phase
by minus the interaction constant, times the mean inner potential, times the
void's chord, and weaker by less absorption. The lens makes intensity of both.
"""

import dataclasses
import math

import numpy as np
import scipy
from jaxtyping import Float

from defectseg_jax.simulation.domain.diffraction import (
  BackgroundSettings,
  diffraction_contrast,
)
from defectseg_jax.simulation.domain.draws import draw, draw_log, smooth_field
from defectseg_jax.simulation.domain.scene import Scene
from defectseg_jax.simulation.domain.settings import OpticsSettings
from defectseg_jax.simulation.domain.wave_optics import (
  Lens,
  exit_wave,
  image_intensity,
  interaction_constant,
  transfer_function,
)

# Fraction of the micrographs in which diffraction makes a void brighter or
# darker than absorption does, from place to place, and how much; by eye.
_DYNAMIC_FRACTION, _DYNAMIC = 0.35, (0.2, 1.2)
# A fringe is at most this part of a mean diameter: beyond it nothing is left
# of a void; by eye.
_WIDEST_FRINGE = 0.45
# In focus to so many nanometres; by eye.
_FOCUS_NM = 60.0
# Fraction of the intensity that is scattered inelastically, and has no fringes;
# by eye.
_INELASTIC = (0.02, 0.5)


@dataclasses.dataclass(frozen=True, eq=False)
class Images:
  """The same foil with and without its objects, before any noise.

  Attributes:
    objects: float32 [side_px, side_px], intensity.
    empty: likewise, without the objects.
  """

  objects: np.ndarray
  empty: np.ndarray

  def over(self, ground: np.ndarray) -> 'Images':
    """The objects over a real background, [side_px, side_px]."""
    return Images(objects=ground * (self.objects / self.empty), empty=ground)


def draw_lens(
  scene: Scene, settings: OpticsSettings, rng: np.random.Generator
) -> Lens:
  """A lens, focused so that fringes have a width that people take."""
  voltage_kv = float(rng.choice(settings.voltage_kv))
  lens = Lens(
    voltage_kv=voltage_kv,
    spherical_aberration_mm=draw_log(settings.spherical_aberration_mm, rng),
    focal_spread_nm=draw_log(settings.focal_spread_nm, rng),
    convergence_mrad=draw_log(settings.convergence_mrad, rng),
    aperture_mrad=draw_log(settings.aperture_mrad, rng),
  )
  fringe_px = min(
    draw_log(settings.fringe_px, rng), _WIDEST_FRINGE * scene.diameter_px
  )
  defocus_nm = (fringe_px * scene.pixel_size_nm) ** 2 / lens.wavelength_nm
  if rng.random() < settings.focused_fraction:
    defocus_nm = rng.uniform(-_FOCUS_NM, _FOCUS_NM)
  elif rng.random() < settings.over_focus_fraction:
    defocus_nm = -defocus_nm
  return dataclasses.replace(lens, defocus_nm=defocus_nm)


def bright_field(
  scene: Scene,
  optics: OpticsSettings,
  background: BackgroundSettings | None,
  rng: np.random.Generator,
) -> Images:
  """Images of a scene in TEM bright field.

  Args:
    scene: with voids.
    optics: of the microscope.
    background: what else the foil shows; None for nothing but the voids: an
      even foil, without diffraction or amorphous surfaces.
    rng: random numbers for everything.

  Returns:
    Intensities.
  """
  lens = draw_lens(scene, optics, rng)
  transfer = transfer_function(scene.side_px, scene.pixel_size_nm, lens)
  phase = np.zeros((scene.side_px, scene.side_px), np.float32)
  exponent = np.zeros_like(phase)
  inelastic = np.float32(draw_log(_INELASTIC, rng))
  if background is not None:
    exponent = diffraction_contrast(scene.side_px, background, rng)
    phase = _amorphous_phase(scene, optics, rng)
  path = scene.path_nm()
  potential_v = draw(optics.inner_potential_v, rng)
  shift = path * np.float32(
    -interaction_constant(lens.voltage_kv) * potential_v
  )
  gain = path / np.float32(draw_log(optics.absorption_length_nm, rng))
  if rng.random() < _DYNAMIC_FRACTION:
    gain = gain * (
      1
      + np.float32(draw(_DYNAMIC, rng))
      * smooth_field(scene.side_px, rng, finest_px=scene.side_px / 2)
    )
  # Where the beam is let through whole nothing can be brighter.
  gain = np.clip(gain, -2.0, 2.0)

  def intensity(exponent: np.ndarray, phase: np.ndarray) -> np.ndarray:
    blurred = np.exp(exponent)
    elastic = image_intensity(exit_wave(blurred, phase), transfer)
    return (1 - inelastic) * elastic + inelastic * blurred

  return Images(
    objects=intensity(exponent + gain, phase + shift),
    empty=(
      np.ones_like(phase) if background is None else intensity(exponent, phase)
    ),
  )


def _amorphous_phase(
  scene: Scene, optics: OpticsSettings, rng: np.random.Generator
) -> Float[np.ndarray, 'side side']:
  """White noise as atoms smooth it: the speckle that shows the focus."""
  side = scene.side_px
  noise = rng.standard_normal((side, side), np.float32)
  # An atom's projected potential is about 0.1 nm wide; by eye.
  across, down = (
    np.exp(-((math.pi * 0.1 * q) ** 2)).astype(np.float32)
    for q in (
      scipy.fft.rfftfreq(side, scene.pixel_size_nm),
      scipy.fft.fftfreq(side, scene.pixel_size_nm),
    )
  )
  waves = np.asarray(scipy.fft.rfft2(noise)) * (down[:, None] * across)
  smooth = np.asarray(scipy.fft.irfft2(waves, s=(side, side)))
  smooth *= np.float32(
    draw_log(optics.speckle_rad, rng) / max(float(smooth.std()), 1e-12)
  )
  return smooth
