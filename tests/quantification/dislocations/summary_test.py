"""Dislocation densities of masks whose lines are known."""

import math

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.dislocations import corrections
from defectseg_jax.quantification.dislocations import summary as summary_module
from defectseg_jax.quantification.dislocations.corrections import (
  LineCorrections,
)
from defectseg_jax.quantification.dislocations.detection import LineDetection
from defectseg_jax.quantification.dislocations.summary import (
  dislocation_summary,
)

PIXEL_NM, FOIL_NM = 0.5, 120.0
DETECTION = LineDetection(np.ones(4), np.ones(4), np.ones(4))


def parallel_lines(degrees, spacing_px, size=600, width_px=3.0):
  y, x = np.mgrid[:size, :size]
  angle = math.radians(degrees)
  across = y * math.cos(angle) - x * math.sin(angle)
  offset = (across + spacing_px / 2) % spacing_px - spacing_px / 2
  return np.abs(offset) <= width_px / 2


def circles(size=600):
  """All directions alike, and none crosses another."""
  y, x = np.mgrid[:size, :size] - (size - 1) / 2
  radius = np.hypot(y, x)
  return (np.abs(radius % 30 - 15) <= 1.5) & (radius < 280)


def summary(mask, **fields):
  fields = {'pixel_size_nm': PIXEL_NM, 'thickness_nm': FOIL_NM, **fields}
  return dislocation_summary(mask, **fields)


@pytest.mark.parametrize('degrees', [0, 20, 45, 70])
def test_length_of_parallel_lines(degrees):
  """1 / s per area, s apart; to one line in 600 / 25, less the estimator's 2%
  and the pixels that thinning takes off at the edges."""
  found = summary(parallel_lines(degrees, 25))
  per_area = 1 / (25 * PIXEL_NM * 1e-9)
  expected = per_area / (FOIL_NM * 1e-9)
  bound = 1 / 24 + 0.02 + 2 * 2.5 / 600
  assert found['density_projected_length_per_m2'] == pytest.approx(
    expected, rel=bound
  )
  assert found['density_length_per_m2'] == pytest.approx(
    4 / math.pi * found['density_projected_length_per_m2']
  )
  assert found['line_length_nm'] == pytest.approx(
    (600 * PIXEL_NM) ** 2 / (25 * PIXEL_NM), rel=bound
  )


def test_crossings_and_length_agree_where_directions_do_not_matter():
  """9 circles of radius 15 to 255: the length is known. The grid's N has the
  bound of Buffon's circle for each, s / 2 r, of both signs; together below 5%
  at a spacing of 8."""
  length_px = 2 * math.pi * sum(range(15, 285, 30))
  per_area = length_px / 600**2 / (PIXEL_NM * 1e-9)
  projected = per_area / (FOIL_NM * 1e-9)
  found = summary(circles(), spacing_px=8, random_lines=400)
  assert found['density_projected_length_per_m2'] == pytest.approx(
    projected, rel=0.01
  )
  assert found['density_grid_per_m2'] == pytest.approx(
    4 / math.pi * projected, rel=0.05
  )
  # 400 lines at random: about 11 crossings each, of deviation 7; 3 / 20 of it.
  assert found['density_random_lines_per_m2'] == pytest.approx(
    4 / math.pi * projected, rel=0.1
  )


def test_labels_are_as_wide_as_they_were_drawn():
  """3 px of circles, to the length's percent and that of their pixels."""
  assert summary(circles())['line_width_nm'] == pytest.approx(
    3 * PIXEL_NM, rel=0.02
  )


def test_ham_by_hand():
  """Two horizontal test lines over vertical lines: N and L as counted."""
  mask = np.zeros((64, 100), bool)
  mask[:, [10, 40, 41, 70]] = True
  found = summary(mask, spacing_px=32)
  # Vertical test lines at 16, 48 and 80 meet nothing.
  assert found['grid_crossings'] == 2 * 3
  length_m = (2 * 100 + 3 * 64) * PIXEL_NM * 1e-9
  assert found['grid_length_nm'] == pytest.approx(length_m * 1e9)
  assert found['density_grid_per_m2'] == pytest.approx(
    2 * 6 / (length_m * FOIL_NM * 1e-9)
  )


def strewn_lines(rng, count, size=500):
  """Straight lines, as likely anywhere and in any direction, and L_A."""
  mask = np.zeros((size, size), bool)
  y, x = np.mgrid[:size, :size] - (size - 1) / 2
  for _ in range(count):
    angle, offset = rng.uniform(0, math.pi), rng.uniform(-1, 1) * size * 0.71
    mask |= np.abs(y * math.cos(angle) - x * math.sin(angle) - offset) <= 1.5
  # A chord of a disc of radius R is pi R / 2 on average over its offsets, so
  # that n lines have n / (2 R) of length per area.
  return mask, count / (2 * 0.71 * size)


