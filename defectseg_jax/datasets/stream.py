"""Fresh patches: each is simulated for its place in the stream, and seen once.

Which patch stands at place p follows from the seed and p alone, as in
`pipeline`; so a run goes on where it stopped, and every process of a cluster
simulates its own share. Worker processes simulate ahead of the training step.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from defectseg_jax.datasets.host_tensorflow import tf
from defectseg_jax.datasets.pipeline import untuned_options
from defectseg_jax.simulation.domain.workers import Recipe, simulate_in_order


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

    failures: list[Exception] = []

    def simulated() -> Iterator[dict[str, np.ndarray]]:
      try:
        yield from simulate_in_order(self._recipe, places())
      except Exception as error:
        # TensorFlow would make a text of it.
        failures.append(error)
        raise

    patches = tf.data.Dataset.from_generator(
      simulated,
      output_signature={
        name: tf.TensorSpec((side, side, 1), kind)
        for name, kind in kinds.items()
      },
    )
    batches = (
      patches.batch(share, drop_remainder=True)
      .prefetch(2)
      .with_options(untuned_options())
    )
    return _with_first_failure(batches.as_numpy_iterator(), failures)


def _with_first_failure(
  batches: Any, failures: Sequence[Exception]
) -> Iterator[dict[str, np.ndarray]]:
  """The batches; what stopped their simulation is raised as it was."""
  try:
    yield from batches
  except tf.errors.OpError:
    if failures:
      raise failures[0] from None
    raise
