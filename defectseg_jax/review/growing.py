"""A missed object, grown from one click."""

import numpy as np

from defectseg_jax.review.layers import Box
from defectseg_jax.review.operations import Point


def grow_object(
  pixels: np.ndarray,
  probabilities: np.ndarray | None,
  point: Point,
  *,
  taken: np.ndarray,
) -> tuple[Box, np.ndarray]:
  """The pixels of the object around a point."""
  raise NotImplementedError
