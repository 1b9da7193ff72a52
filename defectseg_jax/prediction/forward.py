"""A network's forward pass over a whole micrograph, whatever computes it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from defectseg_jax.models.plans import Plan
from defectseg_jax.prediction.test_time_augmentation import (
  average_over_orientations,
)
from defectseg_jax.prediction.tiles import (
  CORES_PX,
  fastest_core_px,
  probability_map,
)


class Forward(NamedTuple):
  """What takes tiles through a network.

  Attributes:
    of_tiles: from float32 [batch_size, S, S, 1], preprocessed, to probabilities
      of the same shape; may be called by several threads at a time.
    batch_size: tiles that it takes at a time.
    cores_px: sides of a tile's core to choose from.
    release: gives back the memory that it needs for that, where it can; the
      next tile takes it again.
  """

  of_tiles: Callable[[np.ndarray], np.ndarray]
  batch_size: int
  cores_px: Sequence[int] = CORES_PX
  release: Callable[[], None] = lambda: None


def probabilities_of(
  pixels: np.ndarray,
  forward: Forward,
  plan: Plan,
  *,
  orientations: int = 1,
  core_px: int | None = None,
  **more: Any,
) -> np.ndarray:
  """The probability of a defect at every pixel, in tiles of one or few shapes.

  Args:
    pixels: float32 [H, W], preprocessed; any size.
    forward: what takes the tiles through the network.
    plan: of the network: how far it sees.
    orientations: 1, or 8 for test-time augmentation by rotations and flips.
    core_px: side of a tile's core; None for the fastest of a few.
    **more: goes to `probability_map`.

  Returns:
    float32 [H, W].
  """
  reach: dict[str, Any] = {
    'receptive_field_radius_px': plan.receptive_field_radius_px,
    'multiple_px': plan.size_multiple,
  }
  of_tiles = forward.of_tiles
  if orientations == 8:
    of_tiles = average_over_orientations(of_tiles)
  return probability_map(
    pixels,
    of_tiles,
    core_px=core_px
    or fastest_core_px(pixels.shape, choices_px=forward.cores_px, **reach),
    batch_size=forward.batch_size,
    **reach,
    **more,
  )
