import math

import numpy as np
import pytest
from scipy import ndimage, stats

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.particles.detection import (
  Detection,
  corrected_count,
  match_particles,
)


def test_matches_by_hand():
  truth = np.zeros((12, 40), int)
  truth[2:8, 2:8], truth[2:8, 12:18], truth[2:8, 22:28] = 1, 2, 3
  prediction = np.zeros_like(truth)
  prediction[2:8, 2:8] = 4  # the first one exactly
  prediction[2:8, 15:21] = 2  # half beside the second one: IU 1 / 3
  prediction[9:11, 30:34] = (
    7  # nothing is there; the third one is not predicted
  )
  assert match_particles(prediction, truth) == Detection(1, 2, 2)
  assert match_particles(truth, truth) == Detection(3, 0, 0)
  assert match_particles(truth * 0, truth) == Detection(0, 3, 0)
  assert match_particles(truth, truth * 0) == Detection(0, 0, 3)


def test_a_match_needs_more_than_the_least_iu():
  truth = np.zeros((4, 12), int)
  truth[:, :8] = 1
  prediction = np.zeros_like(truth)
  prediction[:, 2:8] = 1  # IU 24 / 32
  assert match_particles(prediction, truth, least_iu=0.7).true_positives == 1
  assert match_particles(prediction, truth, least_iu=0.75).true_positives == 0


def test_matches_are_symmetrical():
  rng = np.random.default_rng(0)
  smooth = ndimage.gaussian_filter(rng.normal(size=(150, 150)), 3)
  one, _ = ndimage.label(smooth > 0.06)
  other, _ = ndimage.label(smooth > 0.07)
  there, back = match_particles(one, other), match_particles(other, one)
  assert there.true_positives > 5
  assert there == Detection(
    back.true_positives, back.false_positives, back.false_negatives
  )


def test_counts_are_corrected_by_precision_over_recall():
  # 90 of 120 predicted are real, and 90 of 100 real are predicted.
  value, interval = corrected_count(240, Detection(90, 10, 30))
  assert value == pytest.approx(240 * (90 / 120) / (90 / 100))
  assert interval.low < value < interval.high


def test_a_perfect_and_well_known_network_leaves_the_poisson_interval():
  value, interval = corrected_count(40, Detection(1e7, 0, 0))
  assert value == 40
  # The middle of the gamma distribution of shape n + 1 / 2; 2% of noise.
  expected = stats.gamma.ppf([0.025, 0.975], 40.5)
  np.testing.assert_allclose(interval, expected, rtol=0.02)


def test_intervals_cover():
  """400 networks of recall 0.8 and precision 0.75, and development sets of 60
  particles; three binomial standard deviations of 95% are 3.3%."""
  rng = np.random.default_rng(0)
  covered = 0
  for trial in range(400):
    true = rng.binomial(60, 0.8)
    false = rng.negative_binomial(true, 0.75) if true else 0
    expected = 100 * 0.8 / 0.75
    count = rng.poisson(expected)
    _, interval = corrected_count(
      count, Detection(true, 60 - true, false), seed=trial
    )
    covered += interval.low <= 100 <= interval.high
  assert covered / 400 >= 0.917


def test_without_a_true_positive_nothing_is_known():
  value, interval = corrected_count(5, Detection(0, 8, 2))
  assert math.isnan(value) and math.isnan(interval.high)


def test_below_half_of_an_iu_each_particle_has_its_best_partner():
  """Two halves of one particle: the larger is its partner, the other false."""
  truth = np.zeros((10, 10), int)
  truth[:, :9] = 1
  halves = np.zeros((10, 10), int)
  halves[:, :5], halves[:, 6:9] = 1, 2
  assert match_particles(halves, truth, least_iu=0.3) == Detection(1, 0, 1)
  assert match_particles(truth, halves, least_iu=0.3) == Detection(1, 1, 0)
  assert match_particles(halves, truth, least_iu=0.6) == Detection(0, 1, 2)


def test_wrong_input():
  with pytest.raises(InputError, match=r'\(2, 2\).*\(3, 2\)'):
    match_particles(np.zeros((2, 2), int), np.zeros((3, 2), int))
  with pytest.raises(InputError, match=r'least_iu=0\b'):
    match_particles(np.zeros((2, 2), int), np.zeros((2, 2), int), least_iu=0)
  with pytest.raises(InputError, match='false_negatives=-1'):
    corrected_count(3, Detection(1, -1, 0))
