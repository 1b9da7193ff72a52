"""Formulas, against the numbers of the paper and by hand."""

import math

import pytest
from published import TABLES

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import densities


@pytest.mark.parametrize(
  'column, count, volume_m3',
  [
    ('voids_1', 10, 1.905e-20),
    ('voids_2', 23, 2.222e-20),
    ('precipitates_1', 125, 1.905e-20),
    ('precipitates_2', 187, 2.222e-20),
  ],
)
def test_counts_of_the_paper_give_its_densities(column, count, volume_m3):
  """Volumes were rounded to 4 digits, densities to 3: half a unit of each."""
  table = TABLES['table2_density']
  printed = table['ground_truth'][table['columns'].index(column)]
  # 1024 pixels of 0.32 nm: thicknesses of 177 and 207 nm.
  area_m2 = (1024 * 0.32e-9) ** 2
  found = densities.number_density(
    count, area_m2=area_m2, thickness_m=volume_m3 / area_m2
  )
  unit = 10 ** (math.floor(math.log10(printed)) - 2)
  assert abs(found - printed) <= unit / 2 + found * 0.0005 / 1.905


def test_the_worked_example_of_the_grid():
  found = densities.line_density_of_crossings(
    29, test_length_m=1900e-9, thickness_m=120e-9
  )
  assert found == pytest.approx(2 * 29 / (1900e-9 * 120e-9))
  assert f'{found:.3g}' == '2.54e+14'


def test_the_layer_that_a_projection_shows():
  # 10 particles of 20 nm in 1 um2 of a foil of 80 nm: 100 nm of layer; slivers
  # of 5 nm unseen on both sides leave 90.
  def found(**fields):
    return densities.number_density(
      10, area_m2=1e-12, thickness_m=80e-9, **fields
    )

  assert found() == pytest.approx(1.25e20)
  assert found(diameter_m=20e-9) == pytest.approx(1e20)
  assert found(diameter_m=20e-9, unseen_m=5e-9) == pytest.approx(10 / 9e-20)
  # Half a particle unseen on both sides: the foil itself.
  assert found(diameter_m=20e-9, unseen_m=10e-9) == pytest.approx(found())
  assert math.isnan(found(diameter_m=math.nan))


def test_swelling_by_hand():
  # 1 part of void in 11 of foil: 10 parts are solid.
  assert densities.swelling(
    1e-21, area_m2=1.1e-13, thickness_m=1e-7
  ) == pytest.approx(0.1)
  assert math.isnan(densities.swelling(1.0, area_m2=1.0, thickness_m=1.0))


def test_line_length_over_volume():
  fields = {'area_m2': 1e-12, 'thickness_m': 1e-7}
  found = densities.line_density_of_length(1e-5, projection_factor=1, **fields)
  assert found == pytest.approx(1e14)
  assert densities.line_density_of_length(1e-5, **fields) == pytest.approx(
    4 / math.pi * 1e14
  )


def test_volume_of_a_sphere():
  assert densities.sphere_volume(2.0) == pytest.approx(4 / 3 * math.pi)


@pytest.mark.parametrize('wrong', [0, -1e-9, math.nan, math.inf])
def test_no_thickness_no_density(wrong):
  with pytest.raises(InputError, match='thickness_m='):
    densities.number_density(1, area_m2=1, thickness_m=wrong)
  with pytest.raises(InputError, match='thickness_m='):
    densities.line_density_of_crossings(1, test_length_m=1, thickness_m=wrong)
  with pytest.raises(InputError, match='area_m2='):
    densities.line_density_of_length(1, area_m2=wrong, thickness_m=1)
  with pytest.raises(InputError, match='area_m2='):
    densities.swelling(1, area_m2=wrong, thickness_m=1)


def test_slivers_thicker_than_the_foil():
  with pytest.raises(InputError, match=r'2 \* unseen_m=1.2e-07.*below 1e-07'):
    densities.number_density(
      1, area_m2=1, thickness_m=8e-8, diameter_m=2e-8, unseen_m=6e-8
    )
