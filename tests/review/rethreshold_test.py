"""A threshold among the marked pixels, against all pixels of the image."""

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.prediction.sure_regions import Hysteresis, sure_regions
from defectseg_jax.review.layers import Layers
from defectseg_jax.review.operations import Operation
from defectseg_jax.review.rethreshold import rethreshold
from defectseg_jax.review.scene import Scene, label

SHAPE = (90, 130)


def straightforward(ids, removed, found, hand, next_id):
  """What a threshold makes of objects, by whole images: ids and next id."""
  kept = np.where(np.isin(ids, sorted(hand)), ids, 0)
  decided = np.where(kept > 0, kept, removed)
  for region in np.unique(found[found > 0]):
    inside = found == region
    ones, shared = np.unique(
      decided[inside & (decided > 0)], return_counts=True
    )
    most = any(
      both > 0.5 * np.count_nonzero(decided == one)
      for one, both in zip(ones, shared)
    )
    if most or shared.sum() > 0.5 * inside.sum():
      found[inside] = 0
  last = found.max()
  for region in np.unique(found[(decided > 0) & (found > 0)]):
    pieces, count = label((found == region) & (decided == 0))
    found[found == region] = 0
    areas = np.bincount(pieces.ravel())[1:]
    for piece in range(1, count + 1):
      largest = piece == areas.argmax() + 1
      last += not largest
      found[pieces == piece] = region if largest else last
  both = (found > 0) & (ids > 0) & (kept == 0)
  pairs, shared = np.unique(
    np.stack([ids[both], found[both]]), axis=1, return_counts=True
  )
  numbers = {}
  for place in np.argsort(-shared, kind='stable'):
    old, new = pairs[:, place].tolist()
    if new not in numbers and old not in numbers.values():
      numbers[new] = old
  new_ids = kept.copy()
  for region in np.unique(found[found > 0]).tolist():
    if region not in numbers:
      numbers[region], next_id = next_id, next_id + 1
    new_ids[found == region] = numbers[region]
  return new_ids, next_id


def blobs(rng, sigma):
  """float32 [H, W] from 0 to 1, smooth and random."""
  noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), sigma)
  return ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)


@pytest.mark.parametrize('seed', range(12))
def test_it_is_what_whole_images_give(seed):
  rng = np.random.default_rng(seed)
  probabilities = blobs(rng, rng.uniform(1.5, 4))
  ids = sure_regions(probabilities, Hysteresis(0.6))
  # Of the network's objects some are out; others were drawn over, or anew.
  out = rng.random(ids.max() + 1) < 0.2
  out[0] = False
  removed = np.where(out[ids], ids, 0)
  ids[out[ids]] = 0
  drawn, count = label(blobs(rng, 3) > 0.62)
  ids = np.where(drawn > 0, drawn + len(out), ids).astype(np.int32)
  next_id = len(out) + count + 1
  changed = rng.choice(next_id, 3).tolist()
  hand = {*range(len(out) + 1, next_id), *changed} - {0}
  scene = Scene(
    layers=Layers(ids, removed, np.zeros(SHAPE, np.uint8)),
    objects=None,  # pyright: ignore
    out=None,  # pyright: ignore
    pixels=probabilities,
    probabilities=probabilities,
    lines=False,
    hand=hand,
    next_id=next_id,
    network_objects=lambda map_, at: sure_regions(map_, Hysteresis(at)),
  )
  for threshold in (0.5, 0.6, 0.7, 1.1):
    found = sure_regions(probabilities, Hysteresis(threshold))
    expected, expected_next = straightforward(
      ids, removed, found, hand, next_id
    )
    edit = rethreshold(scene, Operation('threshold', value=threshold))
    np.testing.assert_array_equal(edit.new['ids'], expected)
    assert edit.new['ids'].dtype == np.int32
    assert edit.values == {'threshold': threshold, 'next_id': expected_next}
    count = len(np.unique(expected[expected > 0]))
    assert edit.text.endswith(f': {count} object{"s" * (count != 1)}')
