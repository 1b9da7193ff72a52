"""Rows of numbers of an image, on masks whose numbers are known."""

import math

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.particles import summary as summary_module
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.particles.properties import measure_particles
from defectseg_jax.quantification.particles.summary import particle_summary

PIXEL_NM, FOIL_NM = 0.5, 100.0


def grid_of_discs(radius=10.0, size=600, step=60):
  """Discs away from each other and from the border, and half of one at it."""
  y, x = np.mgrid[:size, :size]
  dy, dx = (c % step - step / 2 for c in (y, x))
  return np.hypot(dy, dx) <= radius


def summary(mask, **fields):
  fields = {'thickness_nm': FOIL_NM, **fields}
  return particle_summary(
    measure_particles(mask, pixel_size_nm=PIXEL_NM), **fields
  )


def test_discs_have_the_numbers_of_discs():
  found = summary(grid_of_discs())
  area_m2, foil_m = (600 * PIXEL_NM * 1e-9) ** 2, FOIL_NM * 1e-9
  assert found['count'] == found['count_all'] == found['count_whole'] == 100
  assert found['number_density_per_m3'] == pytest.approx(
    100 / (area_m2 * foil_m)
  )
  # An error of the area below a tenth of the circumference: 0.2 px of 20.
  diameter = found['diameter_mean_nm']
  assert diameter == pytest.approx(10.0, abs=0.1)
  assert found['number_density_with_diameter_per_m3'] == pytest.approx(
    100 / (area_m2 * (foil_m + diameter * 1e-9))
  )
  assert found['diameter_std_nm'] == pytest.approx(0, abs=1e-9)
  for name in ('median', 'p05', 'p25', 'p75', 'p95'):
    assert found[f'diameter_{name}_nm'] == pytest.approx(diameter)
  volume_m3 = 100 * math.pi / 6 * (diameter * 1e-9) ** 3
  assert found['volume_fraction'] == pytest.approx(
    volume_m3 / (area_m2 * foil_m)
  )
  assert found['swelling'] == pytest.approx(
    volume_m3 / (area_m2 * foil_m - volume_m3)
  )
  assert found['area_fraction'] == pytest.approx(
    100 * math.pi / 4 * diameter**2 / 300**2
  )


def test_intervals_stand_beside_their_values():
  found = summary(grid_of_discs())
  low, high = intervals.poisson_interval(100)
  density = found['number_density_per_m3']
  assert found['number_density_per_m3_low'] == pytest.approx(
    low / 100 * density
  )
  assert found['number_density_per_m3_high'] == pytest.approx(
    high / 100 * density
  )
  # Volumes that are all alike are clumps of one particle each.
  assert found['volume_fraction_low'] / found['volume_fraction'] == (
    pytest.approx(low / 100)
  )
  assert found['swelling_low'] < found['swelling'] < found['swelling_high']
  # All diameters are alike, but the pixel size may be off by 2%.
  wide = summary(grid_of_discs(), pixel_size_uncertainty=0.02)
  assert found['diameter_mean_nm_high'] == pytest.approx(
    found['diameter_mean_nm']
  )
  assert wide['diameter_mean_nm_high'] == pytest.approx(
    found['diameter_mean_nm'] * math.exp(1.959964 * 0.02)
  )


@pytest.mark.parametrize(
  'name, of_pixel, of_thickness',
  [
    ('number_density_per_m3', 2, 1),
    ('number_density_corrected_per_m3', 2, 1),
    # d^3 over an area.
    ('volume_fraction', 1, 1),
    ('diameter_mean_nm', 1, 0),
    ('diameter_mean_corrected_nm', 1, 0),
  ],
)
def test_each_uncertainty_has_its_power(name, of_pixel, of_thickness):
  mask = grid_of_discs()

  def log_width(**fields):
    found = summary(mask, **fields)
    return math.log(found[f'{name}_high'] / found[name])

  for field, power in (
    ('pixel_size_uncertainty', of_pixel),
    ('thickness_uncertainty', of_thickness),
  ):
    assert log_width(**{field: 0.1}) == pytest.approx(
      math.hypot(log_width(), 1.959964 * 0.1 * power)
    )


def test_sizes_come_from_whole_particles():
  mask = grid_of_discs()[30:]  # the top row of discs loses its upper half
  found = summary(mask)
  assert found['count_all'] == 100 and found['count_whole'] == 90
  assert found['diameter_std_nm'] == pytest.approx(0, abs=1e-9)
  assert [
    summary(mask, border=rule)['count'] for rule in ('all', 'exclude', 'frame')
  ] == [100, 90, 100]
  assert summary(mask[::-1], border='frame')['count'] == 90


