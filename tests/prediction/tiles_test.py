import threading

import jax
import numpy as np
import pytest
import tiny

from defectseg_jax.models.defectsegnet import DefectSegNet
from defectseg_jax.prediction.tiles import (
  BATCHES_IN_FLIGHT,
  CORES_PX,
  fastest_core_px,
  probability_map,
  tile_starts,
)
from defectseg_jax.training.state import create_variables

# Each compiles a network for tiles of its own.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
  'length, core, starts',
  [
    (64, 64, [0]),
    (128, 64, [0, 64]),
    (136, 64, [0, 32, 72]),
    (200, 64, [0, 48, 88, 136]),
  ],
)
def test_starts_cover_the_length_evenly(length, core, starts):
  found = tile_starts(length, core, 8)
  assert found == starts
  assert all(start % 8 == 0 for start in found)
  covered = np.zeros(length, bool)
  for start in found:
    covered[start : start + core] = True
  assert covered.all()


@pytest.fixture(scope='module')
def network():
  model = DefectSegNet()
  variables = create_variables(model, seed=0)
  return jax.jit(lambda x: jax.nn.sigmoid(model.apply(variables, x)))


def whole(network, pixels):
  """The micrograph in one piece: mirrored by 56, a multiple of 8 above 51."""
  more = [(56, 56 + -n % 8) for n in pixels.shape]
  padded = np.pad(pixels, more, mode='symmetric')
  height, width = pixels.shape
  probabilities = np.asarray(network(padded[None, ..., None]))
  return probabilities[0, 56 : 56 + height, 56 : 56 + width, 0]


@pytest.mark.parametrize(
  'shape, core',
  [((8, 8), 64), ((150, 97), 64), ((96, 160), 32), ((61, 40), 40)],
)
@pytest.mark.parametrize('batch_size', [1, 3])
def test_tiled_equals_whole(network, shape, core, batch_size):
  pixels = np.random.default_rng(0).normal(size=shape).astype(np.float32)
  found = probability_map(
    pixels,
    network,
    core_px=core,
    batch_size=batch_size,
    receptive_field_radius_px=DefectSegNet().receptive_field_radius_px,
    multiple_px=DefectSegNet.size_multiple,
  )
  assert found.shape == shape
  np.testing.assert_allclose(found, whole(network, pixels), atol=1e-5)


def test_few_batches_are_at_work_at_a_time_and_are_put_in_order():
  """The first ends after the second."""
  lock = threading.Lock()
  second_ended = threading.Event()
  begun, at_work, most = 0, 0, 0

  def first_ends_later(batch):
    nonlocal begun, at_work, most
    with lock:
      begun += 1
      number = begun
      at_work += 1
      most = max(most, at_work)
    if number == 1:
      assert second_ended.wait(timeout=tiny.HANGS_S)
    with lock:
      at_work -= 1
    if number == 2:
      second_ended.set()
    return batch

  pixels = np.arange(40 * 600, dtype=np.float32).reshape(40, 600)
  found = probability_map(
    pixels,
    first_ends_later,
    core_px=32,
    batch_size=1,
    receptive_field_radius_px=8,
    multiple_px=8,
  )
  np.testing.assert_array_equal(found, pixels)
  assert 1 < most <= BATCHES_IN_FLIGHT


def test_the_error_of_a_batch_is_raised():
  def fails(batch):
    if batch[0, 20, 20, 0] > 100:
      raise MemoryError('no room')
    return batch

  pixels = np.arange(40 * 600, dtype=np.float32).reshape(40, 600)
  with pytest.raises(MemoryError, match='no room'):
    probability_map(
      pixels,
      fails,
      core_px=32,
      batch_size=1,
      receptive_field_radius_px=8,
      multiple_px=8,
    )


def test_progress_is_told(network):
  told = []
  probability_map(
    np.zeros((40, 70), np.float32),
    lambda batch: batch,
    core_px=32,
    batch_size=4,
    receptive_field_radius_px=8,
    multiple_px=8,
    on_tiles=lambda *counts: told.append(counts),
  )
  # Two rows of three tiles.
  assert told == [(4, 6), (6, 6)]


def test_mirrors_are_those_of_numpy():
  pixels = np.random.default_rng(0).normal(size=(5, 9)).astype(np.float32)
  seen = []
  probability_map(
    pixels,
    lambda batch: seen.append(batch.copy()) or batch,
    core_px=16,
    batch_size=1,
    receptive_field_radius_px=24,
    multiple_px=8,
  )
  expected = np.pad(pixels, ((24, 24 + 11), (24, 24 + 7)), mode='symmetric')
  np.testing.assert_array_equal(seen[0][0, ..., 0], expected)


@pytest.mark.parametrize(
  'shape, core',
  [
    ((8, 8), 256),
    ((256, 256), 256),
    # Four tiles of 368 have 1.4 times the pixels of one of 624.
    ((512, 512), 512),
    ((2048, 2048), 1024),
    # One row of 8 tiles of 368 against one of 2 of 1136.
    ((200, 2048), 256),
  ],
)
def test_the_fastest_core_has_the_fewest_pixels(shape, core):
  reach = {'receptive_field_radius_px': 51, 'multiple_px': 8}
  assert fastest_core_px(shape, choices_px=CORES_PX, **reach) == core


def test_of_many_cores_one_reaches_little_beyond_the_image():
  reach = {'receptive_field_radius_px': 107, 'multiple_px': 16}
  choices = range(64, 1025, 64)
  # Four tiles of 800 for as many of 736 at least, and one of 928.
  for shape, core in (((1100, 1100), 576), ((676, 676), 704), ((64, 9), 64)):
    assert fastest_core_px(shape, choices_px=choices, **reach) == core


def test_a_network_that_sees_single_pixels_needs_no_halo():
  pixels = np.random.default_rng(0).random((40, 70), np.float32)
  found = probability_map(
    pixels,
    np.sqrt,
    core_px=32,
    batch_size=4,
    receptive_field_radius_px=0,
    multiple_px=8,
  )
  np.testing.assert_array_equal(found, np.sqrt(pixels))
