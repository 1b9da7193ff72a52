"""Random parameters and statistics, so that none can be taken for another."""

from typing import Any

import jax
import numpy as np

from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.training import state


def create_random_variables(settings: ModelSettings) -> Any:
  """Variables of a new network, with all but the kernels drawn at random."""
  rng = np.random.default_rng(1)

  def draw(path: Any, leaf: Any) -> Any:
    name = path[-1].key
    if name == 'kernel':
      return leaf
    lowest, highest = (0.5, 1.5) if name in ('scale', 'var') else (-0.2, 0.2)
    return rng.uniform(lowest, highest, leaf.shape).astype(np.float32)

  fresh = state.create_variables(create_model(settings), seed=0)
  return jax.tree_util.tree_map_with_path(draw, fresh)


def named_leaves(tree: Any) -> dict[str, Any]:
  """The arrays in a tree of dictionaries, as `params/conv_1/kernel`."""
  return {
    '/'.join(key.key for key in path): np.asarray(leaf)
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
  }
