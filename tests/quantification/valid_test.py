"""What is no specimen is in no number: as if it had been cut away."""

import dataclasses
import math

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import (
  MeasurementSettings,
  QuantificationSettings,
  measure,
  measure_particles,
)

FOIL = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}
# Rows and columns of the specimen.
INSIDE = slice(20, 220), slice(0, 290)


def discs(shape=(240, 320), count=60, radius=7, seed=0):
  rng = np.random.default_rng(seed)
  rows, columns = np.mgrid[: shape[0], : shape[1]]
  mask = np.zeros(shape, bool)
  for row, column in rng.uniform(0, shape, (count, 2)):
    mask |= np.hypot(rows - row, columns - column) < radius
  return mask


def lines(shape=(240, 320), count=25, seed=0):
  rng = np.random.default_rng(seed)
  rows, columns = np.mgrid[: shape[0], : shape[1]]
  mask = np.zeros(shape, bool)
  for row, column, angle in rng.uniform(0, (*shape, math.pi), (count, 3)):
    across = (rows - row) * math.cos(angle) - (columns - column) * math.sin(
      angle
    )
    mask |= np.abs(across) < 1.5
  return mask


def inside(shape=(240, 320)):
  valid = np.zeros(shape, bool)
  valid[INSIDE] = True
  return valid


def of(mask, defect='voids', **more):
  return measure(mask, defect, **FOIL, **more)


@pytest.mark.parametrize('border', ['frame', 'exclude', 'all'])
def test_particles_of_a_rectangle_are_those_of_the_image_cut_out(border):
  settings = QuantificationSettings(border=border, minimum_area_px=9)
  found = of(discs(), settings=settings, valid=inside())
  cut = of(discs()[INSIDE], settings=settings)
  # The corrected numbers are drawn again in other parts of the image.
  for name, value in cut.summary.items():
    ends = name.endswith(('_low', '_high'))
    np.testing.assert_allclose(
      found.summary[name], value, rtol=0.2 if ends else 1e-9, err_msg=name
    )
  np.testing.assert_array_equal(found.labels[INSIDE], cut.labels)
  assert not found.labels[~inside()].any()
  for name in ('area_px', 'touches_border', 'counted'):
    np.testing.assert_array_equal(found.objects[name], cut.objects[name])
  assert found.valid_fraction == 200 * 290 / (240 * 320)
  assert cut.valid_fraction == 1


def test_lines_of_a_rectangle_are_those_of_the_image_cut_out():
  # The grid's first line is half its spacing from the edge.
  mask, valid = np.zeros((264, 320), bool), np.zeros((264, 320), bool)
  mask[32:], valid[32:] = lines((232, 320)), True
  mask[:32] = np.random.default_rng(0).random((32, 320)) < 0.3
  found = of(mask, 'dislocations', valid=valid).summary
  cut = of(mask[32:], 'dislocations').summary
  for name in (
    'density_grid_per_m2',
    'density_length_per_m2',
    'density_grid_corrected_per_m2',
    'grid_length_nm',
    'line_length_nm',
    'area_fraction',
  ):
    np.testing.assert_allclose(found[name], cut[name], err_msg=name)
  # Other random lines, and parts of other sizes.
  name = 'density_random_lines_per_m2'
  np.testing.assert_allclose(found[name], cut[name], rtol=0.2)
  for end in ('low', 'high'):
    name = f'density_length_per_m2_{end}'
    np.testing.assert_allclose(found[name], cut[name], rtol=0.1)


def test_distances_between_crossings_do_not_pass_over_a_gap():
  mask = np.zeros((40, 100), bool)
  mask[:, [10, 30, 70, 90]] = True
  valid = np.ones(mask.shape, bool)
  valid[:, 45:55] = False
  found = of(mask, 'dislocations', valid=valid)
  assert (found.sizes_nm == 20 * FOIL['pixel_size_nm']).all()


@pytest.mark.parametrize('defect', ['voids', 'dislocations'])
def test_all_valid_is_as_nothing_given(defect):
  mask = {'voids': discs, 'dislocations': lines}[defect]()
  plain = of(mask, defect)
  given = of(mask, defect, valid=np.ones(mask.shape, bool))
  assert given.summary == plain.summary
  for name, values in plain.objects.items():
    np.testing.assert_array_equal(given.objects[name], values)


def test_a_mean_intensity_knows_nothing_of_what_lies_beside():
  image = np.where(inside(), 5.0, np.nan)
  found = of(discs(), image=image, valid=inside())
  assert (found.objects['mean_intensity'] == 5).all()


@pytest.mark.parametrize('degrees', range(0, 360, 30))
def test_no_particle_is_counted_twice_or_lost_at_a_slanting_edge(degrees):
  """Both sides of a cut through the image count the whole, together."""
  shape = 900, 900
  rng = np.random.default_rng(degrees)
  rows, columns = np.mgrid[: shape[0], : shape[1]]
  # Apart from each other, and away from the image's own sides.
  places = 40 + 60 * np.stack(np.mgrid[:14, :14], axis=-1).reshape(-1, 2)
  mask = np.zeros(shape, bool)
  for row, column in places + rng.uniform(-12, 12, places.shape):
    box = np.s_[
      int(row) - 20 : int(row) + 21, int(column) - 20 : int(column) + 21
    ]
    mask[box] |= np.hypot(rows[box] - row, columns[box] - column) < 15
  angle = math.radians(degrees)
  one = (rows - 450) * math.cos(angle) < (columns - 450) * math.sin(angle)
  # So that neither side ends at the cut, which is a gap to both.
  one[[0, -1]] = one[:, [0, -1]] = True
  other = ~one
  other[[0, -1]] = other[:, [0, -1]] = True
  counts = [int(of(mask, valid=part).summary['count']) for part in (one, other)]
  assert abs(sum(counts) - len(places)) <= 1


def test_a_gap_in_a_particle_is_not_filled():
  mask = np.zeros((60, 60), bool)
  mask[20:40, 20:40] = True
  valid = np.ones(mask.shape, bool)
  valid[28:32, 28:32] = False
  settings = QuantificationSettings(fill_holes=True, minimum_area_px=50)
  found = of(mask, settings=settings, valid=valid)
  assert found.objects['area_px'].tolist() == [400 - 16]
  assert found.objects['touches_border'].tolist() == ['gap']
  trusted = MeasurementSettings('voids', settings).trusted(mask, valid=valid)
  np.testing.assert_array_equal(trusted, mask & valid)


def test_the_sides_of_the_specimen_are_named_as_those_of_the_image():
  mask = np.zeros((60, 60), bool)
  mask[5:20, 30:40] = mask[45:60, 10:20] = True
  valid = np.zeros(mask.shape, bool)
  valid[10:50] = True
  columns = measure_particles(mask, pixel_size_nm=1.0, valid=valid).columns()
  assert columns['touches_border'].tolist() == ['top', 'bottom']


@pytest.mark.parametrize(
  'valid',
  [np.ones((3, 4), bool), np.ones((240, 320)), np.zeros((240, 320), bool)],
)
@pytest.mark.parametrize('defect', ['voids', 'dislocations'])
def test_what_cannot_be_a_mask_of_the_specimen(valid, defect):
  with pytest.raises(InputError, match=r'^valid: .*True on specimen$'):
    of(discs(), defect, valid=valid)


def test_settings_hand_it_on():
  settings = MeasurementSettings('voids')
  found = settings.measure(discs(), **FOIL, valid=inside())
  assert found.summary == of(discs(), valid=inside()).summary
  assert dataclasses.replace(found).valid_fraction == found.valid_fraction
