"""Properties against closed forms; worked_examples_test.py has sources'."""

import math

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.intervals import Interval
from defectseg_jax.quantification.properties import hardening, sinks
from defectseg_jax.quantification.properties.carry import Measured, carry
from defectseg_jax.quantification.properties.of_numbers import (
  CONVENTIONS,
  properties_of,
  property_columns,
  property_names,
)
from defectseg_jax.quantification.properties.settings import PropertySettings

MU_PA, B_M = 80e9, 0.25e-9
ELASTIC = {'shear_modulus_pa': MU_PA, 'burgers_m': B_M}
STEEL = PropertySettings('steel', shear_modulus_gpa=80, burgers_nm=0.25)


def test_barriers_on_a_square_lattice():
  """One obstacle in 50 nm x 50 nm of slip plane: M alpha mu b / 50 nm."""
  density = 1 / (50e-9**2 * 8e-9)
  found = hardening.dispersed_barrier_pa(
    density, 8e-9, strength=0.4, taylor_factor=3.06, **ELASTIC
  )
  # 0.4 * 3.06 * 80 GPa * 0.25 / 50.
  assert found == pytest.approx(489.6e6)
  assert hardening.obstacle_spacing_m(density, 8e-9) == pytest.approx(50e-9)


def test_gladmans_coefficient_for_steel():
  """0.538 * 80.3 GPa * 0.25 nm is the 10.8 of steels, in MPa and um."""
  fraction, size_m = 0.001, 20e-9
  density = fraction / (math.pi / 6 * size_m**3)
  found = hardening.ashby_orowan_pa(
    density, size_m, shear_modulus_pa=80.3e9, burgers_m=B_M
  )
  size_um = 0.02
  coefficient = (
    found
    / 1e6
    / (math.sqrt(fraction) / size_um * math.log(size_um / (2 * 0.25e-3)))
  )
  assert round(coefficient, 1) == 10.8


def test_particles_smaller_than_two_burgers_vectors_are_cut():
  assert hardening.ashby_orowan_pa(1e24, 0.5e-9, **ELASTIC) == 0


def test_bacon_kocks_and_scattergood_by_hand():
  # Centres 60 nm apart, 10 nm large: L = 50 nm, D = 1 / (1/10 + 1/50) nm.
  density = 1 / (60e-9**2 * 10e-9)
  harmonic = 50 / 6
  expected = (
    3 * 80e9 * 0.25 / (2 * math.pi * 50) * (math.log(harmonic / 0.25) + 1.52)
  )
  assert hardening.bacon_kocks_scattergood_pa(
    density,
    10e-9,
    term=hardening.VOID_TERM,
    taylor_factor=3.0,
    core_radius_m=B_M,
    **ELASTIC,
  ) == pytest.approx(expected)


def test_without_obstacles_there_is_no_hardening():
  more = {'term': 0.7, 'taylor_factor': 3.0, 'core_radius_m': B_M, **ELASTIC}
  assert hardening.bacon_kocks_scattergood_pa(0, 10e-9, **more) == 0
  # Obstacles that touch.
  assert math.isnan(hardening.bacon_kocks_scattergood_pa(1e25, 20e-9, **more))
  assert hardening.superpose_linearly([3.0, 4.0]) == 7
  assert hardening.superpose_by_squares([3.0, 4.0]) == 5


def test_sinks_of_one_population():
  assert sinks.particle_sink_per_m2(1e21, 20e-9) == pytest.approx(
    4 * math.pi * 10e-9 * 1e21
  )
  assert sinks.dislocation_sink_per_m2(1e14, bias=1.2) == pytest.approx(1.2e14)
  assert sinks.point_defect_path_m(4e14) == pytest.approx(50e-9)
  assert math.isinf(sinks.point_defect_path_m(0))


def test_an_interval_is_carried_as_simulation_carries_it():
  """Log-normal density and diameter: 95% of the root of their product."""
  rng = np.random.default_rng(1)
  z = rng.normal(size=(2, 200_000))
  widths = np.log([1.5, 1.2])[:, None]
  density, diameter = np.exp(z * widths / 1.96) * [[1e22], [10.0]]
  low, high = np.percentile(np.sqrt(density * diameter), [2.5, 97.5])
  found = carry(
    lambda density, diameter: math.sqrt(density * diameter),
    {
      'density': Measured(1e22, Interval(1e22 / 1.5, 1.5e22)),
      'diameter': Measured(10.0, Interval(10 / 1.2, 12.0)),
    },
  )
  assert found.interval == pytest.approx((low, high), rel=3e-3)


def test_a_strength_that_is_not_known_well_widens():
  exact = {'n': Measured(4.0, Interval(4.0, 4.0))}
  low, high = carry(_root, exact, factor_uncertainty=0.1)[1]
  assert (low, high) == pytest.approx(
    (2 * math.exp(-0.196), 2 * math.exp(0.196)), rel=1e-3
  )


def _root(n):
  return math.sqrt(n)


def test_what_falls_with_a_number_has_its_ends_turned():
  path = carry(
    sinks.point_defect_path_m,
    {'sink_per_m2': Measured(1e14, Interval(0.25e14, 4e14))},
  )
  assert path.interval == pytest.approx((50e-9, 200e-9))


def test_nothing_found_hardens_nothing_up_to_an_end():
  numbers = {
    'number_density_per_m3': Measured(0.0, Interval(0.0, 1e21)),
    'diameter_mean_nm': Measured(10.0, Interval(9.0, 11.0)),
  }
  found = properties_of(numbers, 'voids', STEEL)['hardening_barrier_mpa']
  assert found.value == 0 and found.interval.low == 0
  assert found.interval.high == pytest.approx(
    3.06 * 80e3 * 0.25e-9 * math.sqrt(1e21 * 10e-9)
  )
  unknown = {**numbers, 'diameter_mean_nm': Measured(math.nan, Interval(1, 2))}
  assert math.isnan(
    properties_of(unknown, 'voids', STEEL)['sink_strength_per_m2'].value
  )


@pytest.mark.parametrize('defect', ['voids', 'precipitates', 'dislocations'])
def test_every_property_says_how_it_is_defined(defect):
  names = property_names(defect, STEEL)
  assert names and set(names) <= CONVENTIONS.keys()
  assert property_names(defect, PropertySettings()) == ()
  summary = {
    f'{name}{end}': value
    for name, value in (
      ('number_density_per_m3', 1e22),
      ('diameter_mean_nm', 8.0),
      ('density_length_per_m2', 1e14),
    )
    for end in ('', '_low', '_high')
  }
  columns = property_columns(summary, defect, STEEL)
  assert len(columns) == 3 * len(names)
  assert all(math.isfinite(one) for one in columns.values())


@pytest.mark.parametrize(
  ('wrong', 'message'),
  [
    ({'shear_modulus_gpa': 81e9}, 'gigapascals'),
    ({'shear_modulus_gpa': 0.081}, 'cannot be that of alloy x'),
    ({'burgers_nm': 2.48}, 'nanometres'),
    ({'burgers_nm': 2.5e-10}, 'cannot be that of alloy x'),
    ({'taylor_factor': 0.3}, 'near 3'),
    ({'densities': 'true'}, 'choose one of plain, corrected'),
  ],
)
def test_units_that_cannot_be_right_are_refused(wrong, message):
  right = {'shear_modulus_gpa': 81.0, 'burgers_nm': 0.25}
  with pytest.raises(InputError, match=message):
    PropertySettings('x', **(right | wrong))
  PropertySettings('x', **right)
