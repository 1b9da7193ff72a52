"""The lens against closed forms of weak phase and amplitude objects."""

import math

import numpy as np
import pytest

from defectseg_jax.simulation.domain.wave_optics import (
  Lens,
  electron_wavelength_nm,
  exit_wave,
  image_intensity,
  interaction_constant,
  transfer_function,
)

SIDE, PIXEL_NM = 128, 0.25
COHERENT = {
  'spherical_aberration_mm': 0.0,
  'focal_spread_nm': 0.0,
  'convergence_mrad': 0.0,
  'aperture_mrad': 1000.0,
}


def image(phase, lens, intensity=1.0):
  wave = exit_wave(np.full(phase.shape, intensity, np.float32), phase)
  return image_intensity(wave, transfer_function(SIDE, PIXEL_NM, lens))


# Williams and Carter (2009), Table 1.2.
@pytest.mark.parametrize(
  ('voltage_kv', 'picometres'), [(100, 3.701), (200, 2.508), (300, 1.969)]
)
def test_wavelength_is_that_of_the_tables(voltage_kv, picometres):
  found = 1000 * electron_wavelength_nm(voltage_kv)
  assert found == pytest.approx(picometres, abs=1e-3)


# Kirkland (2010), Figure 5.2 and its text: 0.00924, 0.00729, 0.00653.
@pytest.mark.parametrize(
  ('voltage_kv', 'expected'), [(100, 9.24e-3), (200, 7.29e-3), (300, 6.53e-3)]
)
def test_interaction_constant_is_that_of_the_tables(voltage_kv, expected):
  assert interaction_constant(voltage_kv) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize('waves', [3, 8, 15])
@pytest.mark.parametrize('defocus_nm', [-300.0, 40.0, 900.0])
def test_a_weak_phase_wave_has_the_contrast_of_its_transfer(waves, defocus_nm):
  lens = Lens(defocus_nm=defocus_nm, **COHERENT)
  x = 2 * math.pi * waves * np.arange(SIDE) / SIDE
  weak = 1e-3
  phase = np.broadcast_to(weak * np.cos(x), (SIDE, SIDE)).astype(np.float32)
  q = waves / (SIDE * PIXEL_NM)
  # I = 1 + 2 phase sin(chi), chi = -pi lambda defocus q^2.
  chi = -math.pi * lens.wavelength_nm * defocus_nm * q**2
  contrast = 2 * np.mean((image(phase, lens)[0] - 1) * np.cos(x)) / weak
  assert contrast == pytest.approx(2 * math.sin(chi), abs=2e-3)


def test_fringes_widen_as_the_root_of_wavelength_times_defocus():
  # An image of a point at four times the defocus is twice as wide.
  lens = Lens(**COHERENT)
  middle = SIDE // 2
  y, x = np.indices((SIDE, SIDE)) - middle
  point = (-1e-3 * np.exp(-(x**2 + y**2) / 2.0)).astype(np.float32)
  near, far = (
    image(point, Lens(defocus_nm=d, **COHERENT))[middle, middle:] - 1
    for d in (250.0, 1000.0)
  )

  def first_dark_ring(profile):
    return int(np.argmin(profile))

  assert first_dark_ring(far) == pytest.approx(2 * first_dark_ring(near), abs=1)
  # Fresnel's propagation of a point: cos(pi r^2 / (lambda defocus)), which is
  # least where r^2 = lambda defocus.
  ring_nm = first_dark_ring(far) * PIXEL_NM
  assert ring_nm == pytest.approx(
    math.sqrt(lens.wavelength_nm * 1000.0), abs=PIXEL_NM
  )


def test_in_focus_a_phase_has_no_contrast_and_absorption_has_its_own():
  lens = Lens(defocus_nm=0.0, **COHERENT)
  rng = np.random.default_rng(0)
  phase = rng.normal(0, 0.2, (SIDE, SIDE)).astype(np.float32)
  assert np.allclose(image(phase, lens), 1, atol=1e-4)
  assert np.allclose(image(phase, lens, 0.37), 0.37, atol=1e-4)


def test_a_partially_coherent_lens_passes_less_of_what_is_fine():
  coherent = transfer_function(SIDE, PIXEL_NM, Lens(defocus_nm=500.0))
  spread = transfer_function(
    SIDE, PIXEL_NM, Lens(defocus_nm=500.0, convergence_mrad=0.8)
  )
  assert np.abs(spread[0, 0]) == pytest.approx(1)
  assert (np.abs(spread) <= np.abs(coherent) + 1e-6).all()
  assert np.abs(spread[0, 40]) < 0.5 * np.abs(coherent[0, 40])


def test_the_aperture_stops_what_is_scattered_beyond_it():
  lens = Lens(**{**COHERENT, 'aperture_mrad': 3.0})
  transfer = np.abs(transfer_function(SIDE, PIXEL_NM, lens))
  q = np.abs(np.fft.fftfreq(SIDE, PIXEL_NM))
  angle_mrad = 1000 * q * lens.wavelength_nm
  assert (transfer[0, angle_mrad > 4.5] < 0.01).all()
  assert (transfer[0, angle_mrad < 2.0] > 0.99).all()
