"""Examples that sources print with inputs and answer, to their digits.

docs/properties.md says where each was read, and what was not found.
"""

import math
from typing import Any

import pytest

from defectseg_jax.quantification.densities import sphere_volume, swelling
from defectseg_jax.quantification.intervals import Interval
from defectseg_jax.quantification.properties.carry import Measured
from defectseg_jax.quantification.properties.hardening import (
  superpose_by_squares,
)
from defectseg_jax.quantification.properties.of_numbers import properties_of
from defectseg_jax.quantification.properties.settings import PropertySettings

# What a course in nuclear materials takes for steel, in all its examples.
COURSE: dict[str, Any] = {'taylor_factor': 3.06, 'shear_modulus_gpa': 80.0}


def known(value):
  return Measured(value, Interval(value, value))


def of_particles(density_per_m3, diameter_nm, settings):
  """Properties of precipitates, by name."""
  numbers = {
    'number_density_per_m3': known(density_per_m3),
    'diameter_mean_nm': known(diameter_nm),
  }
  found = properties_of(numbers, 'precipitates', settings)
  return {name: one.value for name, one in found.items()}


def barriers_mpa(spacing_nm, diameter_nm, settings):
  """Hardening by precipitates so far from each other in a slip plane."""
  density_per_m3 = 1e27 / (spacing_nm**2 * diameter_nm)
  found = of_particles(density_per_m3, diameter_nm, settings)
  assert found['obstacle_spacing_nm'] == pytest.approx(spacing_nm)
  return found['hardening_barrier_mpa']


def test_hard_particles_in_aluminium():
  """Ashby and Jones, Engineering Materials 1, example 10.3.

  Particles of 1e-8 m, 6e-8 m from centre to centre, then of 3e-8 m, 18e-8 m
  apart; 26 GN m-2 and 0.286 nm. Answers: 450 MN m-2; a drop of 300 MN m-2. The
  book's distance is the free one, and its factor of a polycrystal 3.
  """
  aluminium = PropertySettings(
    'Al', shear_modulus_gpa=26, burgers_nm=0.286, taylor_factor=3
  )
  fresh = barriers_mpa(60 - 10, 10, aluminium)
  coarse = barriers_mpa(180 - 30, 30, aluminium)
  assert f'{fresh:.1e}' == '4.5e+02'
  assert f'{fresh - coarse:.1e}' == '3.0e+02'
  # Ours is the distance of centres: weaker by 1 - 50 / 60.
  assert barriers_mpa(60, 10, aluminium) == pytest.approx(fresh * 50 / 60)


def test_the_spacing_that_a_yield_stress_asks_for():
  """Example 6.2, page 219, of a chapter on strengthening mechanisms.

  600 MPa, 27.6 GPa, 2.5e-8 cm, and a shear stress of half the yield stress.
  Answer: a particle spacing of 2.3e-08 m.
  """
  alloy = PropertySettings(
    'Al-Cu', shear_modulus_gpa=27.6, burgers_nm=0.25, taylor_factor=2
  )
  assert f'{barriers_mpa(23, 5, alloy):.3g}' == '600'


def test_what_two_pixels_of_a_diameter_do_to_hardening():
  """Shen et al., Multi Defect Detection and Analysis of Electron Microscopy.

  A diameter of 21.4 nm that is wrong by 1.7 nm; 0.04 of hardening by dispersed
  barriers.
  """
  alloy = PropertySettings('FeCrAl', shear_modulus_gpa=80, burgers_nm=0.248)
  numbers = {
    'number_density_per_m3': known(1e22),
    'diameter_mean_nm': Measured(21.4, Interval(21.4 - 1.7, 21.4 + 1.7)),
  }
  value, ends = properties_of(numbers, 'voids', alloy)['hardening_barrier_mpa']
  assert f'{ends.high / value - 1:.2f}' == '0.04'
  assert f'{1 - ends.low / value:.2f}' == '0.04'


@pytest.mark.parametrize(
  ('density_per_m3', 'diameter_nm', 'strength', 'answer'),
  [
    # Example 1, loops; P1, loops; lesson 2.6, precipitates rich in copper.
    (1e22, 10, 0.25, '153'),
    (5e22, 8, 0.3, '367'),
    (3e23, 3, 0.4, '734'),
  ],
)
def test_hardening_of_steel(density_per_m3, diameter_nm, strength, answer):
  """Nuclear Materials, lessons 2.5 and 2.6; MPa, b of 0.25 nm."""
  steel = PropertySettings(
    'steel', burgers_nm=0.25, strength_precipitates=strength, **COURSE
  )
  found = of_particles(density_per_m3, diameter_nm, steel)
  assert f'{found["hardening_barrier_mpa"]:.0f}' == answer


