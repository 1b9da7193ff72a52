"""The network of a run and its way over micrographs."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from defectseg_jax.evaluation import thresholds
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.prediction.test_time_augmentation import (
  average_over_orientations,
)
from defectseg_jax.prediction.tiles import fastest_core_px, probability_map
from defectseg_jax.training import step


def make_probabilities(
  config: Any, *, orientations: int = 1, core_px: int | None = None
) -> Callable[..., np.ndarray]:
  """The forward pass over a whole micrograph, in tiles of one or few shapes.

  Args:
    config: the whole config; `model` is read.
    orientations: 1, or 8 for the average over rotations and flips.
    core_px: side of a tile's core; None for the fastest of a few.

  Returns:
    `of(params, batch_stats, pixels, **more)`: from float32 [H, W],
    preprocessed, to probabilities, float32 [H, W]; `more` goes to
    `probability_map`.
  """
  model = create_model(ModelSettings(**config.model))
  eval_step = step.make_eval_step(model)
  reach = {
    'receptive_field_radius_px': model.receptive_field_radius_px,
    'multiple_px': model.size_multiple,
  }

  def of(params, batch_stats, pixels, **more):
    def probabilities_of(images):
      tiles = eval_step(params, batch_stats, step.shard(images))
      return np.asarray(tiles).reshape(images.shape)

    if orientations == 8:
      probabilities_of = average_over_orientations(probabilities_of)
    return probability_map(
      pixels,
      probabilities_of,
      core_px=core_px or fastest_core_px(pixels.shape, **reach),
      batch_size=jax.local_device_count(),
      **reach,
      **more,
    )

  return of


def make_probability_maps(
  config: Any,
) -> Callable[[Any, Any, Sequence[Any]], list[np.ndarray]]:
  """The same over the images of regions.

  Args:
    config: the whole config; `model` and `evaluation` are read.

  Returns:
    `maps(params, batch_stats, regions)`: a float32 [H, W] for each region.
  """
  probabilities = make_probabilities(config, core_px=config.evaluation.tile_px)

  def maps(params, batch_stats, regions):
    return [
      probabilities(params, batch_stats, region.image) for region in regions
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
