import numpy as np

from defectseg_jax.applicability.regression import best_regression


def samples(count, seed=0, noise=0.05):
  rng = np.random.default_rng(seed)
  places = rng.standard_normal((count, 3))
  values = np.tanh(places[:, 0]) + noise * rng.standard_normal(count)
  return places, values


def test_it_foretells_what_it_has_not_seen():
  places, values = samples(200)
  fitted = best_regression(places, values, np.ones(200))
  new, true = samples(100, seed=1, noise=0)
  assert np.abs(fitted.foretell(new) - true).mean() < 0.1
  assert np.abs(fitted.foretell(new) - true).mean() < 0.3 * np.abs(true).mean()


def test_without_itself_is_what_the_others_say():
  places, values = samples(60)
  noise = 1 + np.arange(60) / 60
  fitted = best_regression(places, values, noise)
  for left_out in (0, 17, 59):
    kept = np.arange(60) != left_out
    level = fitted_noise(fitted, places, values, noise)
    kernel = kernel_of(places[kept], places[kept], fitted.width)
    inverse = np.linalg.inv(kernel + level * np.diag(noise[kept]))
    coefficients = inverse @ (values[kept] - fitted.mean)
    at = kernel_of(places[left_out : left_out + 1], places[kept], fitted.width)
    expected = fitted.mean + at @ coefficients
    np.testing.assert_allclose(fitted.without_itself[left_out], expected[0])


def kernel_of(first, second, width):
  apart = ((first[:, None] - second[None]) ** 2).sum(axis=2)
  return np.exp(-apart / (2 * width**2))


def fitted_noise(fitted, places, values, noise):
  """The level of noise, from (K + s N) c = v - mean."""
  left = values - fitted.mean
  left = left - kernel_of(places, places, fitted.width) @ fitted.coefficients
  return np.median(left / (noise * fitted.coefficients))
