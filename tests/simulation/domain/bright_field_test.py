"""Voids in bright field: their sign, rim and contrast."""

import dataclasses
import math

import numpy as np
import pytest

from defectseg_jax.simulation.domain import bright_field
from defectseg_jax.simulation.domain.annular_dark_field import (
  annular_dark_field,
)
from defectseg_jax.simulation.domain.bright_field import _amorphous_phase
from defectseg_jax.simulation.domain.diffraction import BackgroundSettings
from defectseg_jax.simulation.domain.draws import smooth_field
from defectseg_jax.simulation.domain.scene import Scene
from defectseg_jax.simulation.domain.settings import OpticsSettings
from defectseg_jax.simulation.domain.wave_optics import Lens
from defectseg_jax.simulation.parameters import FoilParameters
from defectseg_jax.simulation.particle_shapes import create_sphere
from defectseg_jax.simulation.silhouettes import silhouettes

SIDE, PIXEL_NM, THICKNESS_NM = 128, 0.5, 60.0


def sphere_scene(diameter_nm=16.0):
  foil = FoilParameters(
    side_px=SIDE, pixel_size_nm=PIXEL_NM, thickness_nm=THICKNESS_NM
  )
  middle = SIDE * PIXEL_NM / 2
  sphere = create_sphere(np.array([middle, middle, 30.0]), diameter_nm)
  (seen,) = silhouettes([sphere], foil)
  return Scene(
    side_px=SIDE,
    pixel_size_nm=PIXEL_NM,
    thickness_nm=THICKNESS_NM,
    diameter_px=diameter_nm / PIXEL_NM,
    silhouettes=[seen],
  )


def images_at(defocus_nm, monkeypatch, scene=None, **optics):
  """Of an even foil, through a lens that is not drawn."""
  lens = Lens(defocus_nm=defocus_nm)
  monkeypatch.setattr(bright_field, 'draw_lens', lambda *_: lens)
  monkeypatch.setattr(bright_field, '_DYNAMIC_FRACTION', 0.0)
  monkeypatch.setattr(bright_field, '_INELASTIC', (1e-6, 1e-6))
  return bright_field.bright_field(
    scene or sphere_scene(),
    dataclasses.replace(OpticsSettings(), **optics),
    None,
    np.random.default_rng(0),
  )


def ring(image, low_nm, high_nm):
  """Mean over what is so far from the middle."""
  y, x = (np.indices(image.shape) + 0.5 - SIDE / 2) * PIXEL_NM
  distance = np.hypot(x, y)
  return float(image[(distance >= low_nm) & (distance < high_nm)].mean())


def test_in_focus_the_contrast_is_that_of_absorption(monkeypatch):
  made = images_at(0.0, monkeypatch, absorption_length_nm=(40.0, 40.0))
  # Through the middle 16 nm are missing of what weakens the beam.
  assert ring(made.objects, 0, 1.5) == pytest.approx(np.exp(16 / 40), rel=0.03)
  assert ring(made.objects, 20, 30) == pytest.approx(1, abs=0.01)
  assert (made.empty == 1).all()


def test_the_rim_is_dark_outside_under_focus_and_bright_over_focus(monkeypatch):
  weak = {'absorption_length_nm': (1e4, 1e4), 'inner_potential_v': (3.0, 3.0)}
  under = images_at(1500.0, monkeypatch, **weak).objects
  over = images_at(-1500.0, monkeypatch, **weak).objects
  # Matrix is missing: bright within and dark around it under focus.
  assert ring(under, 6.5, 7.8) > 1 > ring(under, 8.3, 10)
  assert ring(over, 6.5, 7.8) < 1 < ring(over, 8.3, 10)
  # To the first order the two are mirror images of each other about 1.
  deviations = np.corrcoef((under - 1).ravel(), (over - 1).ravel())
  assert deviations[0, 1] < -0.9


