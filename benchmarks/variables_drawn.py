"""Parameters and statistics for a comparison: none like another."""

from typing import Any

import jax
import numpy as np

from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.training import state


def drawn_variables(config: Any) -> Any:
  """Of a fresh network, with all but the kernels drawn at random.

  Args:
    config: `model` is read.
  """
  rng = np.random.default_rng(1)

  def drawn(path, leaf):
    name = path[-1].key
    if name == 'kernel':
      return leaf
    lowest, highest = (0.5, 1.5) if name in ('scale', 'var') else (-0.2, 0.2)
    return rng.uniform(lowest, highest, leaf.shape).astype(np.float32)

  fresh = state.create_variables(
    create_model(ModelSettings(**config.model)), seed=0
  )
  return jax.tree_util.tree_map_with_path(drawn, fresh)


def by_name(tree: Any) -> dict[str, np.ndarray]:
  """The leaves of a tree of dictionaries, as `params/conv_1/kernel`."""
  return {
    '/'.join(key.key for key in path): np.asarray(leaf)
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
  }
