"""What images weigh in their mean, against totals over all of them."""

import math

import numpy as np
import pytest

from defectseg_jax.quantification import (
  image_weights,
  measure,
  statistics_over_images,
)
from defectseg_jax.quantification.weights import weights_text

PIXEL_NM = 0.5


def image(voids, side, thickness_nm=100.0, seed=0):
  """A row of summary.csv, of squares that do not touch."""
  rng = np.random.default_rng(seed)
  mask = np.zeros((side, side), bool)
  places = [(r, c) for r in range(8, side - 24, 24) for c in range(8, side, 24)]
  for place in rng.permutation(len(places))[:voids]:
    row, column = places[place]
    length = rng.integers(4, 12)
    mask[row : row + length, column : min(column + length, side - 2)] = True
  summary = measure(
    mask, 'voids', pixel_size_nm=PIXEL_NM, thickness_nm=thickness_nm
  ).summary
  known = {'pixel_size_nm': PIXEL_NM, 'thickness_nm': thickness_nm}
  sides = {'height_px': side, 'width_px': side, 'valid_fraction': 1.0}
  return {**sides, **known, **summary}


def mean_of(rows, name):
  weights = {name: image_weights(name, rows).values}
  return statistics_over_images(rows, [name], weights=weights)[name]


# A large image of a thick foil, and small ones.
ROWS = [image(60, 480, 200.0), image(5, 160, seed=1), image(9, 240, seed=2)]


def volumes_nm3(rows):
  return np.array(
    [
      row['height_px'] * row['width_px'] * PIXEL_NM**2 * row['thickness_nm']
      for row in rows
    ]
  )


def test_the_mean_density_is_all_particles_over_all_foil():
  total = sum(row['count'] for row in ROWS) / volumes_nm3(ROWS).sum() * 1e27
  found = mean_of(ROWS, 'number_density_per_m3')
  assert found['mean'] == pytest.approx(total)
  plain = np.mean([row['number_density_per_m3'] for row in ROWS])
  assert abs(plain / total - 1) > 0.1
  # How the images differ, in their own numbers.
  assert found['std'] == pytest.approx(
    np.std([row['number_density_per_m3'] for row in ROWS], ddof=1)
  )


def test_the_mean_diameter_is_that_of_all_particles():
  total = sum(r['diameter_mean_nm'] * r['count_whole'] for r in ROWS)
  found = mean_of(ROWS, 'diameter_mean_nm')['mean']
  assert found == pytest.approx(total / sum(r['count_whole'] for r in ROWS))


def test_fractions_are_of_all_area_and_of_all_foil():
  areas = np.array([row['height_px'] ** 2 for row in ROWS])
  marked = sum(row['area_fraction'] * area for row, area in zip(ROWS, areas))
  assert mean_of(ROWS, 'area_fraction')['mean'] == pytest.approx(
    marked / areas.sum()
  )
  volumes = volumes_nm3(ROWS)
  filled = sum(row['volume_fraction'] * v for row, v in zip(ROWS, volumes))
  assert mean_of(ROWS, 'volume_fraction')['mean'] == pytest.approx(
    filled / volumes.sum()
  )


def test_images_of_equal_area_have_the_numbers_that_they_had():
  rows = [image(n, 240, seed=n) for n in (5, 9, 12, 7)]
  for name in ('number_density_per_m3', 'volume_fraction', 'area_fraction'):
    plain = statistics_over_images(rows, [name])[name]
    assert mean_of(rows, name) == pytest.approx(plain)


def test_counts_and_scores_weigh_the_same_everywhere():
  for name in ('count', 'iu', 'expected_f1', 'line_length_px'):
    assert image_weights(name, ROWS).by == ''
    assert image_weights(name, ROWS).values.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
  ('name', 'by'),
  [
    ('number_density_corrected_per_m3', 'volume'),
    ('density_length_per_m2', 'volume'),
    ('density_grid_corrected_per_m2', 'volume'),
    ('swelling', 'volume'),
    ('number_per_area_per_m2', 'area'),
    ('line_length_per_area_per_m', 'area'),
    ('diameter_mean_px', 'objects'),
    ('diameter_std_nm', 'objects'),
  ],
)
def test_what_each_number_weighs_by(name, by):
  assert image_weights(name, ROWS).by == by


def test_specimen_alone_weighs_and_pixels_where_a_scale_is_missing():
  half = {**ROWS[0], 'valid_fraction': 0.5}
  weights = image_weights('area_fraction', [ROWS[0], half])
  assert weights.values[1] == weights.values[0] / 2
  unscaled = {**ROWS[1], 'pixel_size_nm': None}
  weights = image_weights('area_fraction', [ROWS[0], unscaled])
  assert weights.by == 'area in pixels'
  assert weights.values.tolist() == [480**2, 160**2]
  # It has no density, and no weight is asked for.
  rows = [*ROWS[:1], {**unscaled, 'number_density_per_m3': math.nan}]
  assert mean_of(rows, 'number_density_per_m3')['images'] == 1
  said = weights_text({'area_fraction': weights})
  assert 'area in pixels' in said and weights_text({}) == ''


def test_intervals_cover_with_areas_that_differ():
  """Poisson counts in areas from 1 to 16, around a place-to-place scatter."""
  rng = np.random.default_rng(0)
  held = 0
  for _ in range(1000):
    areas = rng.choice([1.0, 2.0, 4.0, 16.0], 6)
    rates = 10 * rng.lognormal(-0.02, 0.2, 6)
    rows = [
      {'density': n / a} for n, a in zip(rng.poisson(rates * areas), areas)
    ]
    found = statistics_over_images(
      rows, ['density'], weights={'density': areas}
    )['density']
    held += found['low'] <= 10 <= found['high']
  assert 0.93 < held / 1000 < 0.99


def test_one_image_that_is_most_of_all_does_not_make_a_mean_sure():
  rows = [{'density': value} for value in (10.0, 4.0, 17.0)]
  weights = {'density': [100.0, 1.0, 1.0]}
  found = statistics_over_images(rows, ['density'], weights=weights)['density']
  assert found['mean'] == pytest.approx(10, abs=0.1)
  # As of two images, whatever the others say.
  assert found['high'] - found['low'] > 8
