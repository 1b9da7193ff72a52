"""Whole foils: their statistics, their truth, and that a seed fixes them."""

import dataclasses
import itertools
import json
import math
import sys

import numpy as np
import pytest
import tiny
from small import small_foil

from configs import dislocations, voids
from defectseg_jax.simulation import foil_parameters, simulate_foil
from defectseg_jax.simulation.foil import foil_geometry, foil_labels

SEEDS = 20


@dataclasses.dataclass
class Series:
  """What 20 foils of 2048 x 2048 pixels hold."""

  foil: object
  inside: dict
  fractions: dict
  lengths_nm: list


@pytest.fixture(
  scope='module', params=[voids, dislocations], ids=lambda m: m.__name__
)
def series(request):
  foil = foil_parameters(request.param.get_config().foil)
  high = np.array([foil.side_nm, foil.side_nm, foil.thickness_nm])
  inside = {'voids': [], 'precipitates': []}
  fractions = {'voids': [], 'precipitates': [], 'dislocations': []}
  lengths = []
  for seed in range(SEEDS):
    geometry = foil_geometry(foil, seed=seed, index=0)
    for kind, found in inside.items():
      found.extend(
        particle.diameter_nm
        for particle, _ in getattr(geometry, kind)
        if ((particle.centre_nm >= 0) & (particle.centre_nm < high)).all()
      )
    masks, _ = foil_labels(foil, geometry)
    for kind, found in fractions.items():
      found.append(masks[kind].mean())
    lengths.append(sum(line.length_nm for line in geometry.lines))
  return Series(foil, inside, fractions, lengths)


@pytest.mark.slow
@pytest.mark.xdist_group('series')
@pytest.mark.parametrize('kind', ['voids', 'precipitates'])
def test_counts_are_those_of_a_poisson_process(series, kind):
  asked = getattr(series.foil, kind)
  expected = SEEDS * asked.density_per_m3 * series.foil.volume_m3
  # Three and a half standard deviations of a Poisson count: 1 in 2000.
  assert abs(len(series.inside[kind]) - expected) < 3.5 * math.sqrt(expected)


@pytest.mark.slow
@pytest.mark.xdist_group('series')
@pytest.mark.parametrize('kind', ['voids', 'precipitates'])
def test_diameters_have_the_asked_mean_and_standard_deviation(series, kind):
  asked = getattr(series.foil, kind)
  found = np.array(series.inside[kind])
  n, mean, std = len(found), asked.diameter_nm, asked.diameter_std_nm
  assert abs(found.mean() - mean) < 3.5 * std / math.sqrt(n)
  # Variance of a sample variance: (mu4 - s^4) / n; a gamma distribution of
  # relative variance r has mu4 = s^4 (3 + 6 r).
  of_variance = std**2 * math.sqrt((2 + 6 * (std / mean) ** 2) / n)
  assert abs(found.var(ddof=1) - std**2) < 3.5 * of_variance


@pytest.mark.slow
@pytest.mark.xdist_group('series')
def test_lines_are_as_dense_as_asked(series):
  """Each foil to half the longest curve, and all together to a hundredth."""
  asked = series.foil.dislocations.density_per_m2
  found = np.array(series.lengths_nm) * 1e-9 / series.foil.volume_m3
  longest_m = 6 * series.foil.thickness_nm * 1.5e-9
  assert np.abs(found - asked).max() < longest_m / series.foil.volume_m3
  assert found.mean() == pytest.approx(asked, rel=0.01)


@pytest.mark.slow
@pytest.mark.xdist_group('series')
def test_positive_fractions_are_near_the_papers(series):
  """Table 1 implies 5.5, 12.7 and 9.7% of the pixels; within a fifth."""
  paper = {'voids': 0.055, 'precipitates': 0.127, 'dislocations': 0.097}
  many_lines = series.foil.dislocations.density_per_m2 > 5e14
  kinds = ['dislocations'] if many_lines else ['voids', 'precipitates']
  for kind in kinds:
    assert np.mean(series.fractions[kind]) == pytest.approx(
      paper[kind], rel=0.2
    )


