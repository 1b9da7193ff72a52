"""Every setting of a session reaches the number that it is for."""

import dataclasses
import math

import numpy as np
import pandas
import pytest

from configs import dislocations, voids
from defectseg_jax.errors import InputError
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.measure_mask import (
  MeasurementSettings,
  measure,
)
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.settings import QuantificationSettings

LINES = 'dislocations'


def particles():
  """A ring, two discs that touch at a corner, a dot, and one at the edge."""
  y, x = np.mgrid[:160, :160]

  def disc(row, column, radius):
    return (y - row) ** 2 + (x - column) ** 2 <= radius**2

  mask = disc(40, 40, 15) & ~disc(40, 40, 6)
  mask |= disc(100, 60, 12) | disc(100, 82, 12) | disc(158, 120, 9)
  mask[20, 120] = mask[21, 121] = True
  return mask


def lines():
  """Two straight lines that cross, with a spur of 20 pixels."""
  mask = np.zeros((160, 160), bool)
  steps = np.arange(140)
  for width in range(3):
    mask[10 + steps, 10 + steps // 2 + width] = True
    mask[120 - steps // 2, 10 + steps + width] = True
  mask[72:75, 20:41] = True
  return mask


def summary(defect, detection=None, **settings):
  config = (dislocations if defect == LINES else voids).get_config()
  config.quantification.update(settings)
  return measure(
    lines() if defect == LINES else particles(),
    defect,
    pixel_size_nm=0.5,
    thickness_nm=100.0,
    settings=QuantificationSettings(**config.quantification),
    detection=detection,
  ).summary


def width(found, name):
  return math.log(found[f'{name}_high'] / found[f'{name}_low'])


SETTINGS = {
  'connectivity': ('voids', 4, 'count_all'),
  'minimum_area_px': ('voids', 5, 'count_all'),
  'fill_holes': ('voids', True, 'area_fraction'),
  'separate': ('voids', True, 'count_all'),
  'border': ('voids', 'all', 'count'),
  'unseen_nm': ('voids', 3.0, 'number_density_with_diameter_per_m3'),
  'spacing_px': (LINES, 8, 'grid_length_nm'),
  'random_lines': (LINES, 7, 'density_random_lines_per_m2'),
  'spur_px': (LINES, 30.0, 'line_length_nm'),
  'projection_factor': (LINES, 1.1, 'density_grid_corrected_per_m2'),
  'unseen_fraction': (LINES, 0.2, 'density_length_corrected_per_m2'),
}
UNCERTAINTIES = {
  'projection_uncertainty': [(LINES, 'density_grid_corrected_per_m2')],
  'unseen_uncertainty': [(LINES, 'density_length_corrected_per_m2')],
  'thickness_uncertainty': [
    ('voids', 'number_density_per_m3'),
    (LINES, 'density_grid_per_m2'),
  ],
  'pixel_size_uncertainty': [
    ('voids', 'diameter_mean_nm'),
    (LINES, 'density_grid_per_m2'),
  ],
}


def test_no_setting_is_left_out():
  known = {*SETTINGS, *UNCERTAINTIES}
  assert known == set(voids.get_config().quantification)


@pytest.mark.parametrize('name', SETTINGS)
def test_a_setting_changes_its_number(name):
  defect, value, number = SETTINGS[name]
  assert summary(defect, **{name: value})[number] != summary(defect)[number]


@pytest.mark.parametrize('name', UNCERTAINTIES)
def test_an_uncertainty_widens_its_interval(name):
  for defect, number in UNCERTAINTIES[name]:
    plain, wider = summary(defect), summary(defect, **{name: 0.2})
    assert wider[number] == plain[number]
    assert width(wider, number) > width(plain, number) + 0.05


@pytest.mark.parametrize(
  'defect, detection, name',
  [
    ('voids', Detection(8, 4, 2), 'number_density'),
    (LINES, LineDetection(*np.array([[8.0], [4.0], [2.0]])), 'density_grid'),
  ],
)
def test_a_detection_corrects(defect, detection, name):
  found = summary(defect, detection)
  unit = 'm2' if defect == LINES else 'm3'
  # Precision 8 / 10 over recall 8 / 12.
  assert found[f'{name}_detected_per_{unit}'] == pytest.approx(
    1.2 * found[f'{name}_per_{unit}']
  )


@pytest.mark.parametrize('defect', ['voids', LINES])
def test_what_is_shown_is_there_and_defined(defect):
  found = summary(defect)
  kind = kind_of(defect)
  assert set(kind.headlines) <= set(found)
  densities = {name for name in kind.headlines if 'per' in name}
  assert densities <= set(kind.conventions)


@pytest.mark.parametrize('defect, mask', [('voids', particles), (LINES, lines)])
def test_pandas_takes_the_objects_in_one_call(defect, mask):
  found = measure(mask(), defect, pixel_size_nm=0.5, thickness_nm=100.0)
  table = pandas.DataFrame(found.objects)
  assert len(table) == found.labels.max() == len(found.counted) > 0
  assert list(table['id']) == list(range(1, len(table) + 1))
  assert table['area_px'].sum() == mask().sum()


@pytest.mark.parametrize('defect, mask', [('voids', particles), (LINES, lines)])
@pytest.mark.parametrize('dtype, top', [(np.uint8, 255), (float, 1), (int, 1)])
def test_a_mask_of_two_numbers_is_one_of_booleans(defect, mask, dtype, top):
  scale = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}
  plain = measure(mask(), defect, **scale)
  numbers = measure(mask().astype(dtype) * dtype(top), defect, **scale)
  np.testing.assert_equal(numbers.summary, plain.summary)
  with pytest.raises(InputError, match='holds the value 2'):
    measure(mask() * 2, defect, **scale)


def test_a_notebook_shows_numbers_not_arrays():
  text = repr(
    measure(particles(), 'voids', pixel_size_nm=0.5, thickness_nm=1200.0)
  )
  first, *rest = text.splitlines()
  assert first == 'Measurement of 160 x 160 pixels: 4 objects, 3 counted'
  density = 3 / (80e-9**2 * 1200e-9)
  assert any(
    line.startswith(f'  number_density_per_m3 = {density:.4g} (')
    for line in rest
  )
  assert rest[-1].startswith('  warning foil_thick: a foil of 1200 nm')
  assert len(text) < 3000


def test_arguments_of_another_kind():
  scale = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}
  with pytest.raises(InputError, match='is of type ndarray; give the mask fi'):
    measure('voids', particles(), **scale)
  with pytest.raises(InputError, match='give a LineDetection for dislocations'):
    measure(lines(), LINES, **scale, detection=Detection(8, 4, 2))
  with pytest.raises(InputError, match='give the image that the mask'):
    measure(particles(), 'voids', **scale, image=np.zeros((2, 2)))


