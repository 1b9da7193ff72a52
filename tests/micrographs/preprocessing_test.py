"""Each formula against its closed form, or against another implementation."""

import numpy as np
import pytest
import skimage.restoration

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import preprocessing, strips
from defectseg_jax.micrographs.settings import PreprocessingSettings

_RNG = np.random.default_rng(11)
_NOISE = _RNG.normal(100, 20, (40, 56)).astype(np.float32)


def _full_range(shape):
  """8-bit noise that holds 0 and 255, for which the ball is the plain one."""
  pixels = _RNG.integers(0, 256, shape).astype(np.float32)
  pixels[0, :2] = 0, 255
  return pixels


def _weights(length, sigma):
  """[length, length] of a truncated Gaussian, mirrored about edge pixels."""
  radius = int(4 * sigma + 0.5)
  offsets = np.arange(-radius, radius + 1)
  kernel = np.exp(-(offsets**2) / (2 * sigma**2))
  kernel /= kernel.sum()
  matrix = np.zeros((length, length))
  for row in range(length):
    for offset, weight in zip(offsets, kernel, strict=True):
      column = abs(row + offset) % (2 * length - 2)
      matrix[row, min(column, 2 * length - 2 - column)] += weight
  return matrix


def _mean_by_matrices(pixels, sigma):
  height, width = pixels.shape
  return _weights(height, sigma) @ pixels @ _weights(width, sigma).T


def test_inversion_keeps_the_range():
  pixels = np.array([[1, 2], [5, 11]], np.float32)
  inverted = preprocessing.invert_contrast(pixels)
  assert inverted.tolist() == [[11, 10], [7, 1]]
  assert inverted.dtype == np.float32
  np.testing.assert_array_equal(preprocessing.invert_contrast(inverted), pixels)


def test_gaussian_background_is_the_weighted_mean():
  result = preprocessing.subtract_background(
    _NOISE, method='gaussian', radius_px=3
  )
  expected = _NOISE - _mean_by_matrices(_NOISE.astype(float), 3)
  np.testing.assert_allclose(result, expected, atol=1e-4)
  assert result.dtype == np.float32


@pytest.mark.parametrize('radius_px', [0.5, 3, 7.5, 10])
def test_small_ball_is_that_of_skimage(radius_px):
  pixels = _full_range((40, 50))
  result = preprocessing.subtract_background(
    pixels, method='rolling_ball', radius_px=radius_px
  )
  expected = pixels - skimage.restoration.rolling_ball(pixels, radius=radius_px)
  np.testing.assert_allclose(result, expected, atol=1e-4)


def test_small_ball_is_the_definition():
  # The ball's top at p is the least f(q) - sqrt(r^2 - |p - q|^2) + r over all q
  # in reach: for a bright pixel on zero, the neighbour's, sqrt(r^2 - 1) lower.
  pixels = np.zeros((21, 21), np.float32)
  pixels[10, 10] = 255
  result = preprocessing.subtract_background(
    pixels, method='rolling_ball', radius_px=5
  )
  expected = 255 - (5 - np.sqrt(24))
  assert result[10, 10] == pytest.approx(expected, rel=1e-6)
  result[10, 10] = 0
  np.testing.assert_allclose(result, 0, atol=1e-5)


@pytest.mark.parametrize('radius_px', [20, 50, 120])
def test_shrunk_ball_is_close_to_the_plain_one(radius_px):
  # A smooth background with two narrow peaks, as the method is meant for.
  y, x = np.mgrid[:90, :101]
  pixels = 60 + 50 * np.sin(x / 70) + 0.3 * y
  for row, column in ((30, 40), (60, 75)):
    pixels += 80 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8)
  pixels = (pixels - pixels.min()) / np.ptp(pixels) * 255
  pixels = pixels.astype(np.float32)
  result = preprocessing.subtract_background(
    pixels, method='rolling_ball', radius_px=radius_px
  )
  exact = pixels - skimage.restoration.rolling_ball(pixels, radius=radius_px)
  assert (
    np.abs(result - exact).max() < 8
  )  # of 255; the peaks are 150 to 200 high
  assert result.min() >= 0


@pytest.mark.parametrize('radius_px', [5, 25])
def test_ball_does_not_depend_on_the_bit_depth(radius_px):
  pixels = _full_range((40, 50))
  plain = preprocessing.subtract_background(
    pixels, method='rolling_ball', radius_px=radius_px
  )
  scaled = preprocessing.subtract_background(
    300 + 257 * pixels, method='rolling_ball', radius_px=radius_px
  )
  np.testing.assert_allclose(scaled, 257 * plain, atol=0.02)


@pytest.mark.parametrize('radius_px', [5, 25, 50, 200])
@pytest.mark.parametrize('shape', [(1, 1), (3, 50), (33, 31)])
def test_ball_on_constant_and_small_images(radius_px, shape):
  for pixels in (np.full(shape, 0.1, np.float32), _NOISE[: shape[0], :1]):
    result = preprocessing.subtract_background(
      pixels, method='rolling_ball', radius_px=radius_px
    )
    assert result.shape == pixels.shape
    assert np.isfinite(result).all()
    assert result.min() >= 0


def test_global_normalisation():
  result = preprocessing.normalise_variance(
    _NOISE, method='global', radius_px=0
  )
  assert result.dtype == np.float32
  assert result.mean(dtype=float) == pytest.approx(0, abs=1e-6)
  assert result.std(dtype=float) == pytest.approx(1, abs=1e-6)
  # By hand: mean 2, standard deviation 1.
  by_hand = preprocessing.normalise_variance(
    np.array([[1, 3]], np.float32), method='global', radius_px=0
  )
  assert by_hand.tolist() == [[-1, 1]]


