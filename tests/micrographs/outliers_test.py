"""Spikes are found whatever the noise, and noise and objects never are."""

import numpy as np
import pytest

from defectseg_jax.micrographs.outliers import find_outliers, replace_outliers

SIDE = 512


def rng():
  return np.random.default_rng(0)


def distances(row, column, side=SIDE):
  rows, columns = np.mgrid[:side, :side]
  return np.hypot(rows - row, columns - column)


@pytest.mark.parametrize(
  'dose', [0.001, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 100, 10_000]
)
def test_no_count_of_poisson_noise_is_an_outlier(dose):
  assert not find_outliers(rng().poisson(dose, (1024, 1024))).any()


@pytest.mark.parametrize('kind', ['normal', 'laplace', 'exponential', 'gumbel'])
def test_no_pixel_of_other_noise_is_an_outlier(kind):
  draw = getattr(rng(), kind)
  assert not find_outliers(draw(size=(1024, 1024)).astype(np.float32)).any()


def test_counts_with_gain_and_readout_noise():
  counts = rng().poisson(2, (SIDE, SIDE)) * rng().uniform(30, 90, (SIDE, SIDE))
  assert not find_outliers(counts + rng().normal(0, 8, counts.shape)).any()


def test_noise_that_is_nine_times_stronger_in_a_small_bright_part():
  dose = np.full((1024, 1024), 20.0)
  dose[500:560, 500:560] = 1600
  assert not find_outliers(rng().poisson(dose)).any()


@pytest.mark.parametrize('dose', [0.1, 1, 10, 100, 1000])
@pytest.mark.parametrize('pixels', [1, 20, 100])
def test_spikes_are_found_at_every_dose(dose, pixels):
  image = rng().poisson(dose, (SIDE, SIDE)).astype(np.float32)
  places = rng().choice(SIDE // 6 * SIDE // 6, pixels, replace=False)
  rows, columns = np.divmod(places, SIDE // 6)
  image[6 * rows + 3, 6 * columns + 3] += 20 * np.sqrt(dose) + 20
  found = np.argwhere(find_outliers(image))
  expected = np.stack([6 * rows + 3, 6 * columns + 3], axis=1)
  assert sorted(found.tolist()) == sorted(expected.tolist())


def test_dead_pixels_and_a_spike_of_four():
  image = rng().poisson(1000, (SIDE, SIDE))
  image[40, 50] = 0
  image[100:102, 200:202] = [[30_000, 9_000], [12_000, 4_000]]
  found = find_outliers(image)
  assert found[40, 50]
  assert found[100:102, 200:202].all()
  assert found.sum() == 5


@pytest.mark.parametrize('column', [0, 1, 130, SIDE - 1])
@pytest.mark.parametrize('turned', [False, True])
@pytest.mark.parametrize('value', [0, 1700, 65535])
def test_columns_and_rows_of_the_detector(column, turned, value):
  image = rng().poisson(1000, (SIDE, SIDE))
  image[:, column] = rng().normal(value, 30 * (0 < value < 65535), SIDE)
  expected = np.zeros(image.shape, bool)
  expected[:, column] = True
  if turned:
    image, expected = image.T, expected.T
  np.testing.assert_array_equal(find_outliers(image), expected)


def test_a_column_that_is_hot_in_part():
  image = rng().poisson(1000, (SIDE, SIDE))
  image[90:131, 77] = 65535
  found = find_outliers(image)
  assert found[90:131, 77].all()
  assert found.sum() == 41


@pytest.mark.parametrize('blur_px', [0.7, 0.8, 1.5])
@pytest.mark.parametrize('height', [200, 400, 1000, 20_000])
def test_small_bright_precipitates_are_no_outliers(blur_px, height):
  dose = np.full((SIDE, SIDE), 1000.0)
  for row, column in rng().uniform(10, SIDE - 10, (30, 2)):
    away = distances(row, column)
    dose += height * np.exp(-(away**2) / (2 * blur_px**2))
  assert not find_outliers(rng().poisson(dose)).any()


@pytest.mark.parametrize('dose', [1, 10, 1000])
@pytest.mark.parametrize('period_px', [3.1, 4.0, 7.3])
def test_the_columns_of_a_lattice_are_no_outliers(dose, period_px):
  rows, columns = np.mgrid[:SIDE, :SIDE] * 2 * np.pi / period_px
  peaks = ((1 + np.cos(rows)) * (1 + np.cos(columns)) / 4) ** 3
  assert not find_outliers(rng().poisson(dose * (1 + 9 * peaks))).any()


@pytest.mark.parametrize('sign', [-1, 1])
def test_the_rims_of_voids_are_no_outliers(sign):
  away = distances(200, 260) - 40
  rim = np.exp(-((away / 0.8) ** 2))
  assert not find_outliers(rng().poisson(1000 * (1 + 0.8 * sign * rim))).any()


def test_drawings_without_noise_are_no_outliers():
  image = np.full((200, 200), 30, np.uint8)
  image[50:90, 50:90] = 200
  image[distances(150, 150, 200) < 20] = 200
  assert not find_outliers(image).any()
  assert not find_outliers(np.zeros((64, 64))).any()


def test_outliers_become_a_value_of_their_neighbours():
  image = rng().poisson(1000, (SIDE, SIDE)).astype(np.uint16)
  hot = image.copy()
  hot[:, 130] = 65535
  hot[[7, 300], [400, 20]] = 40_000
  outliers = find_outliers(hot)
  replaced = replace_outliers(hot, outliers)
  assert replaced.dtype == np.uint16
  np.testing.assert_array_equal(replaced[~outliers], image[~outliers])
  # Within what noise makes of a median of twenty.
  assert np.abs(replaced[outliers].astype(int) - 1000).max() < 40
