"""Test-time augmentation: the average over rotations and flips of a tile."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

# From float32 [N, S, S, 1] to probabilities of the same shape.
Network = Callable[[np.ndarray], np.ndarray]


def average_over_orientations(probabilities_of: Network) -> Network:
  """Shows a network each square tile in eight orientations, and averages.

  In most micrographs a defect has no up and down. Where a network answers
  differently by orientation, the average of its answers is better than one of
  them. It takes eight times as long.

  Args:
    probabilities_of: from float32 [N, S, S, 1] to the same shape.

  Returns:
    A function of the same kind.

  Examples:
    A network that gives each pixel's left neighbour gives the mean of all four
    neighbours:

    >>> tiles = np.zeros((1, 3, 3, 1), np.float32)
    >>> tiles[0, 1, 1, 0] = 1
    >>> shift = lambda tiles: np.roll(tiles, 1, axis=2)
    >>> average_over_orientations(shift)(tiles)[0, :, :, 0]
    array([[0.  , 0.25, 0.  ],
           [0.25, 0.  , 0.25],
           [0.  , 0.25, 0.  ]], dtype=float32)
  """

  def average(
    tiles: Float[np.ndarray, 'n side side 1'],
  ) -> Float[np.ndarray, 'n side side 1']:
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
