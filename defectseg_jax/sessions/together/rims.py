"""Lines that run along particles: rims that a network may have taken for lines.

A network of lines that has not seen such particles may outline them, and be
sure of it. Then both its line density and what lies at lines are wrong.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.sessions.together.objects import Objects

# So much of the lines at particles is doubted, and so many times what lines
# anywhere would have there. By eye: of examples/, two foils whose voids were
# outlined have 59% and 84%, the third less.
_SHARE, _TIMES = 0.4, 2.0


class Rims(NamedTuple):
  """How much of the lines runs along particles.

  Attributes:
    share: of the pixels of lines, those in or near a particle.
    cover: of all pixels, likewise.
  """

  share: float
  cover: float

  @property
  def are_doubted(self) -> bool:
    """Whether the lines may be rims of the particles."""
    return self.share > max(_SHARE, _TIMES * self.cover)


def rims_of(
  lines: Objects, particles: Objects, *, within_px: float
) -> Rims | None:
  """How much of the lines runs along the particles.

  Args:
    lines: of one image.
    particles: of the same one.
    within_px: how far from a particle is at it.

  Returns:
    None where there are no lines or no particles.

  Examples:
    >>> square = np.zeros((9, 9), int)
    >>> square[3:6, 3:6] = 1
    >>> ring = ndimage.binary_dilation(square) ^ (square > 0)
    >>> nothing = np.empty((0, 2)), np.empty(0)
    >>> rims_of(
    ...   Objects('dislocations', True, ring.astype(int), None, *nothing),
    ...   Objects('voids', False, square, None, *nothing),
    ...   within_px=1,
    ... )
    Rims(share=1.0, cover=0.25925925925925924)
  """
  drawn, particle = lines.mask, particles.mask
  if not drawn.any() or not particle.any():
    return None
  away_px = np.asarray(ndimage.distance_transform_edt(~particle))
  near = away_px <= within_px
  return Rims(float(near[drawn].mean()), float(near.mean()))


def rims_text(lines: str, particles: str, rims: Rims) -> str:
  """What to look at, in a sentence.

  Args:
    lines: the name of their defect.
    particles: likewise.
    rims: of both.
  """
  return (
    f'{rims.share:.0%} of the pixels of {lines} lie at {particles}, '
    f'which cover {rims.cover:.0%} of the image: rims of {particles} may have '
    f'been taken for {lines}; look at the picture before you use their density '
    f'or what lies at them'
  )
