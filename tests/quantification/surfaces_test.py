"""Numbers of a surface, by stereology's names."""

import math

import numpy as np
import pytest

import defectseg_jax as ds
from defectseg_jax.errors import InputError
from defectseg_jax.quantification import (
  Detection,
  MeasurementSettings,
  QuantificationSettings,
  kind_of,
)

SCALE = {'pixel_size_nm': 2.0, 'thickness_nm': None}


@pytest.fixture
def mask():
  """Six squares of 10 pixels, one at the bottom, and a large one."""
  mask = np.zeros((100, 200), bool)
  for row, column in ((10, 10), (10, 50), (10, 90), (10, 130), (90, 60)):
    mask[row : row + 10, column : column + 10] = True
  mask[40:70, 20:50] = True
  return mask


def test_counts_areas_and_diameters_by_hand(mask):
  found = ds.measure(mask, 'voids', **SCALE, surface=True)
  summary, area_m2 = found.summary, 200e-9 * 400e-9
  # The frame leaves out the particle at the bottom.
  assert summary['count'] == 5
  assert summary['number_per_area_per_m2'] == pytest.approx(5 / area_m2)
  assert summary['area_fraction'] == pytest.approx((5 * 100 + 900) / 20000)
  sizes = [2 * math.sqrt(4 * area / math.pi) for area in (*4 * [100], 900)]
  assert summary['diameter_mean_nm'] == pytest.approx(np.mean(sizes))
  assert summary['diameter_std_nm'] == pytest.approx(np.std(sizes, ddof=1))
  # Poisson's, of five.
  low, high = (summary[f'number_per_area_per_m2_{e}'] for e in ('low', 'high'))
  assert low == pytest.approx(1.6235 / area_m2, rel=1e-3)
  assert high == pytest.approx(11.668 / area_m2, rel=1e-3)
  assert found.warnings == []


@pytest.mark.parametrize('defect', ['voids', 'dislocations'])
def test_no_number_is_of_a_foil(mask, defect):
  settings = QuantificationSettings(thickness_uncertainty=0.2, unseen_nm=3.0)
  how = {'settings': settings, 'surface': True}
  names = ds.measure(mask, defect, **SCALE, **how).summary
  for word in ('per_m3', 'volume', 'swelling', 'corrected', 'density', 'shape'):
    assert not [name for name in names if word in name]
  kind = kind_of(defect, surface=True)
  assert {*kind.headlines, *kind.pixel_headlines} <= names.keys()
  assert kind.conventions.keys() >= {*kind.headlines, *kind.pixel_headlines}
  assert not {*kind.headlines} & {*kind.pixel_headlines}


def test_the_thickness_of_the_foil_is_in_no_interval(mask):
  wide, narrow = (
    ds.measure(
      mask,
      'voids',
      **SCALE,
      surface=True,
      settings=QuantificationSettings(thickness_uncertainty=value),
    ).summary
    for value in (0.3, 0.0)
  )
  assert wide == narrow


def test_lines_per_area(mask):
  lines = np.zeros((128, 128), bool)
  lines[64] = True
  summary = ds.measure(lines, 'dislocations', **SCALE, surface=True).summary
  # The estimator is 2% short along an axis.
  assert summary['line_length_per_area_per_m'] == pytest.approx(
    1 / 256e-9, rel=0.03
  )
  assert summary['area_fraction'] == pytest.approx(1 / 128)


def test_a_surface_with_a_thickness_is_a_contradiction(mask):
  with pytest.raises(InputError, match='a surface has no foil'):
    ds.measure(
      mask, 'voids', pixel_size_nm=1.0, thickness_nm=100.0, surface=True
    )


def test_without_a_scale_there_are_pixels(mask):
  nothing = {'pixel_size_nm': None, 'thickness_nm': None}
  summary = ds.measure(mask, 'voids', **nothing, surface=True).summary
  assert math.isnan(summary['number_per_area_per_m2'])
  assert summary['diameter_mean_px'] > 0 and summary['area_fraction'] > 0


def test_a_foil_is_measured_as_before(mask):
  foil = MeasurementSettings('voids', detection=Detection(9, 1, 1))
  surface = MeasurementSettings('voids', surface=True)
  of_foil = foil.measure(mask, pixel_size_nm=2.0, thickness_nm=90.0).summary
  of_surface = surface.measure(mask, **SCALE).summary
  assert of_surface.items() <= of_foil.items()
  assert 'number_density_detected_per_m3' in of_foil
