import numpy as np
import pytest
from small import small_foil

from defectseg_jax.simulation import detector


def rng():
  return np.random.default_rng(0)


def test_counts_have_the_mean_and_variance_of_electrons_and_readout():
  foil = small_foil(
    detector__dose_electrons_per_px=50.0, detector__read_noise_electrons=6.0
  )
  counts = detector.count_electrons(
    np.full((512, 512), 0.8, np.float32), foil, rng()
  )
  assert counts.mean() == pytest.approx(40, rel=0.005)
  assert counts.var() == pytest.approx(40 + 36, rel=0.02)


def test_the_probe_blurs_and_loses_nothing():
  foil = small_foil(
    detector__probe_nm=0.64, detector__jitter_px=0.0, detector__flyback_px=0.0
  )
  point = np.zeros((65, 65), np.float32)
  point[32, 32] = 1
  found = detector.scan(point, foil, rng())
  # Two pixels: 0.64 nm at 0.32 nm per pixel.
  assert found.max() == pytest.approx(1 / (2 * np.pi * 2**2), rel=0.03)
  assert found.sum() == pytest.approx(1, abs=1e-3)


def test_rows_are_shifted_each_by_itself():
  foil = small_foil(
    detector__probe_nm=0.0, detector__jitter_px=0.5, detector__flyback_px=0.0
  )
  ramp = np.tile(np.arange(256, dtype=np.float32), (256, 1))
  shifts = (detector.scan(ramp, foil, rng()) - ramp)[:, 20:-20]
  np.testing.assert_allclose(shifts, shifts[:, :1] + 0 * shifts, atol=1e-3)
  assert shifts[:, 0].std() == pytest.approx(0.5, rel=0.15)


def test_the_beam_settles_after_flying_back():
  foil = small_foil(
    detector__probe_nm=0.0, detector__jitter_px=0.0, detector__flyback_px=3.0
  )
  ramp = np.tile(np.arange(256, dtype=np.float32), (4, 1))
  shift = (detector.scan(ramp, foil, rng()) - ramp)[0]
  assert shift[0] == pytest.approx(3)
  assert abs(shift[100:-2]).max() < 0.01


@pytest.mark.parametrize('bits, full', [(8, 255), (16, 65535)])
def test_the_range_of_the_file_is_filled(bits, full):
  signal = rng().normal(500, 20, (256, 256))
  found = detector.quantise(signal, bits)
  assert found.dtype == f'uint{bits}'
  assert (found.min(), found.max()) == (0, full)
  assert 0 < np.mean((found == 0) | (found == full)) < 1e-3
  assert np.corrcoef(signal.ravel(), found.ravel())[0, 1] > 0.999
