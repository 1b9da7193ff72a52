"""Fresh patches: by seed and place alone, whoever simulates them."""

import dataclasses
import itertools
import multiprocessing
import os
import signal

import numpy as np
import pytest

from defectseg_jax.datasets import stream
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.simulation.domain import workers
from defectseg_jax.simulation.domain.settings import DomainSettings
from defectseg_jax.simulation.parameters import FoilParameters

RECIPE = workers.Recipe(
  domain=dataclasses.replace(DomainSettings(), patches=40),
  foil=FoilParameters(),
  defect='voids',
  background='',
  preprocessing=PreprocessingSettings(background='none'),
  patch_px=32,
  seed=7,
)


def patch_of(place, recipe=RECIPE):
  """As a worker simulates it, in this process."""
  workers.begin(recipe)
  return workers.simulate(place)


@pytest.fixture
def places_for_pixels(monkeypatch):
  """Patches that are full of their place: no process is started."""

  def numbered(recipe, places):
    side = recipe.patch_px
    for place in places:
      yield {
        'image': np.full((side, side, 1), place, np.float32),
        'mask': np.zeros((side, side, 1), np.uint8),
        'weight': np.ones((side, side, 1), np.uint8),
      }

  monkeypatch.setattr(stream, 'simulate_in_order', numbered)


def places(count, **options):
  batches = stream.FreshPatches(RECIPE).batches(**options)
  return [
    batch['image'][:, 0, 0, 0].astype(int).tolist()
    for batch in itertools.islice(batches, count)
  ]


@pytest.mark.usefixtures('places_for_pixels')
def test_a_stream_goes_on_at_any_step():
  whole = places(4, batch_size=3, first_step=0)
  assert whole == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
  assert places(2, batch_size=3, first_step=2) == whole[2:]


@pytest.mark.usefixtures('places_for_pixels')
def test_processes_share_a_batch_without_asking_each_other():
  shares = [
    places(2, batch_size=4, first_step=5, process_index=i, process_count=2)
    for i in range(2)
  ]
  assert shares == [[[20, 21], [24, 25]], [[22, 23], [26, 27]]]


def test_workers_give_batches_in_order_in_the_bits_of_one_process():
  batches = stream.FreshPatches(RECIPE).batches(batch_size=4, first_step=3)
  for step, batch in zip((3, 4), batches, strict=False):
    assert {name: (a.shape, a.dtype) for name, a in batch.items()} == {
      'image': ((4, 32, 32, 1), np.float32),
      'mask': ((4, 32, 32, 1), np.uint8),
      'weight': ((4, 32, 32, 1), np.uint8),
    }
    for number in range(4):
      alone = patch_of(4 * step + number)
      for name, values in alone.items():
        assert (batch[name][number] == values).all()


def test_workers_outlive_the_signals_that_ask_the_program_to_save():
  batches = stream.FreshPatches(RECIPE).batches(batch_size=2, first_step=0)
  next(batches)
  workers_now = multiprocessing.active_children()
  assert workers_now
  for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    for worker in workers_now:
      os.kill(worker.pid, number)
  # More than were simulated ahead.
  ahead = 2 * workers._AHEAD * workers.worker_count() + 4
  assert len(list(itertools.islice(batches, ahead))) == ahead
  assert all(worker.is_alive() for worker in workers_now)


def test_what_cannot_be_simulated_is_raised_as_it_was(monkeypatch):
  def fails(recipe, places):
    raise InputError(f'config.domain: wrong at {next(places)}')
    yield

  monkeypatch.setattr(stream, 'simulate_in_order', fails)
  batches = stream.FreshPatches(RECIPE).batches(batch_size=2, first_step=3)
  with pytest.raises(InputError, match=r'config\.domain: wrong at 6'):
    next(batches)


def test_another_place_or_seed_gives_another_patch():
  images = [
    patch_of(place, dataclasses.replace(RECIPE, seed=seed))['image']
    for place, seed in ((0, 7), (1, 7), (0, 8))
  ]
  assert len({image.tobytes() for image in images}) == 3


def test_patches_vary_in_mean_and_contrast_as_parts_of_a_micrograph_do():
  images = [patch_of(place)['image'] for place in range(12)]
  gains = [float(image.std()) for image in images]
  low, high = RECIPE.domain.gain
  assert low - 1e-3 <= min(gains) < 0.8
  assert 1.2 < max(gains) <= high + 1e-3
  means = [abs(float(image.mean())) for image in images]
  assert 0.2 < max(means) <= RECIPE.domain.offset + 1e-3
