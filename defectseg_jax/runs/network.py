"""The network of a run and its way over micrographs, by JAX."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from defectseg_jax.evaluation import thresholds
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.models.plan_catalogue import plan_of
from defectseg_jax.prediction.forward import Forward, probabilities_of
from defectseg_jax.runs.labels import where_labelled
from defectseg_jax.training import state, step
from defectseg_jax.training.named_arrays import require_same_shapes


def variables_of(
  settings: ModelSettings, arrays: Mapping[str, np.ndarray], path: pathlib.Path
) -> tuple[PyTree, PyTree]:
  """The trees of a network's arrays.

  Args:
    settings: of the model.
    arrays: by their names in its file.
    path: where they were found.

  Returns:
    Parameters and running statistics.

  Raises:
    InputError: the arrays are of another architecture.
  """
  nested: dict[str, Any] = {'params': {}, 'batch_stats': {}}
  for name, array in arrays.items():
    *folders, last = name.split('/')
    place = nested
    for folder in folders:
      place = place.setdefault(folder, {})
    place[last] = array
  shapes = state.variable_shapes(create_model(settings))
  wanted = {kind: shapes[kind] for kind in ('params', 'batch_stats')}
  require_same_shapes(wanted, nested, path)
  return nested['params'], nested['batch_stats']


def make_forward(settings: ModelSettings) -> Callable[[Any, Any], Forward]:
  """The forward pass of tiles, compiled once for each shape of them.

  Args:
    settings: of the model.

  Returns:
    `forward(params, batch_stats)`, of both trees as `step.replicate` gives
    them: takes a tile on each device at a time.
  """
  eval_step = step.make_eval_step(create_model(settings))

  def forward(params: Any, batch_stats: Any) -> Forward:
    def of_tiles(images: np.ndarray) -> np.ndarray:
      tiles = eval_step(params, batch_stats, step.shard(images))
      return np.asarray(tiles).reshape(images.shape)

    return Forward(of_tiles, jax.local_device_count())

  return forward


def make_probability_maps(
  settings: ModelSettings, *, tile_px: int
) -> Callable[[Any, Any, Sequence[Any]], list[np.ndarray]]:
  """The network over the images of regions.

  Args:
    settings: of the model.
    tile_px: side of a tile's core.

  Returns:
    `maps(params, batch_stats, regions)`: a float32 [H, W] for each region.
  """
  forward, plan = make_forward(settings), plan_of(settings)

  def maps(
    params: Any, batch_stats: Any, regions: Sequence[Any]
  ) -> list[np.ndarray]:
    of_network = forward(params, batch_stats)
    return [
      probabilities_of(region.image, of_network, plan, core_px=tile_px)
      for region in regions
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