@pytest.mark.parametrize(
  'mask, count, diameter_px',
  [
    (np.zeros((40, 40), bool), 0, math.nan),
    (np.pad(np.ones((6, 6), bool), 17), 1, math.sqrt(144 / math.pi)),
    (np.pad(np.ones((1, 1), bool), 3), 1, math.sqrt(4 / math.pi)),
    (np.array([[0, 1, 1, 0, 0, 1, 0]]), 0, math.nan),
    (np.ones((40, 40), bool), 0, math.nan),
  ],
  ids=['none', 'one', 'one pixel', 'a row', 'everything'],
)
def test_degenerate_masks(mask, count, diameter_px):
  found = summary(mask)
  assert found['count'] == count
  assert found['diameter_mean_nm'] == pytest.approx(
    diameter_px * PIXEL_NM, nan_ok=True
  )
  assert math.isnan(found['diameter_std_nm'])
  assert math.isnan(found['diameter_mean_nm_high'])
  # An upper limit stands, also where nothing was counted.
  assert found['number_density_per_m3_high'] > found['number_density_per_m3']
  for name in ('number_density_per_m3', 'volume_fraction', 'swelling'):
    assert found[name] >= 0


def test_without_particles_densities_are_zero():
  found = summary(np.zeros((40, 40), bool))
  zeros = [
    name
    for name in summary_module.CONVENTIONS
    if not name.startswith('diameter') and 'detected' not in name
  ]
  assert {name: found[name] for name in zeros} == dict.fromkeys(zeros, 0)
  # Garwood's 3.69 of a count of 0, over the volume; both ways of counting.
  most = 3.688879 / ((40 * PIXEL_NM) ** 2 * FOIL_NM * 1e-27)
  for name in ('number_density_per_m3', 'number_density_corrected_per_m3'):
    assert found[f'{name}_high'] == pytest.approx(most)


def test_particles_only_on_the_border():
  mask = np.zeros((50, 50), bool)
  mask[0:5, 10:15] = mask[45:, 30:35] = mask[20:25, 0:5] = True
  found = summary(mask)
  assert found['count_all'] == 3 and found['count'] == 2
  assert found['count_whole'] == 0
  assert math.isnan(found['diameter_mean_nm'])
  assert found['number_density_per_m3'] > 0
  assert found['number_density_with_diameter_per_m3'] > 0
  # No whole particle to take the shape from.
  assert math.isnan(found['number_density_corrected_per_m3'])


def test_voids_that_fill_the_foil_have_no_swelling():
  mask = np.pad(np.ones((90, 90), bool), 5)
  found = summary(mask, thickness_nm=5.0)
  assert found['volume_fraction'] > 1 and math.isnan(found['swelling'])


def test_false_negatives_and_false_positives_of_a_network():
  """Of 100 found, 3 / 4 are real, and they are 9 / 10 of all."""
  mask, known = grid_of_discs(), Detection(90, 10, 30)
  found = summary(mask, detection=known, thickness_uncertainty=0.1)
  name = 'number_density_detected_per_m3'
  plain = found['number_density_per_m3']
  assert found[name] == pytest.approx(plain * (3 / 4) / (9 / 10))
  # Wider than the counts of 100 found and of 100 and 120 known, and the foil.
  of_foil = summary(mask, thickness_uncertainty=0.1)
  assert found[f'{name}_high'] / found[name] > (
    of_foil['number_density_per_m3_high'] / plain
  )
  assert name not in summary(mask)
  nothing = summary(np.zeros((9, 9), bool), detection=known)
  assert nothing[name] == 0 and nothing[f'{name}_high'] > 0


def test_every_convention_is_of_a_number_that_is_there():
  found = summary(grid_of_discs(), detection=Detection(5, 1, 1))
  assert set(summary_module.CONVENTIONS) <= set(found)


@pytest.mark.parametrize(
  'fields, said',
  [
    ({'thickness_nm': 0}, 'thickness_nm=0'),
    ({'thickness_nm': math.nan}, 'thickness_nm=nan'),
    ({'border': 'some'}, 'border=some'),
    ({'unseen_nm': -1}, 'unseen_nm=-1'),
    ({'unseen_nm': 80.0}, 'unseen_nm=80'),
    ({'thickness_uncertainty': -0.1}, 'thickness_uncertainty=-0'),
    ({'pixel_size_uncertainty': math.nan}, 'pixel_size_uncertainty=nan'),
  ],
)
def test_wrong_input_is_one_clear_line(fields, said):
  with pytest.raises(InputError, match=said) as caught:
    summary(grid_of_discs(), **fields)
  assert '\n' not in str(caught.value)
