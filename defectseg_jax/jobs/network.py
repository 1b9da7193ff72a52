"""The network of a run and its way over a set of regions."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from defectseg_jax.evaluation import thresholds
from defectseg_jax.models import create_model
from defectseg_jax.prediction.tiles import probability_map
from defectseg_jax.training import step


def make_probability_maps(
  config: Any,
) -> Callable[[Any, Any, Sequence[Any]], list[np.ndarray]]:
  """The forward pass over whole regions, compiled once for all of them.

  Args:
    config: the whole config; `model` and `evaluation` are read.

  Returns:
    `maps(params, batch_stats, regions)`: a float32 [H, W] for each region.
  """
  model = create_model(config.model)
  eval_step = step.make_eval_step(model)
  devices = jax.local_device_count()

  def maps(params, batch_stats, regions):
    def probabilities_of(images):
      tiles = eval_step(params, batch_stats, step.divided(images))
      return np.asarray(tiles).reshape(images.shape)

    return [
      probability_map(
        region.image,
        probabilities_of,
        core_px=config.evaluation.tile_px,
        batch_size=devices,
        receptive_radius_px=model.receptive_radius,
        multiple_px=model.size_multiple,
      )
      for region in regions
    ]

  return maps


def histograms(
  maps: Sequence[np.ndarray], regions: Sequence[Any]
) -> np.ndarray:
  """`thresholds.histogram` of each region: int64 [regions, 2, BINS]."""
  return np.stack(
    [
      thresholds.histogram(probabilities, region.mask > 0)
      for probabilities, region in zip(maps, regions, strict=True)
    ]
  )