def test_a_networks_mask_has_neither_specks_nor_pinholes():
  settings = MeasurementSettings(
    'voids', QuantificationSettings(minimum_area_px=9)
  )
  mask = np.zeros((60, 60), bool)
  mask[10:40, 10:40] = True
  clean = mask.copy()
  # Eight pixels are a speck or a pinhole, nine are neither.
  mask[20:22, 20:24] = False
  clean[30:33, 30:33] = mask[30:33, 30:33] = False
  mask[50:52, 50:54] = True
  clean[50:53, 5:8] = mask[50:53, 5:8] = True
  # Background that the image's edge cuts is no hole.
  clean[5:8, :4] = mask[5:8, :4] = True
  clean[:8, 4:5] = mask[:8, 4:5] = True
  np.testing.assert_array_equal(settings.trusted(mask), clean)
  np.testing.assert_array_equal(settings.trusted(clean), clean)
  lines = dataclasses.replace(settings, defect='dislocations')
  np.testing.assert_array_equal(lines.trusted(mask), mask)


def test_objects_that_touch_are_told_apart_by_their_ids():
  ids = np.zeros((60, 60), np.int32)
  ids[10:20, 10:20], ids[10:20, 20:26], ids[40:45, 40:45] = 4, 9, 2
  scale = {'pixel_size_nm': 1.0, 'thickness_nm': 100.0}
  joined = measure(ids > 0, 'voids', **scale)
  apart = measure(ids > 0, 'voids', **scale, ids=ids)
  assert joined.summary['count'] == 2 and apart.summary['count'] == 3
  assert apart.objects['area_px'].tolist() == [100, 60, 25]
  # A person said what a particle is: nothing is cut further.
  cut = QuantificationSettings(separate=True, fill_holes=True)
  again = measure(ids > 0, 'voids', **scale, ids=ids, settings=cut)
  assert again.objects['area_px'].tolist() == [100, 60, 25]
  small = QuantificationSettings(minimum_area_px=61)
  some = measure(ids > 0, 'voids', **scale, ids=ids, settings=small)
  assert some.objects['area_px'].tolist() == [100]


def test_holes_of_numbered_objects_are_their_own():
  ids = np.zeros((30, 30), np.int32)
  ids[5:12, 5:12], ids[5:12, 12:19] = 1, 2
  ids[8, 8] = 0
  settings = QuantificationSettings(fill_holes=True)
  scale = {'pixel_size_nm': 1.0, 'thickness_nm': 100.0}
  found = measure(ids > 0, 'voids', **scale, ids=ids, settings=settings)
  assert found.objects['area_px'].tolist() == [49, 49]


def test_lines_that_touch_are_one_and_that_is_said():
  ids = np.zeros((60, 60), np.int32)
  ids[30, 5:30], ids[30, 30:55] = 1, 2
  scale = {'pixel_size_nm': 1.0, 'thickness_nm': 100.0}
  found = measure(ids > 0, 'dislocations', **scale, ids=ids)
  (warning,) = [one for one in found.warnings if one.name == 'lines_joined']
  assert 'numbers 2 lines' in warning.message
  assert len(found.objects['id']) == 1


@pytest.mark.parametrize(
  ('ids', 'said'),
  [
    (np.zeros((4, 4)), 'ids: an array of float64'),
    (np.zeros((4, 5), int), r'ids: an array of int64 \(4, 5\)'),
    (np.eye(4, dtype=int), 'ids: are not above 0 where'),
  ],
)
def test_ids_that_are_not_of_the_mask_are_refused(ids, said):
  with pytest.raises(InputError, match=said):
    measure(
      np.ones((4, 4), bool),
      'voids',
      pixel_size_nm=1.0,
      thickness_nm=100.0,
      ids=ids,
    )


@pytest.mark.parametrize('typo', ['dislocation', 'Dislocations', 'dislocatons'])
def test_a_typo_of_dislocations_is_not_measured_as_particles(typo):
  mask = np.zeros((64, 64), bool)
  with pytest.raises(InputError, match=f'defect={typo}: .* mean dislocations'):
    measure(mask, typo, pixel_size_nm=1.0, thickness_nm=100.0)
  for name in ('dislocations', 'loops', 'dislocation loops'):
    measure(mask, name, pixel_size_nm=1.0, thickness_nm=100.0)
