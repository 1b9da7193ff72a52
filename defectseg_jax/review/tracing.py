"""A line between points, along the ridge of the image."""

from collections.abc import Sequence

import numpy as np

from defectseg_jax.review.operations import Point
from defectseg_jax.review.strokes import path_between


def trace(
  pixels: np.ndarray,
  probabilities: np.ndarray | None,
  points: Sequence[Point],
) -> list[Point]:
  """The path of the line through points."""
  return path_between(points)
