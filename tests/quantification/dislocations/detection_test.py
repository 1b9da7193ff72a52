"""False negatives and false positives of lines, and densities of them."""

import math

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.dislocations.detection import (
  LineDetection,
  detection_factor,
  match_lines,
  pool_lines,
)
from defectseg_jax.quantification.dislocations.summary import (
  dislocation_summary,
)


def lines_at(*rows, size=200):
  mask = np.zeros((size, size), bool)
  for row in rows:
    mask[row : row + 3, 10:-10] = True
  return mask


def totals(found):
  return [float(parts.sum()) for parts in found]


def test_lengths_by_hand():
  """Each line is 180 pixels long, less its ends. Of three true lines two are
  predicted, one of them 2 pixels aside, and one more that is not true."""
  truth, prediction = lines_at(20, 60, 100), lines_at(20, 62, 150)
  true_positives, false_negatives, false_positives = totals(
    match_lines(prediction, truth)
  )
  one = totals(match_lines(lines_at(20), lines_at(20)))[0]
  assert one == pytest.approx(180, rel=0.03)
  assert true_positives == pytest.approx(2 * one)
  assert false_negatives == pytest.approx(one)
  assert false_positives == pytest.approx(one)
  # A stricter eye sees no line where it is 2 pixels aside.
  strict = match_lines(prediction, truth, tolerance_px=1)
  assert totals(strict)[0] == pytest.approx(one)


def test_nothing_there_and_nothing_seen():
  empty = lines_at()
  assert totals(match_lines(empty, empty)) == [0, 0, 0]
  assert totals(match_lines(empty, lines_at(20)))[0] == 0
  assert totals(match_lines(lines_at(20), empty))[2] > 170
  factor, interval = detection_factor(match_lines(empty, lines_at(20)))
  assert math.isnan(factor) and interval is intervals.UNKNOWN


def test_the_factor_is_precision_over_recall():
  detection = LineDetection(
    np.full(50, 8.0), np.full(50, 4.0), np.full(50, 2.0)
  )
  factor, interval = detection_factor(detection)
  assert factor == pytest.approx((8 / 10) / (8 / 12))
  # All parts alike: however they are drawn, the factor is the same.
  assert interval == pytest.approx((factor, factor))


def test_the_interval_covers_the_factor_of_all():
  """A random share of each part is a true positive. Of 300 sets of 64 parts,
  the interval must hold the share of all parts in 88 to 99%."""
  rng = np.random.default_rng(0)
  hits = 0
  for seed in range(300):
    length = rng.gamma(4, 25, 64)
    share = rng.beta(8, 2, 64)
    false_positives = rng.gamma(1, 10, 64)
    found = LineDetection(length * share, length * (1 - share), false_positives)
    low, high = detection_factor(found, seed=seed)[1]
    hits += low <= 100 / (100 * 0.8 + 10) <= high
  assert 0.88 * 300 <= hits <= 0.99 * 300


def test_images_are_pooled():
  one = match_lines(lines_at(20, 60), lines_at(20))
  both = pool_lines([one, one])
  assert [len(part) for part in both] == [2 * len(part) for part in one]
  assert detection_factor(both)[0] == pytest.approx(detection_factor(one)[0])


def test_a_density_is_corrected_by_it():
  scale = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}
  mask = lines_at(20, 60, 100, 140)
  plain = dislocation_summary(mask, **scale)
  assert not any('detected' in name for name in plain)
  detection = LineDetection(
    np.array([8.0, 8.0]), np.array([4.0, 4.0]), np.array([2.0, 2.0])
  )
  found = dislocation_summary(mask, **scale, detection=detection)
  for name in ('density_grid', 'density_length'):
    for end in ('', '_low', '_high'):
      assert found[f'{name}_detected_per_m2{end}'] == pytest.approx(
        1.2 * plain[f'{name}_per_m2{end}']
      )


def test_shapes_must_agree():
  with pytest.raises(InputError, match='they must be equal'):
    match_lines(lines_at(20), lines_at(20, size=100))
