import math

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import (
  QuantificationSettings,
  measure,
  plausibility,
)
from defectseg_jax.quantification.particles.properties import measure_particles
from defectseg_jax.quantification.particles.summary import particle_summary


def names(found):
  for one in found:
    assert '\n' not in one.message
  return [one.name for one in found]


def paper_image():
  """10 voids of Table 3's mean diameter in the paper's square, at 0.32."""
  y, x = np.mgrid[:1024, :1024]
  mask = np.zeros((1024, 1024), bool)
  for number in range(10):
    row, column = 120 + 180 * (number // 3), 150 + 300 * (number % 3)
    mask |= np.hypot(y - row, x - column) <= 22.64 / 2 / 0.32
  return mask


def of_paper(pixel_size_nm, thickness_nm):
  found = measure_particles(paper_image(), pixel_size_nm=pixel_size_nm)
  numbers = particle_summary(found, thickness_nm=thickness_nm)
  assert numbers['count'] == 10
  return names(
    plausibility.particle_warnings(
      found.diameter_nm,
      volume_fraction=numbers['volume_fraction'],
      pixel_size_nm=pixel_size_nm,
      thickness_nm=thickness_nm,
    )
  )


def test_the_papers_image_is_plausible_at_its_scale_and_not_at_ten_times_it():
  assert of_paper(0.32, 177) == []
  assert of_paper(3.2, 177) == ['foil_thinner_than_particles']
  # The thickness that the printed densities would ask for at that scale.
  assert of_paper(3.2, 1.8) == [
    'foil_thin',
    'foil_thinner_than_particles',
    'volume_fraction_high',
  ]
  assert of_paper(0.32, 1770) == ['foil_thick']


@pytest.mark.parametrize(
  'diameters, fraction, expected',
  [
    ([], math.nan, []),
    ([20, 30, 99.9], 0.5, []),
    ([20, 30, 101], 0.1, ['foil_thinner_than_largest']),
    ([20, 130, 150], 0.1, ['foil_thinner_than_particles']),
    ([20, 30, 40, 130, 150], 0.1, ['foil_thinner_than_particles']),
    ([20, 30, 40, 50, 60, 150], 0.1, ['foil_thinner_than_largest']),
    ([20], 0.51, ['volume_fraction_high']),
  ],
)
def test_bounds(diameters, fraction, expected):
  found = plausibility.particle_warnings(
    np.array(diameters),
    volume_fraction=fraction,
    pixel_size_nm=0.5,
    thickness_nm=100.0,
  )
  assert names(found) == expected


@pytest.mark.parametrize(
  'density, width, expected',
  [
    (8.9e14, 0.96, []),
    (0.0, math.nan, []),
    (2e18, 1, ['line_density_high']),
    (1e12, 96, ['lines_wide']),
  ],
)
def test_bounds_of_lines(density, width, expected):
  found = plausibility.dislocation_warnings(
    density_per_m2=density,
    line_width_nm=width,
    pixel_size_nm=0.32,
    thickness_nm=113.0,
  )
  assert names(found) == expected


def test_messages_have_the_numbers():
  (found,) = plausibility.foil_warnings(pixel_size_nm=0.3, thickness_nm=2500)
  assert '2500 nm' in found.message and 'thickness_nm' in found.message


@pytest.mark.parametrize('wrong', [0, -1, math.nan])
def test_no_thickness_at_all_is_an_error(wrong):
  with pytest.raises(InputError, match='thickness_nm='):
    plausibility.foil_warnings(pixel_size_nm=1, thickness_nm=wrong)


def measured(mask, **settings):
  return measure(
    mask,
    'voids',
    pixel_size_nm=0.5,
    thickness_nm=100.0,
    settings=QuantificationSettings(**settings),
  )


def test_black_on_white_is_said_and_white_on_black_is_not():
  mask = paper_image()
  assert names(measured(mask).warnings) == []
  inverted = measured(~mask)
  said = {one.name: one.message for one in inverted.warnings}
  assert 'invert it' in said['mask_inverted']
  full = measured(np.ones((50, 50), bool))
  assert 'mask_inverted' in names(full.warnings)


def test_what_the_border_rule_leaves_out_is_said():
  """A third of an image in one region that leaves it: counted as nothing."""
  mask = np.zeros((300, 300), bool)
  mask[:100] = True
  mask[200:210, 200:210] = True
  found = measured(mask)
  assert found.summary['count'] == 1
  assert names(found.warnings)[-1] == 'most_at_border'
  assert '100% of the marked area' in found.warnings[-1].message
  assert '33% of the image' in found.warnings[-1].message
  assert 'most_at_border' not in names(measured(mask, border='all').warnings)
  # A fair part at the edges is what any image has.
  mask = paper_image()
  mask[:8, 300:340] = True
  assert names(measured(mask).warnings) == []


def test_a_dash_for_the_corrected_density_has_its_reason():
  mask = paper_image()
  fine = measured(mask)
  assert fine.summary['number_density_corrected_per_m3'] > 0
  pinholes = mask.copy()
  y, x = np.nonzero(mask)
  for place in range(0, len(y), 40):
    pinholes[y[place], x[place]] = False
  found = measured(pinholes)
  assert math.isnan(found.summary['number_density_corrected_per_m3'])
  (warning,) = found.warnings
  assert warning.name == 'overlap_not_corrected'
  assert ' holes, and the Boolean model' in warning.message
  assert 'config.quantification.fill_holes=True' in warning.message
  # What it advises helps.
  filled = measured(pinholes, fill_holes=True)
  assert filled.warnings == []
  assert filled.summary['number_density_corrected_per_m3'] == pytest.approx(
    fine.summary['number_density_corrected_per_m3'], rel=0.02
  )


def test_what_cannot_be_right_is_told_from_what_is_doubtful():
  """A foil of 1.8 nm, and one that is a little thinner than its largest."""
  found = of_measurement(3.2, 1.8)
  assert plausibility.why_impossible(found) == (
    'foil_thin, foil_thinner_than_particles, volume_fraction_high'
  )
  assert plausibility.why_impossible(of_measurement(0.32, 177)) == ''
  largest = plausibility.particle_warnings(
    np.array([20, 30, 101]),
    volume_fraction=0.1,
    pixel_size_nm=0.5,
    thickness_nm=100.0,
  )
  assert names(largest) == ['foil_thinner_than_largest']
  assert plausibility.why_impossible(largest) == ''
  inverted = measured(~paper_image()).warnings
  assert 'mask_inverted' in plausibility.why_impossible(inverted)


def of_measurement(pixel_size_nm, thickness_nm):
  return measure(
    paper_image(),
    'voids',
    pixel_size_nm=pixel_size_nm,
    thickness_nm=thickness_nm,
  ).warnings
