"""What is known of a mask by its changes, against the mask itself."""

import numpy as np

from defectseg_jax.review.fingerprint import Fingerprint


def touching(ids):
  """Pairs of neighbours of two objects, one after the other."""
  padded, found = np.pad(ids, 1), 0
  for row, column in np.argwhere(padded):
    for down, along in ((0, 1), (1, -1), (1, 0), (1, 1)):
      other = padded[row + down, column + along]
      found += bool(other) and other != padded[row, column]
  return found


def test_it_follows_the_pixels_that_change():
  rng = np.random.default_rng(0)
  ids = rng.integers(0, 4, (7, 9)).astype(np.int32)
  first = ids.copy()
  found = Fingerprint(ids)
  keys = {found.key(): (first > 0).tobytes()}
  for _ in range(40):
    places = rng.choice(ids.size, rng.integers(1, 20), replace=False)
    found.without(ids, places)
    ids.put(places, rng.integers(0, 4, len(places)))
    found.with_(ids, places)
    assert found.touching == touching(ids)
    assert found.key() == Fingerprint(ids).key()
    keys[found.key()] = (ids > 0).tobytes()
  # Masks that differ have other keys.
  assert len(set(keys.values())) == len({key[0] for key in keys})
  found.without(ids, np.arange(ids.size))
  assert found.key() == (0, 0)
  found.with_(first, np.arange(ids.size))
  assert found.key() == next(iter(keys))


def test_it_looks_at_a_large_mask_in_parts(monkeypatch):
  ids = np.random.default_rng(1).integers(0, 3, (40, 11)).astype(np.int32)
  whole = Fingerprint(ids).key()
  monkeypatch.setattr('defectseg_jax.review.layers._BLOCK_PX', 33)
  assert Fingerprint(ids).key() == whole
  assert whole[1] == touching(ids)
