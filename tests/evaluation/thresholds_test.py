import numpy as np
import pytest

from defectseg_jax.evaluation import thresholds
from defectseg_jax.evaluation.confusion import confusion, pool, ratios

BINS, THRESHOLDS = thresholds.BINS, thresholds.THRESHOLDS


@pytest.fixture
def images():
  rng = np.random.default_rng(0)
  truths = [rng.random((40, 30)) < p for p in (0.1, 0.5, 0.0)]
  probabilities = [
    np.clip(0.3 * truth + rng.random(truth.shape), 0, 1).astype(np.float32)
    for truth in truths
  ]
  # Values on the edges of bins, and the ends of the range.
  probabilities[0][0, :8] = [0, 1, 0.5, *THRESHOLDS[[1, 2, 511, -2, -1]]]
  return list(zip(probabilities, truths, strict=True))


def test_iu_from_the_histogram_is_iu_from_the_masks(images):
  for probabilities, truth in images:
    found = thresholds.iu_at_thresholds(
      thresholds.histogram(probabilities, truth)
    )
    for k in range(0, BINS, 31):
      expected = ratios(confusion(probabilities >= THRESHOLDS[k], truth))['iu']
      assert found[k] == pytest.approx(expected, abs=0), k


def test_the_histogram_counts_every_pixel_once(images):
  for probabilities, truth in images:
    counts = thresholds.histogram(probabilities, truth)
    assert counts.sum(axis=1).tolist() == [(~truth).sum(), truth.sum()]


@pytest.mark.parametrize('kind', ['pooled', 'mean'])
def test_the_best_threshold_is_the_best_of_all_tried_one_by_one(images, kind):
  histograms = np.stack([thresholds.histogram(*image) for image in images])

  def pooled_iu(t):
    return ratios(pool([confusion(p >= t, y) for p, y in images]))['iu']

  def mean_iu(t):
    return np.mean([ratios(confusion(p >= t, y))['iu'] for p, y in images])

  curve, at = {
    'pooled': (thresholds.pooled_iu, pooled_iu),
    'mean': (thresholds.mean_iu, mean_iu),
  }[kind]
  threshold, iu = thresholds.best_threshold(curve(histograms))
  assert iu == pytest.approx(at(threshold), abs=1e-12)
  assert iu >= max(at(t) for t in THRESHOLDS) - 1e-12


def test_among_equal_thresholds_the_middle_is_taken():
  probabilities = np.array([0.1, 0.9], np.float32)
  histograms = thresholds.histogram(probabilities, np.array([False, True]))
  threshold, iu = thresholds.best_threshold(
    thresholds.iu_at_thresholds(histograms)
  )
  assert iu == 1
  assert threshold == pytest.approx(0.5, abs=0.01)


def test_thresholds_reach_close_to_zero_and_one():
  assert THRESHOLDS[0] == 0
  assert 0 < THRESHOLDS[1] < 1e-4
  assert 1 - 1e-4 < THRESHOLDS[-1] < 1
  assert (np.diff(THRESHOLDS) > 0).all()
