"""The average over rotations and flips of what a network sees."""

from collections.abc import Callable

import numpy as np


def average_over_orientations(
  probabilities_of: Callable[[np.ndarray], np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
  """Asks eight times, for each orientation of a square tile, and averages.

  A defect has no up and down in most micrographs; where eight answers differ,
  none is right. It takes eight times as long.

  Args:
    probabilities_of: from float32 [N, S, S, 1] to the same shape.

  Returns:
    A function of the same kind.
  """

  def average(tiles: np.ndarray) -> np.ndarray:
    total = np.zeros(tiles.shape, np.float64)
    for turns in range(4):
      for flip in (False, True):
        seen = np.rot90(tiles, turns, axes=(1, 2))
        seen = seen[:, :, ::-1] if flip else seen
        found = np.asarray(probabilities_of(np.ascontiguousarray(seen)))
        found = found[:, :, ::-1] if flip else found
        total += np.rot90(found, -turns, axes=(1, 2))
    return (total / 8).astype(np.float32)

  return average
