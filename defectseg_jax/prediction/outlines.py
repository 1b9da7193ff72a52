"""Objects of one look at an image, with the outlines of a smoother one.

An image with all of its noise tells which objects there are; with less noise
than a network has learnt, it misses faint ones, and takes some noise for them.
But where noise is strong, outlines follow it.
"""

import numpy as np
from jaxtyping import Int
from scipy import ndimage

from defectseg_jax.prediction.merging import Merged
from defectseg_jax.prediction.regions import number_regions, widen

# Objects are the same if they share so much of their union; else one of them
# has grown together with a neighbour that the other look does not show.
_SAME = 0.5

Labels = Int[np.ndarray, 'h w']


def take_outlines(found: Merged, smooth: Merged) -> Merged:
  """Gives objects the outlines that they have in another look.

  An object that the other look does not show, or in several pieces, or as one
  with others, keeps its own. What the other shows alone is left out. So there
  are as many objects as before, and all stay apart.

  Args:
    found: [H, W].
    smooth: likewise, of the same scene with less noise.

  Returns:
    What was found, with other outlines and the probabilities around them.

  Examples:
    >>> wide, narrow = np.zeros((2, 1, 9), np.float32)
    >>> wide[0, 1:6], narrow[0, 2:5], narrow[0, 8] = 0.9, 0.7, 0.7
    >>> looks = (Merged(one > 0.5, one, (1.0,)) for one in (wide, narrow))
    >>> take_outlines(*looks).mask.astype(int)
    array([[0, 0, 1, 1, 1, 0, 0, 0, 0]])
  """
  owner, others = (number_regions(one.mask)[0] for one in (found, smooth))
  boxes, other_boxes = ndimage.find_objects(owner), ndimage.find_objects(others)
  probabilities = found.probabilities.copy()
  for label, other in _same(owner, others):
    box = _around(boxes[label - 1], other_boxes[other - 1])
    part = owner[box]
    beside = widen((part > 0) & (part != label))
    region = (others[box] == other) & ~beside
    if number_regions(region)[1] != 1:
      continue
    # With the pixels around: the threshold is crossed on the way to them.
    changed = widen((part == label) | region) & ~beside
    probabilities[box][changed] = smooth.probabilities[box][changed]
    part[part == label] = 0
    part[region] = label
  return Merged(owner > 0, probabilities, found.zooms)


def _same(some: Labels, others: Labels) -> list[tuple[int, int]]:
  """Labels of objects that are one in both, and the same one."""
  both = (some > 0) & (others > 0)
  pairs, shared = np.unique(
    np.stack([some[both], others[both]]), axis=1, return_counts=True
  )
  areas, other_areas = (np.bincount(one.ravel()) for one in (some, others))
  union = areas[pairs[0]] + other_areas[pairs[1]] - shared
  # More than half: an object has no second one of which that is so.
  return [
    (int(one), int(other)) for one, other in pairs[:, shared > _SAME * union].T
  ]


def _around(
  one: tuple[slice, ...], other: tuple[slice, ...]
) -> tuple[slice, ...]:
  """The box around two boxes, wider by a pixel on each side."""
  return tuple(
    slice(max(0, min(a.start, b.start) - 1), max(a.stop, b.stop) + 1)
    for a, b in zip(one, other, strict=True)
  )
