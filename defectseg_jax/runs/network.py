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
from defectseg_jax.runs.labels import where_labelled
from defectseg_jax.training import step


def make_probabilities(
  settings: ModelSettings,
  *,
  orientations: int = 1,
  core_px: int | None = None,
) -> Callable[..., np.ndarray]:
  """The forward pass over a whole micrograph, in tiles of one or few shapes.

  Args:
    settings: of the model.
    orientations: 1, or 8 for test-time augmentation by rotations and flips.
    core_px: side of a tile's core; None for the fastest of a few.

  Returns:
    `probabilities(params, batch_stats, pixels, **more)`: from float32 [H, W],
    preprocessed, to probabilities, float32 [H, W]; `more` goes to
    `probability_map`.
  """
  model = create_model(settings)
  eval_step = step.make_eval_step(model)
  reach: dict[str, Any] = {
    'receptive_field_radius_px': model.receptive_field_radius_px,
    'multiple_px': model.size_multiple,
  }

  def probabilities(
    params: Any, batch_stats: Any, pixels: np.ndarray, **more: Any
  ) -> np.ndarray:
    def of_tiles(images: np.ndarray) -> np.ndarray:
      tiles = eval_step(params, batch_stats, step.shard(images))
      return np.asarray(tiles).reshape(images.shape)

    return probability_map(
      pixels,
      average_over_orientations(of_tiles) if orientations == 8 else of_tiles,
      core_px=core_px or fastest_core_px(pixels.shape, **reach),
      batch_size=jax.local_device_count(),
      **reach,
      **more,
    )

  return probabilities


def make_probability_maps(
  settings: ModelSettings, *, tile_px: int
) -> Callable[[Any, Any, Sequence[Any]], list[np.ndarray]]:
  """The same over the images of regions.

  Args:
    settings: of the model.
    tile_px: side of a tile's core.

  Returns:
    `maps(params, batch_stats, regions)`: a float32 [H, W] for each region.
  """
  probabilities = make_probabilities(settings, core_px=tile_px)

  def maps(
    params: Any, batch_stats: Any, regions: Sequence[Any]
  ) -> list[np.ndarray]:
    return [
      probabilities(params, batch_stats, region.image) for region in regions
    ]

  return maps


def histograms(
  maps: Sequence[np.ndarray], regions: Sequence[Any]
) -> np.ndarray:
  """`thresholds.histogram` of what is labelled: int64 [regions, 2, BINS]."""
  return np.stack(
    [
      thresholds.histogram(
        where_labelled(region, probabilities),
        where_labelled(region, region.mask > 0),
      )
      for probabilities, region in zip(maps, regions, strict=True)
    ]
  )