def test_local_normalisation_is_the_formula():
  pixels = _NOISE.astype(float)
  mean = _mean_by_matrices(pixels, 4)
  variance = _mean_by_matrices(pixels**2, 4) - mean**2
  result = preprocessing.normalise_variance(_NOISE, method='local', radius_px=4)
  np.testing.assert_allclose(
    result, (pixels - mean) / np.sqrt(variance), atol=1e-4
  )


def test_local_normalisation_of_a_flat_region():
  pixels = np.full((120, 120), 30000.1, np.float32)
  pixels[:, 80:] += _RNG.normal(0, 300, (120, 40)).astype(np.float32)
  result = preprocessing.normalise_variance(pixels, method='local', radius_px=3)
  assert np.isfinite(result).all()
  np.testing.assert_allclose(result[:, :60], 0, atol=1e-6)
  assert np.abs(result).max() < 10
  assert result[:, 95:].std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize('method', ['global', 'local'])
def test_constant_image_becomes_zeros(method):
  # 0.1 is one whose mean rounds.
  pixels = np.full((30, 31), 0.1, np.float32)
  result = preprocessing.normalise_variance(pixels, method=method, radius_px=5)
  assert not result.any()
  assert result.dtype == np.float32


def test_none_returns_a_copy():
  for function in (
    preprocessing.subtract_background,
    preprocessing.normalise_variance,
  ):
    result = function(_NOISE, method='none', radius_px=0)
    np.testing.assert_array_equal(result, _NOISE)
    assert not np.shares_memory(result, _NOISE)


def test_order_is_inversion_background_normalisation():
  # One dark pixel on a slope: inverted, it is the peak that the ball leaves.
  pixels = np.tile(np.linspace(100, 110, 60, dtype=np.float32), (60, 1))
  pixels[30, 30] = 20
  settings = PreprocessingSettings(
    invert=True,
    background='rolling_ball',
    background_radius_px=5,
    normalisation='global',
    normalisation_radius_px=0,
  )
  result = preprocessing.preprocess(pixels, settings)
  assert np.unravel_index(result.argmax(), result.shape) == (30, 30)
  # A lone peak h among n equal pixels: (h - h / n) / (h sqrt(n - 1) / n).
  assert result[30, 30] == pytest.approx(np.sqrt(3600 - 1), rel=1e-2)
  # After normalisation nothing may follow.
  assert result.std(dtype=float) == pytest.approx(1, abs=1e-6)


def test_all_off_is_the_identity():
  settings = PreprocessingSettings(background='none', normalisation='none')
  result = preprocessing.preprocess(_NOISE, settings)
  np.testing.assert_array_equal(result, _NOISE)


def test_same_bits_twice():
  settings = PreprocessingSettings(
    invert=True,
    background='rolling_ball',
    background_radius_px=12,
    normalisation='local',
    normalisation_radius_px=6,
  )
  first = preprocessing.preprocess(_NOISE, settings)
  second = preprocessing.preprocess(_NOISE.copy(), settings)
  assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(
  ('function', 'choices'),
  [
    (preprocessing.subtract_background, 'none, gaussian, rolling_ball'),
    (preprocessing.normalise_variance, 'none, global, local'),
  ],
)
def test_unknown_methods_name_the_choices(function, choices):
  with pytest.raises(InputError, match=f"'median'; choose one of {choices}"):
    function(_NOISE, method='median', radius_px=3)


@pytest.mark.parametrize('radius_px', [0, -2, np.nan, np.inf, None, '5'])
@pytest.mark.parametrize(
  ('function', 'method'),
  [
    (preprocessing.subtract_background, 'gaussian'),
    (preprocessing.subtract_background, 'rolling_ball'),
    (preprocessing.normalise_variance, 'local'),
  ],
)
def test_radius_must_be_positive(function, method, radius_px):
  with pytest.raises(InputError, match=r'radius_px is .*positive') as caught:
    function(_NOISE, method=method, radius_px=radius_px)
  assert repr(radius_px) in str(caught.value)
  assert '\n' not in str(caught.value)


def test_radius_may_be_a_numpy_number():
  expected = preprocessing.subtract_background(
    _NOISE, method='gaussian', radius_px=3.0
  )
  for radius_px in (np.float32(3), np.int64(3)):
    found = preprocessing.subtract_background(
      _NOISE, method='gaussian', radius_px=radius_px
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


def test_other_shapes_are_refused():
  for pixels in (np.zeros(3), np.zeros((2, 3, 4)), np.zeros((0, 3))):
    with pytest.raises(InputError, match='shape'):
      preprocessing.invert_contrast(pixels)


@pytest.mark.parametrize('background', ['none', 'gaussian'])
@pytest.mark.parametrize('normalisation', ['none', 'global', 'local'])
@pytest.mark.parametrize('shape', [(90, 60), (7, 60)])
def test_working_on_some_rows_at_a_time_changes_nothing(
  monkeypatch, background, normalisation, shape
):
  rng = np.random.default_rng(0)
  pixels = rng.integers(0, 256, shape).astype(np.float32)

  settings = PreprocessingSettings(
    invert=True,
    background=background,
    background_radius_px=6.0,
    normalisation=normalisation,
    normalisation_radius_px=5.0,
  )
  at_once = preprocessing.preprocess(pixels, settings)
  monkeypatch.setattr(strips, '_PIXELS_AT_ONCE', 5 * shape[1])
  # Means of all pixels are summed in another order; the rest is the same.
  by_strips = preprocessing.preprocess(pixels, settings)
  np.testing.assert_allclose(by_strips, at_once, rtol=1e-6, atol=1e-7)