def test_one_micrograph_has_voids_bright_and_precipitates_dark():
  """The intensity pair: inverted, precipitates are the bright ones."""
  made = simulate_foil(small_foil(side_px=1024), seed=0, index=0)
  only = {
    'voids': made.masks['voids'] & ~made.masks['precipitates'],
    'precipitates': made.masks['precipitates'] & ~made.masks['voids'],
    'neither': ~(made.masks['voids'] | made.masks['precipitates']),
  }
  mean = {kind: made.pixels[mask].mean() for kind, mask in only.items()}
  assert mean['voids'] > mean['neither'] > mean['precipitates']
  # And far apart, beside the noise of a mean.
  assert mean['voids'] - mean['neither'] > 8
  assert mean['neither'] - mean['precipitates'] > 8


def same(a, b):
  np.testing.assert_array_equal(a.pixels, b.pixels)
  for kind in a.masks:
    np.testing.assert_array_equal(a.masks[kind], b.masks[kind])
  for name in a.arrays:
    np.testing.assert_array_equal(a.arrays[name], b.arrays[name])
  assert json.dumps(a.truth) == json.dumps(b.truth)


def test_seed_and_index_fix_every_byte_in_any_order():
  foil = small_foil('dislocations')
  forwards = [simulate_foil(foil, seed=5, index=i) for i in (0, 1, 2)]
  backwards = [simulate_foil(foil, seed=5, index=i) for i in (2, 1, 0)]
  for a, b in zip(forwards, reversed(backwards), strict=True):
    same(a, b)
  assert not np.array_equal(forwards[0].pixels, forwards[1].pixels)


def test_another_process_makes_the_same_bytes():
  program = """
import hashlib, sys
sys.path[:0] = ['tests']
from small import small_foil
from defectseg_jax.simulation import simulate_foil
made = simulate_foil(small_foil(), seed=1, index=2)
print(hashlib.sha256(made.pixels.tobytes()).hexdigest())
"""
  printed = {tiny.run([sys.executable, '-c', program]).stdout for _ in range(2)}
  assert len(printed) == 1 and len(printed.pop().strip()) == 64


def test_another_dose_moves_nothing():
  few = small_foil(detector__dose_electrons_per_px=20.0)
  many = small_foil(detector__dose_electrons_per_px=2000.0)
  a, b = (simulate_foil(foil, seed=0, index=0) for foil in (few, many))
  assert a.truth['voids'] == b.truth['voids']
  np.testing.assert_array_equal(a.masks['voids'], b.masks['voids'])
  assert not np.array_equal(a.pixels, b.pixels)


def test_truth_adds_up():
  foil = small_foil('dislocations', side_px=512)
  made = simulate_foil(foil, seed=0, index=0)
  truth = json.loads(json.dumps(made.truth, allow_nan=False))
  total = truth['totals']['dislocations']
  starts, points = made.arrays['line_starts'], made.arrays['line_points_nm']
  assert len(starts) == len(truth['dislocations']) + 1
  lengths = [
    np.linalg.norm(np.diff(points[a:b].astype(float), axis=0), axis=1).sum()
    for a, b in itertools.pairwise(starts)
  ]
  assert total['length_nm'] == pytest.approx(sum(lengths), rel=1e-3)
  volume_m3 = (512 * 0.32e-9) ** 2 * 113e-9
  assert total['density_per_m2'] == pytest.approx(
    sum(lengths) * 1e-9 / volume_m3, rel=1e-3
  )
  made = simulate_foil(small_foil(side_px=1024), seed=0, index=0)
  voids_inside = [v for v in made.truth['voids'] if v['centre_in_foil']]
  total = made.truth['totals']['voids']
  assert total['count'] == len(voids_inside) > 5
  assert total['diameter_mean_nm'] == pytest.approx(
    np.mean([v['diameter_nm'] for v in voids_inside])
  )
  for void in made.truth['voids']:
    assert void['volume_in_foil_nm3'] <= void['volume_nm3'] * 1.05


def test_a_background_keeps_its_own_noise():
  rng = np.random.default_rng(0)
  ground = rng.normal(1, 0.05, (300, 280)).astype(np.float32)
  foil = small_foil(
    voids__density_per_m3=0.0,
    precipitates__density_per_m3=0.0,
    dislocations__density_per_m2=0.0,
    detector__bits=16,
  )
  made = simulate_foil(foil, seed=0, index=0, background=ground)
  # With nothing to render the pixels are the background's, somewhere in it.
  found = [
    np.corrcoef(
      ground[top : top + 256, left : left + 256].ravel(), made.pixels.ravel()
    )[0, 1]
    for top in range(45)
    for left in range(25)
  ]
  assert max(found) > 0.999