def test_a_fringe_is_as_wide_as_the_range_says():
  settings = OpticsSettings(
    focused_fraction=0.0, fringe_px=(4.0, 4.0), over_focus_fraction=0.5
  )
  lenses = [
    bright_field.draw_lens(sphere_scene(), settings, np.random.default_rng(n))
    for n in range(40)
  ]
  for lens in lenses:
    width_nm = np.sqrt(abs(lens.defocus_nm) * lens.wavelength_nm)
    assert width_nm / PIXEL_NM == pytest.approx(4.0)
  over = [lens.defocus_nm < 0 for lens in lenses]
  assert 8 < sum(over) < 32


def test_amorphous_surfaces_show_speckle_that_the_focus_changes(monkeypatch):
  def speckle(defocus_nm):
    lens = Lens(defocus_nm=defocus_nm)
    monkeypatch.setattr(bright_field, 'draw_lens', lambda *_: lens)
    optics = OpticsSettings(speckle_rad=(0.1, 0.1))
    even = BackgroundSettings(
      mottling=(1e-6, 1e-6),
      contours_fraction=0,
      grains_fraction=0,
      moire_fraction=0,
      lines_fraction=0,
      spots_fraction=0,
    )
    made = bright_field.bright_field(
      sphere_scene(), optics, even, np.random.default_rng(3)
    )
    return float(made.empty.std())

  assert speckle(800.0) > 5 * speckle(0.0)


def test_voids_are_dark_in_the_annular_dark_field():
  made = annular_dark_field(
    sphere_scene(), BackgroundSettings(), np.random.default_rng(0)
  )
  seen = made.objects / made.empty
  # 16 of 60 nm are missing in the middle.
  assert ring(seen, 0, 1.5) == pytest.approx(1 - 16 / 60, abs=0.02)
  assert ring(seen, 20, 30) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize('side_px, finest_px', [(64, 8.0), (90, 2.5), (97, 40)])
def test_smooth_fields_are_the_transform_of_their_waves(side_px, finest_px):
  found = smooth_field(
    side_px, np.random.default_rng(3), finest_px=finest_px, steepness=1.5
  )
  torus = side_px + side_px // 4
  highest = min(torus // 2 - 1, round(torus / finest_px))
  waves = np.random.default_rng(3).standard_normal(
    (2, 2 * highest + 1, highest + 1), np.float32
  )
  spectrum = np.zeros((torus, torus // 2 + 1), complex)
  for down in range(-highest, highest + 1):
    for across in range(highest + 1):
      q = math.hypot(down, across)
      if 0 < q <= highest:
        wave = waves[:, down + highest, across]
        spectrum[down, across] = complex(*wave) * q**-1.5
  expected = np.fft.irfft2(spectrum, s=(torus, torus))[:side_px, :side_px]
  expected = (expected - expected.mean()) / expected.std()
  np.testing.assert_allclose(found, expected, atol=1e-4)


def test_speckle_is_white_but_for_the_width_of_atoms():
  """Its spectrum falls as the transform of an atom 0.1 nm wide."""
  scene = dataclasses.replace(sphere_scene(), pixel_size_nm=0.05)
  optics = OpticsSettings(speckle_rad=(0.1, 0.1))
  power = sum(
    np.abs(
      np.fft.fft2(_amorphous_phase(scene, optics, np.random.default_rng(k)))
    )
    ** 2
    for k in range(20)
  )
  q = np.fft.fftfreq(SIDE, 0.05)
  expected = np.exp(-2 * (math.pi * 0.1) ** 2 * (q[:, None] ** 2 + q**2))
  near = expected > 0.05
  ratio = power / expected
  # All directions and frequencies alike, each within what 20 draws leave.
  assert ratio[near & (q[:, None] > 0)].mean() == pytest.approx(
    ratio[near & (q[:, None] < 0)].mean(), rel=0.02
  )
  low, high = near & (expected > 0.5), near & (expected < 0.2)
  assert ratio[low].mean() == pytest.approx(ratio[high].mean(), rel=0.03)
