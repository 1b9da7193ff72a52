"""Lines of a mask that changes, thinned and crossed again only where it does.

Thinning looks at neighbours alone, again and again until nothing changes. So
what changes in a box reaches no farther than twice as many pixels as there were
rounds, and as far reaches the side of a part that is thinned by itself.
"""

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification.dislocations import random_lines, skeletons
from defectseg_jax.quantification.dislocations.line_intercepts import Crossings

# Top, left, bottom, right; the row and column after the last.
Box = tuple[int, int, int, int]
# Rounds beyond those that lines as thick as the thickest need; by eye.
_MORE_ROUNDS = 6
# Of most lines: those that are thicker are looked at twice; by eye.
_USUAL_ROUNDS = _MORE_ROUNDS + 2


class ChangingLines:
  """What a measurement of lines needs of a mask that changes."""

  def __init__(
    self,
    mask: np.ndarray,
    *,
    lines: int,
    seed: int,
    valid: np.ndarray | None,
  ) -> None:
    """Looks through all of it.

    Args:
      mask: bool [H, W], of specimen alone; it is looked at again by `change`.
      lines: number of test lines at random places.
      seed: of them.
      valid: bool [H, W], True on specimen; None where all is.
    """
    self._mask = mask
    self._thin = skeletons.thin_lines(mask)
    self._drawn = random_lines.random_lines(mask.shape, lines=lines, seed=seed)
    found = random_lines.random_crossings(
      mask, lines=lines, seed=seed, valid=valid
    )
    self._counts, self._lengths_px = found

  @property
  def random(self) -> Crossings:
    """Crossings with the random lines."""
    return Crossings(self._counts, self._lengths_px)

  def skeleton(self, *, spur_px: float) -> skeletons.Skeleton:
    """The skeleton, pruned."""
    return skeletons.prune(self._thin, spur_px=spur_px)

  def change(self, box: Box) -> None:
    """Looks again at what changed.

    Args:
      box: of the pixels that changed.
    """
    self._counts = random_lines.recount(
      self._counts, self._mask, self._drawn, box
    )
    rounds = _USUAL_ROUNDS
    while True:
      part = _around(box, 4 * rounds, self._mask.shape)
      thickest = _thickness(self._mask[part])
      if thickest + _MORE_ROUNDS <= rounds:
        break
      rounds = thickest + _MORE_ROUNDS
    thin = skeletons.thin_lines(self._mask[part])
    # What reaches beyond is of the part's sides.
    changed = _around(box, 2 * rounds, self._mask.shape)
    inner = tuple(
      slice(one.start - whole.start, one.stop - whole.start)
      for one, whole in zip(changed, part)
    )
    self._thin[changed] = thin[inner]


def _around(
  box: Box, margin: int, shape: tuple[int, ...]
) -> tuple[slice, slice]:
  top, left, bottom, right = box
  return (
    slice(max(0, top - margin), min(shape[0], bottom + margin)),
    slice(max(0, left - margin), min(shape[1], right + margin)),
  )


def _thickness(mask: np.ndarray) -> int:
  """How many times a pixel can be taken off all around."""
  # Beyond the part a line may go on.
  padded = np.pad(mask, 1)
  return int(np.max(ndimage.distance_transform_cdt(padded, 'taxicab')))  # pyright: ignore