def test_the_spacing_behind_a_surveillance_capsule():
  """Nuclear Materials, lesson 2.5, P3: 150 MPa are of 160 nm of spacing."""
  steel = PropertySettings(
    'steel', burgers_nm=0.248, strength_precipitates=0.4, **COURSE
  )
  # Hardening goes with 1 / spacing.
  spacing_nm = 100 * barriers_mpa(100, 3, steel) / 150
  assert f'{spacing_nm:.1e}' == '1.6e+02'


def test_a_dislocation_at_a_row_of_rigid_particles():
  """ME382, the demonstration precip_demo: 2.49 GPa by its BKS estimate.

  Particles of 24 angstrom in a cell of 48.959, so that 24.959 are free; 68.7
  GPa, 2.4728 angstrom; the shear stress of one crystal.
  """
  iron = PropertySettings(
    'Fe', shear_modulus_gpa=68.7, burgers_nm=0.24728, taylor_factor=1
  )
  diameter_nm, spacing_nm = 2.4, 4.8959
  found = of_particles(1e27 / (spacing_nm**2 * diameter_nm), diameter_nm, iron)
  assert f'{found["hardening_bks_mpa"] / 1e3:.2f}' == '2.49'


@pytest.mark.parametrize(
  ('length_nm', 'width_nm', 'percent', 'density_e23', 'sheared', 'together'),
  [(7.80, 1.61, 1.53, '9.63', 393, 852), (11.45, 2.65, 2.96, '4.69', 465, 950)],
)
def test_carbides_of_a_secondary_hardening_steel(
  length_nm, width_nm, percent, density_e23, sheared, together
):
  """Zhu et al. 2025, equations 4, 13 and 14, table 2, figure 10.

  Rods of M2C, of 80 GPa and 0.25 nm, after 5 and 32 h; with what NiAl that is
  sheared adds, 852 and 950 MPa. Equation 13 is Ashby's with 0.26 / r for 0.538
  / d, and r of a sphere of the rod's volume.
  """
  steel = PropertySettings('steel', shear_modulus_gpa=80, burgers_nm=0.25)
  radius_nm = (3 / 4 * (width_nm / 2) ** 2 * length_nm) ** (1 / 3)
  density = percent / 100 / sphere_volume(2e-9 * radius_nm)
  # Equation 4, to a unit of the last digit.
  assert density / 1e23 == pytest.approx(float(density_e23), abs=0.01)
  ours = of_particles(density, 2 * radius_nm, steel)['hardening_orowan_mpa']
  theirs = ours * 0.26 / (0.538 / 2)
  # Of inputs of three digits: 851.2 and 951.0.
  assert superpose_by_squares([sheared, theirs]) == pytest.approx(
    together, abs=1.1
  )
  if together == 852:
    # The one bar of it that can be read.
    assert f'{theirs:.0f}' == '755'
    assert math.sqrt(together**2 - sheared**2) == pytest.approx(755, abs=1)


def test_swelling_of_steel():
  """Nuclear Materials, lesson 2.3: 4.19e-3 of example 1, 3.35e-2 of P1.

  1e21 voids in a cubic metre, of 20 and 40 nm. The lesson has their part of the
  whole volume; ours is over the metal that is left.
  """
  for diameter_m, answer in ((20e-9, '4.19e-03'), (40e-9, '3.35e-02')):
    voids_m3 = 1e21 * sphere_volume(diameter_m)
    ours = swelling(voids_m3, area_m2=1, thickness_m=1)
    assert f'{ours / (1 + ours):.2e}' == answer


def test_dislocations_of_an_aluminium_alloy():
  """Liu et al. 2025, section 4.3 and table 2: 73 MPa of 3.61e14 per m2."""
  aluminium = PropertySettings(
    'AlMgSc',
    shear_modulus_gpa=25.4,
    burgers_nm=0.248,
    taylor_factor=3.06,
    strength_dislocations=0.2,
  )
  numbers = {'density_length_per_m2': known(3.61e14)}
  found = properties_of(numbers, 'dislocations', aluminium)
  assert f'{found["hardening_taylor_mpa"].value:.0f}' == '73'


def test_how_fast_precipitates_take_up_iron():
  """Electronic devices, module 21, worked example 3.1: 1.1 s.

  1 / (k2 D), with 5e9 precipitates in a cubic centimetre, of 50 nm of radius,
  and D of iron in silicon at 1000 C, 3e-6 cm2/s.
  """
  any_alloy = PropertySettings('Si', shear_modulus_gpa=64, burgers_nm=0.384)
  found = of_particles(5e15, 100, any_alloy)
  diffusivity_m2_per_s = 3e-10
  sink_per_m2 = found['sink_strength_per_m2']
  assert f'{1 / (sink_per_m2 * diffusivity_m2_per_s):.1f}' == '1.1'