@pytest.mark.slow
def test_what_overlaps_is_corrected():
  """100 random lines of 3 px cover a third of the image. 12 images: a number
  of lines that varies by 10% each, of which 3 / sqrt(12) are 9% (their number
  is fixed; those that miss the corners are not)."""
  rng = np.random.default_rng(0)
  ratios = {
    'grid': [],
    'grid_corrected': [],
    'length': [],
    'length_corrected': [],
  }
  for _ in range(12):
    mask, per_px = strewn_lines(rng, 100)
    found = summary(mask)
    truth = 4 / math.pi * per_px / (PIXEL_NM * FOIL_NM * 1e-18)
    for name, values in ratios.items():
      values.append(found[f'density_{name}_per_m2'] / truth)
  mean = {name: np.mean(values) for name, values in ratios.items()}
  assert found['area_fraction'] > 0.25
  assert mean['grid'] < 0.8 and mean['length'] < 0.92
  assert mean['grid_corrected'] == pytest.approx(1, abs=0.09)
  assert mean['length_corrected'] == pytest.approx(1, abs=0.09)


def test_overlap_factors_by_hand():
  assert corrections.crossings_overlap_factor(0.2) == pytest.approx(1.25)
  assert corrections.length_overlap_factor(1 - 1 / math.e) == pytest.approx(
    1 / (1 - 1 / math.e)
  )
  assert corrections.length_overlap_factor(0.0) == 1.0
  assert math.isnan(corrections.crossings_overlap_factor(1.0))
  assert math.isnan(corrections.length_overlap_factor(1.0))


def test_corrections_are_those_that_are_stated():
  mask = parallel_lines(30, 25)
  known = LineCorrections(
    projection_factor=1.1,
    projection_uncertainty=0.03,
    unseen_fraction=0.2,
    unseen_uncertainty=0.032,
  )
  found = summary(mask, corrections=known)
  covered = mask.mean()
  assert found['density_grid_corrected_per_m2'] == pytest.approx(
    found['density_grid_per_m2'] / (4 / math.pi) * 1.1 / 0.8 / (1 - covered)
  )
  assert found['density_length_corrected_per_m2'] == pytest.approx(
    found['density_projected_length_per_m2']
    * (1.1 / 0.8 * -math.log(1 - covered) / covered)
  )
  # 3% of the factor, and 0.032 of 0.8: 4%.
  assert known.uncertainty == pytest.approx(0.05)
  assert (found['projection_factor'], found['unseen_fraction']) == (1.1, 0.2)


def test_uncertainties_widen_what_they_concern():
  mask = parallel_lines(30, 25)
  plain = summary(mask)
  thick = summary(mask, thickness_uncertainty=0.1)
  projected = summary(
    mask, corrections=LineCorrections(projection_uncertainty=0.1)
  )

  def width(found, name):
    low, high = (found[f'density_{name}_per_m2_{e}'] for e in ('low', 'high'))
    return math.log(high / low)

  pixels = summary(mask, pixel_size_uncertainty=0.1)
  for name in ('grid', 'random_lines', 'length', 'projected_length'):
    # Both stand once in the denominator.
    assert width(pixels, name) == pytest.approx(width(thick, name))
    assert width(thick, name) > width(plain, name) + 0.1
    assert width(projected, name) == width(plain, name)
  for name in ('grid_corrected', 'length_corrected'):
    assert width(projected, name) == pytest.approx(width(thick, name))


@pytest.mark.parametrize(
  'mask',
  [
    np.zeros((40, 50), bool),
    np.zeros((1, 50), bool),
    np.zeros((1, 1), bool),
  ],
)
def test_no_lines(mask):
  found = summary(mask, detection=DETECTION)
  for name in summary_module.CONVENTIONS:
    assert found[name] == 0
  assert math.isnan(found['line_width_nm'])
  assert found['density_grid_per_m2_high'] > 0
  assert math.isnan(found['density_length_per_m2_high'])


@pytest.mark.parametrize(
  'mask',
  [
    np.ones((40, 50), bool),
    np.ones((1, 50), bool),
    np.ones((1, 1), bool),
    np.pad(np.ones((1, 1), bool), 4),
    np.array([[0, 1, 0, 0, 1, 1]]),
  ],
)
def test_degenerate_masks_have_answers(mask):
  found = summary(mask, detection=DETECTION)
  covered = np.mean(mask)
  assert found['area_fraction'] == covered
  for name in summary_module.CONVENTIONS:
    assert math.isnan(found[name]) == (covered == 1 and 'corrected' in name)


@pytest.mark.parametrize(
  'fields, said',
  [
    ({'pixel_size_nm': 0}, 'pixel_size_nm=0'),
    ({'thickness_nm': -5}, 'thickness_nm=-5'),
    ({'thickness_nm': math.nan}, 'thickness_nm=nan'),
    ({'spacing_px': 0}, 'spacing_px=0'),
    ({'random_lines': 0}, 'lines=0'),
    ({'spur_px': -1}, 'spur_px=-1'),
    ({'thickness_uncertainty': -0.1}, 'relative uncertainty=-0'),
  ],
)
def test_wrong_input_is_one_clear_line(fields, said):
  with pytest.raises(InputError, match=said) as caught:
    summary(parallel_lines(10, 40, size=80), **fields)
  assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
  'fields, said',
  [
    ({'projection_factor': 0}, 'projection_factor=0'),
    ({'unseen_fraction': 1}, 'unseen_fraction=1'),
    ({'projection_uncertainty': -1}, 'projection_uncertainty=-1'),
    ({'unseen_uncertainty': math.nan}, 'unseen_uncertainty=nan'),
  ],
)
def test_wrong_corrections(fields, said):
  with pytest.raises(InputError, match=said):
    LineCorrections(**fields)
