"""Tests of pixels that several networks claim."""

import numpy as np

from defectseg_jax.prediction.settling import Claim, settle


def _row(text: str) -> np.ndarray:
  """A mask of one row: # is True."""
  return np.array([[one == '#' for one in text]])


def _claim(text: str, probability: float, threshold: float = 0.5, **more):
  mask = _row(text)
  return Claim(mask, np.full(mask.shape, probability), threshold, **more)


def test_a_region_goes_to_the_surer_network():
  # 0.8 at 0.7 is a third of the way to 1, 0.7 at 0.5 two fifths.
  masks, settled = settle(
    [_claim('.####....', 0.8, 0.7), _claim('....####.', 0.7, 0.5)]
  )
  np.testing.assert_array_equal(masks[0], _row('.###.....'))
  np.testing.assert_array_equal(masks[1], _row('....####.'))
  assert settled == [(1, 0, 1, 1, 1, 0)]


def test_who_loses_most_of_an_object_loses_it():
  masks, settled = settle([_claim('.###..#', 0.9), _claim('..###..', 0.6)])
  np.testing.assert_array_equal(masks[0], _row('.###..#'))
  assert not masks[1].any()
  assert settled == [(0, 1, 2, 1, 0, 1)]


def test_a_network_that_does_not_apply_loses():
  masks, settled = settle(
    [_claim('.##.', 0.99, applies=False), _claim('.##.', 0.5)]
  )
  assert not masks[0].any()
  assert settled == [(1, 0, 2, 1, 0, 1)]


def test_each_region_is_settled_by_itself_and_none_is_kept_twice():
  rng = np.random.default_rng(0)
  claims = [Claim(map_ > 0.6, map_, 0.6) for map_ in rng.random((3, 60, 60))]
  masks, settled = settle(claims)
  assert np.sum(masks, axis=0).max() == 1
  for one, claim in zip(masks, claims, strict=True):
    assert not (one & ~claim.mask).any()
  assert {(one.winner, one.loser) for one in settled} >= {(0, 1), (1, 0)}


def test_without_an_overlap_nothing_changes():
  claims = [_claim('##..', 0.9), _claim('..##', 0.9)]
  masks, settled = settle(claims)
  assert settled == []
  for one, claim in zip(masks, claims, strict=True):
    np.testing.assert_array_equal(one, claim.mask)
