"""Fresh patches: each is simulated for its place in the stream, and seen once.

Which patch stands at place p follows from the seed and p alone, as in
`pipeline`; so a run goes on where it stopped, and every process of a cluster
simulates its own share. Worker processes simulate ahead of the training step.
"""

import collections
import concurrent.futures
import dataclasses
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import cast

import numpy as np

from defectseg_jax.datasets.host_tensorflow import tf
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.simulation.domain.draws import draw_log
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.real_backgrounds import read_backgrounds
from defectseg_jax.simulation.domain.settings import DomainSettings
from defectseg_jax.simulation.parameters import FoilParameters

# Patches that are simulated ahead for each worker; by eye.
_AHEAD = 4
# The numbers of a patch's seed: after these, the stream's seed and the place.
TRAINING = 0
# How often a worker looks whether its parent is still there, in seconds.
_WATCH_S = 2.0

_Arrays = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Recipe:
  """What a worker must know to simulate a patch.

  Attributes:
    domain: what is drawn from.
    foil: of the scanned bright-field images.
    defect: that is labelled.
    background: folder of real backgrounds; '' for none.
    preprocessing: what is done to each patch.
    patch_px: side of a patch.
    seed: of the stream.
  """

  domain: DomainSettings
  foil: FoilParameters
  defect: str
  background: str
  preprocessing: PreprocessingSettings
  patch_px: int
  seed: int


class FreshPatches:
  """An endless stream of simulated patches.

  Attributes:
    count: patches in an epoch.
  """

  def __init__(self, recipe: Recipe) -> None:
    """Starts nothing yet.

    Args:
      recipe: of the patches.
    """
    self._recipe = recipe
    self.count = recipe.domain.patches

  def batches(
    self,
    *,
    batch_size: int,
    first_step: int,
    process_index: int = 0,
    process_count: int = 1,
  ) -> Iterator[dict[str, np.ndarray]]:
    """The endless stream of batches, from a step on.

    Args:
      batch_size: over all processes; a multiple of their number.
      first_step: steps that were already done.
      process_index: which share of each batch to give.
      process_count: how many shares there are.

    Returns:
      An iterator of `image` float32, `mask` and `weight` uint8, each
      [batch_size / process_count, S, S, 1]. `weight` is 0 where an object is
      too faint to be labelled either way.
    """
    share = batch_size // process_count
    side = self._recipe.patch_px
    kinds = {'image': tf.float32, 'mask': tf.uint8, 'weight': tf.uint8}

    def places() -> Iterator[int]:
      step = first_step
      while True:
        begin = step * batch_size + process_index * share
        yield from range(begin, begin + share)
        step += 1

    untuned = tf.data.Options()
    untuned.autotune.enabled = False
    patches = tf.data.Dataset.from_generator(
      lambda: _simulate_in_order(self._recipe, places()),
      output_signature={
        name: tf.TensorSpec((side, side, 1), kind)
        for name, kind in kinds.items()
      },
    )
    batches = (
      patches.batch(share, drop_remainder=True)
      .prefetch(2)
      .with_options(untuned)
    )
    return cast(Iterator[_Arrays], batches.as_numpy_iterator())


def worker_count() -> int:
  """Processes that simulate: all cores that we may use but one."""
  return max(1, len(os.sched_getaffinity(0)) - 1)


def _simulate_in_order(
  recipe: Recipe, places: Iterator[int]
) -> Iterator[_Arrays]:
  """The patches of places, in their order, simulated by several processes."""
  workers = worker_count()
  pool = concurrent.futures.ProcessPoolExecutor(
    workers,
    # A fork of a process that runs JAX and TensorFlow can hang.
    mp_context=multiprocessing.get_context('spawn'),
    initializer=_begin_worker,
    initargs=(recipe, os.getpid()),
  )
  try:
    waiting = collections.deque(
      pool.submit(_simulate, next(places)) for _ in range(_AHEAD * workers)
    )
    while True:
      waiting.append(pool.submit(_simulate, next(places)))
      yield waiting.popleft().result()
  finally:
    pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
  """What this process was started with."""

  recipe: Recipe
  backgrounds: list[np.ndarray]


def _begin_worker(recipe: Recipe, parent: int) -> None:
  # Whoever interrupts the program means the parent, which ends the pool.
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  threading.Thread(target=_watch, args=(parent,), daemon=True).start()
  _Worker.recipe = recipe
  _Worker.backgrounds = (
    read_backgrounds(recipe.background) if recipe.background else []
  )


def _watch(parent: int) -> None:
  """Ends this process when its parent was killed and cannot end it."""
  while os.getppid() == parent:
    time.sleep(_WATCH_S)
  os._exit(1)


def _simulate(place: int) -> _Arrays:
  recipe = _Worker.recipe
  seed = (TRAINING, recipe.seed, place)
  patch = simulate_patch(
    recipe.domain,
    recipe.foil,
    defect=recipe.defect,
    side_px=recipe.patch_px,
    seed=seed,
    backgrounds=_Worker.backgrounds,
  )
  rng = np.random.default_rng([*seed, 1])
  gain = np.float32(draw_log(recipe.domain.gain, rng))
  offset = np.float32(recipe.domain.offset * rng.uniform(-1, 1))
  image = gain * preprocess(patch.pixels, recipe.preprocessing) + offset
  return {
    'image': image[..., None],
    'mask': patch.mask.astype(np.uint8)[..., None],
    'weight': patch.counts.astype(np.uint8)[..., None],
  }
