"""Patches of a domain, simulated ahead by worker processes.

Whatever a worker imports takes memory in each: nothing here needs JAX or
TensorFlow.
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

import numpy as np

from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.micrographs.reader.pool import stop_readers
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.simulation.domain.draws import draw_log
from defectseg_jax.simulation.domain.patches import simulate_patch
from defectseg_jax.simulation.domain.real_backgrounds import read_backgrounds
from defectseg_jax.simulation.domain.settings import DomainSettings
from defectseg_jax.simulation.parameters import FoilParameters

# Patches that are simulated ahead for each worker; by eye.
_AHEAD = 4
# The first number of a training patch's seed; those of micrographs to judge by
# have others: see `micrographs.SPLITS`.
_TRAINING = 0
# How often a worker looks whether its parent is still there, in seconds.
_WATCH_S = 2.0
# A SIGTERM to all processes of a job means the parent, which saves first. A
# worker that nobody ends goes after so long, in seconds; by eye.
_GRACE_S = 60.0


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


def worker_count() -> int:
  """Processes that simulate: all cores that we may use but one."""
  usable = (
    len(os.sched_getaffinity(0))
    if hasattr(os, 'sched_getaffinity')
    else os.cpu_count() or 1
  )
  return max(1, usable - 1)


def simulate_in_order(
  recipe: Recipe, places: Iterator[int]
) -> Iterator[dict[str, np.ndarray]]:
  """The patches of places of a stream, simulated by several processes.

  Args:
    recipe: of the patches.
    places: that are asked for; they are drawn a few ahead.

  Yields:
    In the order of the places, `image` float32, `mask` and `weight` uint8, each
    [patch_px, patch_px, 1].
  """
  workers = worker_count()
  pool = concurrent.futures.ProcessPoolExecutor(
    workers,
    # A fork of a process that runs JAX and TensorFlow can hang.
    mp_context=multiprocessing.get_context('spawn'),
    initializer=_begin_process,
    initargs=(recipe, os.getpid()),
  )
  try:
    waiting = collections.deque(
      pool.submit(simulate, next(places)) for _ in range(_AHEAD * workers)
    )
    while True:
      waiting.append(pool.submit(simulate, next(places)))
      yield waiting.popleft().result()
  finally:
    pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
  """What this process was started with."""

  recipe: Recipe
  backgrounds: list[np.ndarray]


def _begin_process(recipe: Recipe, parent: int) -> None:
  # Whoever stops the program means the parent: it asks for the patches of the
  # step that it is in, saves, and ends the pool.
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  signal.signal(signal.SIGUSR1, signal.SIG_IGN)
  signal.signal(signal.SIGTERM, _end_later)
  threading.Thread(target=_watch, args=(parent,), daemon=True).start()
  begin(recipe)


def _watch(parent: int) -> None:
  """Ends this process when its parent was killed and cannot end it."""
  while os.getppid() == parent:
    time.sleep(_WATCH_S)
  os._exit(1)


def _end_later(*_: object) -> None:
  later = threading.Timer(_GRACE_S, os._exit, (1,))
  later.daemon = True
  later.start()


def begin(recipe: Recipe) -> None:
  """Reads what all patches of this process need."""
  _Worker.recipe = recipe
  _Worker.backgrounds = (
    read_backgrounds(recipe.background) if recipe.background else []
  )
  stop_readers()


def simulate(place: int) -> dict[str, np.ndarray]:
  """The patch at a place of the stream; see `simulate_in_order`."""
  recipe: Recipe = _Worker.recipe
  seed = (_TRAINING, recipe.seed, place)
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
