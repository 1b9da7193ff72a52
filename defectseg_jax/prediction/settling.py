"""Pixels that several networks claim, given to one of them.

A feature is a void or a precipitate, and not both. Where two masks overlap,
each connected region of the overlap goes to the network that is surer of it:
by the mean over the region of how far its probability lies above its own
threshold, on the way to 1. An object that loses more than half of its pixels
was the other's all along, and is dropped whole; others keep the rest. A network
that does not apply to the image loses to one that does.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.prediction.regions import number_regions

# Of an object's pixels: who loses more, loses the object. By eye.
_MOST = 0.5
# More than two margins differ by: those of a mask are from 0 to 1.
_BELOW_ALL = 2.0


class Claim(NamedTuple):
  """What one network claims of an image.

  Attributes:
    mask: bool [H, W].
    probabilities: float32 [H, W].
    threshold: of the network, below 1.
    applies: whether the network applies to the image, or nobody can tell.
  """

  mask: np.ndarray
  probabilities: np.ndarray
  threshold: float
  applies: bool = True


class Settled(NamedTuple):
  """What one network lost to another.

  Attributes:
    winner, loser: their places.
    pixels: that both claimed.
    regions: connected ones, of these pixels.
    cut: objects of the loser that kept the rest.
    dropped: objects of the loser that are gone.
  """

  winner: int
  loser: int
  pixels: int
  regions: int
  cut: int
  dropped: int


def settle(
  claims: Sequence[Claim],
) -> tuple[list[np.ndarray], list[Settled]]:
  """Masks without a pixel in common, and what each network lost.

  Args:
    claims: of the networks, all of one shape. Where two are as sure, the first
      of them wins.

  Returns:
    bool [H, W] for each, and who lost what; pairs without an overlap are left
    out.

  Examples:
    >>> void, precipitate = np.zeros((2, 1, 6), bool)
    >>> void[0, :4] = precipitate[0, 3:] = True
    >>> sure, less = np.full((2, 1, 6), 0.9, np.float32)
    >>> less[:] = 0.6
    >>> masks, settled = settle(
    ...   [Claim(void, sure, 0.5), Claim(precipitate, less, 0.5)]
    ... )
    >>> masks[1].astype(int).tolist(), settled[0].pixels, settled[0].cut
    ([[0, 0, 0, 0, 1, 1]], 1, 1)
  """
  masks, settled = [one.mask.copy() for one in claims], []
  for first in range(len(claims)):
    for second in range(first + 1, len(claims)):
      settled += _settle_pair(masks, claims, first, second)
  return masks, settled


def _settle_pair(
  masks: list[np.ndarray], claims: Sequence[Claim], first: int, second: int
) -> list[Settled]:
  """Changes two of the masks."""
  labels, count = number_regions(masks[first] & masks[second])
  if not count:
    return []
  numbers = np.arange(count + 1)
  sure = [
    ndimage.mean(_margin(claims[one]), labels, numbers)
    for one in (first, second)
  ]
  # Label 0 is background, which nobody wins.
  to_first = np.asarray(sure[0]) >= np.asarray(sure[1])
  found = []
  for winner, loser, won in (
    (first, second, to_first),
    (second, first, ~to_first),
  ):
    won[0] = False
    if won.any():
      lost = won[labels]
      masks[loser], cut, dropped = _without(masks[loser], lost)
      regions = int(won.sum())
      found.append(
        Settled(winner, loser, int(lost.sum()), regions, cut, dropped)
      )
  return found


def _margin(claim: Claim) -> np.ndarray:
  """0 at the threshold, 1 where the network is certain."""
  margin = (claim.probabilities - claim.threshold) / (1 - claim.threshold)
  # Below any that applies.
  return margin if claim.applies else margin - _BELOW_ALL


def _without(mask: np.ndarray, lost: np.ndarray) -> tuple[np.ndarray, int, int]:
  """The mask without what is lost; objects that are cut, and dropped."""
  labels, count = number_regions(mask)
  areas = np.bincount(labels.ravel(), minlength=count + 1)
  losses = np.bincount(labels[lost], minlength=count + 1)
  dropped = losses > _MOST * areas
  dropped[0] = False
  cut = (losses > 0) & ~dropped
  return mask & ~lost & ~dropped[labels], int(cut.sum()), int(dropped.sum())
