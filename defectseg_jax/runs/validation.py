"""How well a network does on the development set, after each epoch."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from defectseg_jax.runs import network
from defectseg_jax.runs.settings import RunSettings
from defectseg_jax.runtime import processes
from defectseg_jax.runtime.interruption import MayStop


def make_dev_histograms(
  settings: RunSettings, regions: Sequence[Any], interruption: MayStop
) -> Callable[..., np.ndarray | None]:
  """What `loop.train_and_evaluate` asks for.

  The processes take the regions in turns, and tell each other what they found.

  Args:
    settings: of the run.
    regions: of the development set; the same in every process.
    interruption: asked before each region whether to stop.

  Returns:
    `of(params, batch_stats)`: int64 [regions, 2, BINS], or None if any process
    was asked to stop.
  """
  maps = network.make_probability_maps(
    settings.model, tile_px=settings.evaluation.tile_px
  )
  index, count = jax.process_index(), jax.process_count()

  def share(params: Any, batch_stats: Any) -> list[Any] | None:
    found = []
    for region in regions[index::count]:
      if interruption.should_stop():
        return None
      map_of_region = maps(params, batch_stats, [region])
      found += network.histograms(map_of_region, [region]).tolist()
    return found

  def dev_histograms(params: Any, batch_stats: Any) -> np.ndarray | None:
    shares = processes.gather(share(params, batch_stats))
    if None in shares:
      return None
    return np.array(
      [shares[n % count][n // count] for n in range(len(regions))]
    )

  return dev_histograms
