"""Camera: electrons are counted, and files hold 8 bits."""

import dataclasses

import numpy as np
import pytest

from defectseg_jax.simulation.domain.camera import (
  CameraSettings,
  _count,
  digitise,
  record,
)

CLEAN = CameraSettings(
  spikes_fraction=0.0,
  columns_fraction=0.0,
  saturated_fraction=0.0,
  jpeg_fraction=0.0,
)


@pytest.mark.parametrize('dose', [20.0, 900.0])
@pytest.mark.parametrize('blur_px', [0.26, 1.0])
def test_noise_is_what_record_says_it_is(dose, blur_px):
  settings = dataclasses.replace(
    CLEAN,
    dose_electrons_per_px=(dose, dose),
    blur_px=(blur_px, blur_px),
    read_noise_electrons=(2.0, 2.0),
  )
  even = np.full((200, 200), 3.0, np.float32)
  signal, noise = record(even, settings, np.random.default_rng(0))
  assert signal.mean() == pytest.approx(3.0, rel=0.01)
  # The sampled Gaussian is a little wider than the closed form says.
  assert signal.std() / signal.mean() == pytest.approx(noise, rel=0.15)


def test_spikes_and_columns_come_as_often_as_asked_for():
  even = np.ones((64, 64), np.float32)
  always = dataclasses.replace(CLEAN, spikes_fraction=1.0)
  with_spikes, _ = record(even, always, np.random.default_rng(1))
  without, _ = record(even, CLEAN, np.random.default_rng(1))
  level = without.mean() + 4 * without.std()
  assert (with_spikes > level).sum() > (without > level).sum()
  always = dataclasses.replace(CLEAN, columns_fraction=1.0)
  column, _ = record(even, always, np.random.default_rng(1))
  off = np.abs(column.mean(axis=0) - column.mean())
  assert np.sort(off)[-1] > 3 * np.sort(off)[-2]


def test_a_file_holds_whole_numbers_of_8_bits_in_the_asked_range():
  signal = np.random.default_rng(0).normal(5, 1, (64, 64)).astype(np.float32)
  narrow = dataclasses.replace(CLEAN, contrast_fraction=(0.2, 0.2))
  pixels = digitise(signal, narrow, np.random.default_rng(0))
  assert (pixels == np.rint(pixels)).all()
  assert pixels.min() >= 0
  assert pixels.max() <= 255
  assert 30 < np.ptp(pixels) <= 0.2 * 255 + 1


def test_a_saturated_file_has_many_pixels_of_one_value():
  signal = np.random.default_rng(0).normal(5, 1, (64, 64)).astype(np.float32)
  often = dataclasses.replace(
    CLEAN, saturated_fraction=1.0, contrast_fraction=(1.0, 1.0)
  )
  clipped = digitise(signal, often, np.random.default_rng(0))
  plain = digitise(
    signal,
    dataclasses.replace(CLEAN, contrast_fraction=(1.0, 1.0)),
    np.random.default_rng(0),
  )

  def at_the_ends(pixels):
    return np.mean((pixels == pixels.max()) | (pixels == pixels.min()))

  assert at_the_ends(clipped) > 2 * at_the_ends(plain)


def test_what_was_compressed_differs_a_little():
  signal = np.random.default_rng(0).normal(5, 1, (64, 64)).astype(np.float32)
  compressed, plain = (
    digitise(
      signal,
      dataclasses.replace(
        CLEAN, jpeg_fraction=fraction, contrast_fraction=(1.0, 1.0)
      ),
      np.random.default_rng(0),
    )
    for fraction in (1.0, 0.0)
  )
  assert (compressed != plain).any()
  assert np.abs(compressed - plain).mean() < 40


def test_the_noise_of_an_enlarged_image_is_smooth_and_no_weaker():
  even = np.ones((256, 256), np.float32)
  settings = dataclasses.replace(
    CLEAN,
    dose_electrons_per_px=(100.0, 100.0),
    blur_px=(0.05, 0.05),
    oversampled_fraction=1.0,
  )
  for seed in range(4):
    signal, noise = record(even, settings, np.random.default_rng(seed))
    # Of a pixel it is what 100 electrons have: 0.1.
    assert signal.std() == pytest.approx(0.1, rel=0.1)
    neighbours = np.corrcoef(signal[:, :-1].ravel(), signal[:, 1:].ravel())
    assert neighbours[0, 1] > 0.7
    # Of averages over 32 x 32 pixels, what is told of a pixel over 32.
    means = signal.reshape(8, 32, 8, 32).mean(axis=(1, 3))
    assert means.std() == pytest.approx(noise / 32, rel=0.35)


def test_electrons_are_counted_as_poisson_does():
  """Mean, variance and third moment are all alike."""
  rng = np.random.default_rng(0)
  for mean in (3.0, 17.0, 40.0, 900.0):
    counted = _count(np.full((1000, 1000), mean, np.float32), rng)
    assert (counted == np.rint(counted)).all() and counted.min() >= 0
    centred = counted.astype(float) - mean
    # Of a million, the mean is off by a thousandth of the deviation.
    assert abs(centred.mean()) < 4e-3 * np.sqrt(mean)
    assert np.mean(centred**2) == pytest.approx(mean, rel=0.01)
    assert np.mean(centred**3) == pytest.approx(
      mean, abs=0.03 * mean**1.5 + 0.05 * mean
    )
