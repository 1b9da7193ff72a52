"""The pipeline of training patches, as one contender's process.

Started by `benchmarks.input_pipeline`.
"""

import argparse
import time
from typing import Any

import numpy as np

from benchmarks import workers
from defectseg_jax.datasets import pipeline, regions
from defectseg_jax.datasets.host_tensorflow import tf

MICROGRAPHS = 2
MICROGRAPH_PX = 2048


class Contender:
  """Training regions, as the paper divides micrographs, and their patches."""

  def __init__(self, patch_px: int, batch_size: int) -> None:
    """Lays out the patches of two micrographs of noise, in both orders."""
    training = _training_regions()
    self._patches = {
      order: pipeline.Patches(training, patch_px=patch_px, order=order, seed=0)
      for order in ('tiled', 'random')
    }
    self._batch_size = batch_size
    self._steps_done = dict.fromkeys(self._patches, 0)

  def describe(self) -> dict[str, Any]:
    """Versions, and how many patches an epoch has in each order."""
    return {
      'versions': {'tensorflow': tf.__version__},
      'patches_in_epoch': {o: p.count for o, p in self._patches.items()},
    }

  def patches_per_s(self, order: str, warm_up: int, batches: int) -> float:
    """Takes batches as fast as they come; goes on where it left off.

    Args:
      order: tiled or random.
      warm_up: batches taken first and not counted. What was made ahead of
        them is gone by then.
      batches: batches that count.

    Returns:
      Patches per second.
    """
    stream = self._patches[order].batches(
      batch_size=self._batch_size, first_step=self._steps_done[order]
    )
    for _ in range(warm_up):
      next(stream)
    began = time.perf_counter()
    for _ in range(batches):
      next(stream)
    seconds = time.perf_counter() - began
    self._steps_done[order] += warm_up + batches
    # With the stream ends what it would make ahead in another's turn.
    del stream
    return batches * self._batch_size / seconds


def _training_regions() -> list[pipeline.Region]:
  rng = np.random.default_rng(0)
  shape = (MICROGRAPH_PX, MICROGRAPH_PX)
  found = []
  for number in range(MICROGRAPHS):
    image = rng.standard_normal(shape, np.float32)
    mask = (rng.random(shape) < 0.1).astype(np.uint8)
    for box in regions.divide_micrograph(*shape):
      if box.split != 'train':
        continue
      rows = slice(box.top, box.top + box.height)
      columns = slice(box.left, box.left + box.width)
      found.append(
        pipeline.Region(image[rows, columns], mask[rows, columns], f'{number}')
      )
  return found


if __name__ == '__main__':
  parser = argparse.ArgumentParser()
  parser.add_argument('--patch_px', type=int)
  parser.add_argument('--batch_size', type=int)
  contender = Contender(**vars(parser.parse_args()))
  workers.serve(
    {
      'describe': contender.describe,
      'patches_per_s': contender.patches_per_s,
    }
  )
