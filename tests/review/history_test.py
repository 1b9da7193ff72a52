"""What a document begins from, kept for the next session."""

import types

import numpy as np
import pytest

from defectseg_jax.review.history import History
from defectseg_jax.review.journal import Entry
from defectseg_jax.review.layers import Layers


@pytest.mark.parametrize('largest', [0, 255, 256, 70_000])
def test_layers_come_back_whatever_the_ids(tmp_path, largest):
  """Stored as narrow as they allow, and as wide as they were again."""
  image = tmp_path / 'x.tif'
  image.write_bytes(b'pixels')
  source = types.SimpleNamespace(
    folder=tmp_path,
    name='x',
    by_hand=False,
    path=lambda kind: image,
    checksums=dict,
  )
  ids = np.zeros((9, 7), np.int32)
  ids[2:4, 3:] = largest
  regions = np.arange(63).reshape(9, 7).astype(np.uint8) % 3
  layers = Layers(ids, np.zeros_like(ids), regions)
  entry = Entry('out', (2, 3, 4, 7), {}, {}, {}, (), None)
  History(source, (9, 7)).do(entry, layers, {})  # pyright: ignore
  found = History(source, (9, 7)).begin()  # pyright: ignore
  assert found.ids.dtype == found.removed.dtype == np.int32
  np.testing.assert_array_equal(found.ids, ids)
  np.testing.assert_array_equal(found.regions, regions)
