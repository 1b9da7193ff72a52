import itertools

import numpy as np
import pytest
import tensorflow as tf

from defectseg_jax.datasets import regions
from defectseg_jax.datasets.pipeline import Patches, Region
from defectseg_jax.errors import InputError

# TensorFlow builds a pipeline for each.
pytestmark = pytest.mark.slow


def numbered(*shapes):
  """Regions whose pixels all have values of their own; the mask is their
  parity, so that a patch shows whether image and mask stayed together."""
  made, first = [], 0
  for i, (height, width) in enumerate(shapes):
    image = np.arange(first, first + height * width, dtype=np.float32)
    first += height * width
    image = image.reshape(height, width)
    made.append(Region(image, (image % 2).astype(np.uint8), f'region_{i}'))
  return made


def drawn(patches, count, *, batch_size=1, first_step=0, **sharding):
  stream = patches.batches(
    batch_size=batch_size, first_step=first_step, **sharding
  )
  batches = list(itertools.islice(stream, count))
  return {
    key: np.concatenate([batch[key] for batch in batches])
    for key in ('image', 'mask', 'weight')
  }


def test_two_micrographs_of_the_paper_give_48_images_and_192_patches():
  boxes = regions.divide_micrograph(2048, 2048)
  shapes = 2 * [(b.height, b.width) for b in boxes if b.split == 'train']
  patches = Patches(numbered(*shapes), patch_px=512, order='tiled', seed=0)
  assert patches.images == 48
  assert patches.count == 192


def test_an_epoch_has_every_tile_in_every_orientation_once():
  (region,) = numbered((64, 32))
  patches = Patches([region], patch_px=32, order='tiled', seed=3)
  found = drawn(patches, patches.count)['image'][..., 0]
  expected = []
  for tile in (region.image[:32], region.image[32:]):
    turned = [np.rot90(tile, k) for k in range(4)]
    expected += turned + [np.fliplr(t) for t in turned]
  assert patches.count == len(expected) == 16
  assert sorted(t.tobytes() for t in expected) == sorted(
    np.ascontiguousarray(t).tobytes() for t in found
  )


def test_image_and_mask_stay_together():
  for order in ('tiled', 'random'):
    patches = Patches(
      numbered((70, 50), (40, 90)), patch_px=32, order=order, seed=1
    )
    found = drawn(patches, 20)
    np.testing.assert_array_equal(found['image'] % 2, found['mask'])


def test_the_next_epoch_has_another_order():
  patches = Patches(numbered((128, 128)), patch_px=32, order='tiled', seed=0)
  both = drawn(patches, 2 * patches.count)['image']
  first, second = np.split(both, 2)
  assert not np.array_equal(first, second)
  assert sorted(p.tobytes() for p in first) == sorted(
    p.tobytes() for p in second
  )


@pytest.mark.parametrize('order', ['tiled', 'random'])
def test_the_stream_goes_on_from_any_step(order):
  patches = Patches(numbered((96, 64)), patch_px=32, order=order, seed=0)
  whole = drawn(patches, 9, batch_size=4)['image']
  for step in (1, 5, 8):
    rest = drawn(patches, 9 - step, batch_size=4, first_step=step)['image']
    np.testing.assert_array_equal(whole[4 * step :], rest)


def test_another_seed_gives_another_stream():
  streams = [
    drawn(
      Patches(numbered((96, 64)), patch_px=32, order='random', seed=seed), 5
    )['image']
    for seed in (0, 1)
  ]
  assert not np.array_equal(*streams)


def test_processes_share_each_batch():
  patches = Patches(numbered((96, 64)), patch_px=32, order='random', seed=0)
  whole = drawn(patches, 3, batch_size=4)['image'].reshape(3, 4, 32, 32, 1)
  shares = [
    drawn(patches, 3, batch_size=4, process_index=i, process_count=2)['image']
    for i in range(2)
  ]
  np.testing.assert_array_equal(whole[:, :2].reshape(6, 32, 32, 1), shares[0])
  np.testing.assert_array_equal(whole[:, 2:].reshape(6, 32, 32, 1), shares[1])


def test_no_thread_of_the_stream_sleeps_while_one_waits_to_stop(monkeypatch):
  """tf.data's tuner would, for up to a minute, and is waited for."""
  monkeypatch.setattr(tf.data.Dataset, 'as_numpy_iterator', lambda self: self)
  patches = Patches(numbered((64, 64)), patch_px=32, order='tiled', seed=0)
  stream = patches.batches(batch_size=4, first_step=0)
  assert stream.options().autotune.enabled is False


def test_random_patches_lie_anywhere_in_any_region():
  found = numbered((64, 64), (64, 64))
  patches = Patches(found, patch_px=32, order='random', seed=0)
  drawn_patches = drawn(patches, 200)['image']
  smallest = drawn_patches.min(axis=(1, 2, 3)).astype(int)
  which, corner = smallest // 4096, smallest % 4096
  assert set(which) == {0, 1}
  rows, columns = corner // 64, corner % 64
  # 33 places each; 200 draws leave few of them out.
  assert len(set(rows)) > 25 and len(set(columns)) > 25
  assert max(rows) <= 32 and max(columns) <= 32


def test_random_patches_show_small_regions_as_often_as_large_ones():
  found = numbered((32, 32), (320, 320))
  patches = Patches(found, patch_px=32, order='random', seed=0)
  epoch = drawn(patches, patches.count)['image']
  # One tile and a hundred: fifty patches of each, and one over.
  assert patches.count == 101
  from_small = (epoch.min(axis=(1, 2, 3)) < 32 * 32).sum()
  assert from_small in (50, 51)


@pytest.mark.parametrize('order', ['tiled', 'random'])
@pytest.mark.parametrize('orientations', [1, 2])
def test_fewer_orientations_are_drawn_from(order, orientations):
  patches = Patches(
    numbered((64, 64)),
    patch_px=32,
    order=order,
    seed=0,
    orientations=orientations,
  )
  assert patches.count == 4 * (orientations if order == 'tiled' else 1)
  found = drawn(patches, 16)['image'][..., 0]
  # Down a column pixels grow by the width; to the right by one, or shrink.
  assert np.all(np.diff(found, axis=1) == 64)
  steps = {*np.unique(np.diff(found, axis=2))}
  assert steps == ({1} if orientations == 1 else {-1, 1})


def test_small_regions_are_mirrored_and_what_was_added_has_no_weight():
  (region,) = numbered((20, 40))
  patches = Patches([region], patch_px=32, order='tiled', seed=0)
  found = drawn(patches, patches.count)
  assert found['image'].shape == (16, 32, 32, 1)
  for image, weight in zip(found['image'], found['weight'], strict=True):
    assert weight.sum() == 20 * 32
    values, counts = np.unique(image, return_counts=True)
    # Twelve of the twenty rows stand twice.
    assert (counts == 2).sum() == 12 * 32
    assert set(np.unique(image[weight > 0])) == set(values)


def test_training_needs_a_defect_pixel():
  region = Region(
    np.zeros((64, 64), np.float32), np.zeros((64, 64), np.uint8), 'a'
  )
  with pytest.raises(InputError, match=r'training masks \(a\): no pixel'):
    Patches([region], patch_px=32, order='tiled', seed=0)
