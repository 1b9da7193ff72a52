"""What a network misses of an image's sizes."""

import dataclasses
import math

import numpy as np
import pytest

from defectseg_jax.applicability.verdict import Applies, Expected, Verdict
from defectseg_jax.applicability.widening import (
  numbers_with_intervals,
  with_verdict,
)
from defectseg_jax.quantification import (
  Detection,
  MeasurementSettings,
  QuantificationSettings,
  kind_of,
)
from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)

# Half of the objects of 8 px are found; squares of 4 and 16 px have 4.5 and 18.
CURVE = DetectionBySize(
  np.array([4.0, 8.0, 16.0, 32.0]),
  *np.array([[20, 80, 100], [80, 20, 0], [20, 80, 100], [0, 0, 0]]),
)
SETTINGS = MeasurementSettings(
  'voids', QuantificationSettings(), Detection(200, 100, 0), CURVE
)
HALF, MOST = 'diameter_50_detected_nm', 'diameter_90_detected_nm'
SCALE = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}


def mask(small, large):
  """Squares of 4 and of 16 pixels a side."""
  found = np.zeros((400, 400), bool)
  places = [(r, c) for r in range(10, 370, 36) for c in range(10, 370, 36)]
  for number, (row, column) in enumerate(places[: small + large]):
    side = 4 if number < small else 16
    found[row : row + side, column : column + side] = True
  return found


def names(found):
  return [warning.name for warning in found.warnings]


def test_no_number_is_another_than_without_the_curve():
  known = SETTINGS.measure(mask(5, 20), **SCALE)
  unknown = dataclasses.replace(SETTINGS, by_size=None).measure(
    mask(5, 20), **SCALE
  )
  assert known.summary.keys() == unknown.summary.keys()
  for name, value in unknown.summary.items():
    if not name.startswith(('diameter_50', 'diameter_90')):
      assert known.summary[name] == pytest.approx(value, nan_ok=True)
  assert math.isnan(unknown.summary[HALF]) and unknown.stands_for is None
  assert unknown.warnings == []
  # A person's mask, or one of nobody knows what.
  assert HALF not in SETTINGS.by_hand().measure(mask(5, 20), **SCALE).summary


def test_limits_are_in_the_images_own_nanometres():
  found = SETTINGS.measure(mask(2, 20), **SCALE).summary
  half = CURVE.found_from(0.5)
  assert found[HALF] == 0.5 * half.value
  assert found[f'{HALF}_low'] == 0.5 * half.low
  assert found['diameter_50_detected_px'] == half.value
  assert found[MOST] == 0.5 * CURVE.found_from(0.9).value
  # The network saw it reduced to a half: its pixels are 1 nm.
  reduced = SETTINGS.at_zooms((0.5,)).measure(mask(2, 20), **SCALE).summary
  assert reduced[HALF] == pytest.approx(half.value)
  unscaled = SETTINGS.measure(
    mask(2, 20), pixel_size_nm=None, thickness_nm=None
  ).summary
  assert math.isnan(unscaled[HALF])
  assert unscaled['diameter_50_detected_px'] == half.value


def test_a_scale_that_is_not_well_known_widens_them():
  settings = dataclasses.replace(
    SETTINGS, quantification=QuantificationSettings(pixel_size_uncertainty=0.2)
  )
  known, guessed = (
    one.measure(mask(2, 20), **SCALE).summary for one in (SETTINGS, settings)
  )
  assert guessed[HALF] == known[HALF]
  assert guessed[f'{HALF}_low'] < known[f'{HALF}_low']
  assert guessed[f'{HALF}_high'] > known[f'{HALF}_high']


def test_each_size_stands_for_as_many_as_there_are():
  found = SETTINGS.measure(mask(5, 20), **SCALE)
  assert found.stands_for.shape == (25, 3)
  np.testing.assert_allclose(
    found.stands_for, 1 / CURVE.probability(found.sizes_px)[:, [0, 2, 1]]
  )
  # One of five small ones, and all of the large ones.
  np.testing.assert_allclose(found.stands_for[:5, 0], 5)
  assert found.stands_for[5:, 0].max() < 1.2


def test_a_distribution_that_is_cut_off_is_a_warning():
  found = SETTINGS.measure(mask(12, 20), **SCALE)
  assert names(found) == ['small_particles_missed']
  said = found.warnings[0].message
  half_nm = 0.5 * CURVE.found_from(0.5).value
  assert f'38% of the diameters are below {half_nm:.3g} nm' in said
  unscaled = SETTINGS.measure(
    mask(12, 20), pixel_size_nm=None, thickness_nm=None
  )
  assert f'{2 * half_nm:.3g} px' in unscaled.warnings[0].message
  assert names(SETTINGS.measure(mask(2, 20), **SCALE)) == []
  assert names(SETTINGS.measure(mask(0, 0), **SCALE)) == []


def test_where_half_is_found_of_no_size_all_of_it_is_in_doubt():
  poor = dataclasses.replace(CURVE, found=0.4 * CURVE.found, missed=CURVE.found)
  settings = dataclasses.replace(SETTINGS, by_size=poor)
  found = settings.measure(mask(0, 20), **SCALE)
  assert math.isnan(found.summary[HALF])
  assert names(found) == ['small_particles_missed']
  assert 'of any size' in found.warnings[0].message


def test_what_the_network_is_refused_for_has_no_sizes():
  found = SETTINGS.measure(mask(5, 20), **SCALE)
  expected = Expected(0.1, 0.0, 0.3)
  verdict = Verdict(Applies.NO, 'noise', expected, {})
  refused = with_verdict(found, verdict)
  assert refused.stands_for is None and math.isnan(refused.summary[HALF])
  # Their intervals are of the development set, not of counting.
  assert HALF not in numbers_with_intervals(found.summary)


def test_they_are_defined():
  conventions = kind_of('voids').conventions
  assert 'finds half' in conventions[HALF] and '90%' in conventions[MOST]
