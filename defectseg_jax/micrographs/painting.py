"""Regions that a person drew, painted into one image: which pixel is whose."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.grey_quality import Remark
from defectseg_jax.micrographs.object_ids import ObjectMask, objects_of_ids

Box = tuple[slice, slice]

# By eye: far outside of any image, and no number that overflows.
FARTHEST_PX = 1e7

_HIDDEN_NAMED = 4


class Regions(NamedTuple):
  """The objects of a set of regions.

  Attributes:
    objects: the mask and, where objects touch, their ids.
    shared_px: pixels that belong to several regions; the last one in the set
      has them.
    hidden: names of regions that have no pixel for themselves therefore.
  """

  objects: ObjectMask
  shared_px: int
  hidden: tuple[str, ...]

  def remarks(self, file: str | os.PathLike) -> tuple[Remark, ...]:
    """What a reader of the numbers must know: `regions_overlap`, or nothing.

    Args:
      file: that the regions are from, as the message calls it.
    """
    if not self.shared_px:
      return ()
    hidden = ', '.join(self.hidden[:_HIDDEN_NAMED])
    if len(self.hidden) > _HIDDEN_NAMED:
      hidden += ', ...'
    return (
      Remark(
        'regions_overlap',
        f'{file}: {self.shared_px} pixels are in several regions, and belong '
        'to the last of those in the set'
        + (
          f'; hidden behind others, and not counted: {hidden}' if hidden else ''
        ),
      ),
    )


class Drawn(NamedTuple):
  """One region as it is drawn.

  Attributes:
    name: for messages.
    box: rows and columns of the image that hold it.
    inside: bool, of the box.
    group: regions of one group that touch are one object; None: of no group.
  """

  name: str
  box: Box
  inside: np.ndarray
  group: str | None = None


def paint(
  regions: Iterable[Drawn],
  shape: tuple[int, int],
  *,
  path: str | os.PathLike,
) -> Regions:
  """Paints regions one over the other.

  Args:
    regions: in the order of their file. One in several pieces is as many
      objects.
    shape: H, W of the image.
    path: of their file, for messages.

  Raises:
    InputError: a region has no pixel of the image.
  """
  ids = np.zeros(shape, np.int32)
  shared, names = np.zeros(shape, bool), []
  numbers: dict[str, int] = {}
  for place, one in enumerate(regions, start=1):
    if not one.inside.any():
      raise file_error(
        path,
        f'the region {one.name!r} has no pixel of the image of {shape[0]} x '
        f'{shape[1]} pixels',
        'see that the set is of this image, or delete the region',
      )
    number = place
    if one.group is not None:
      number = numbers.setdefault(one.group, place)
    before = ids[one.box]
    shared[one.box] |= one.inside & (before > 0) & (before != number)
    before[one.inside] = number
    names.append((number, one.name))
  seen = set(np.unique(ids).tolist())
  return Regions(
    objects_of_ids(ids),
    int(np.count_nonzero(shared)),
    tuple(name for number, name in names if number not in seen),
  )


def box_of(polygons: Sequence[np.ndarray], shape: tuple[int, int]) -> Box:
  """Rows and columns of the image that polygons are in.

  Args:
    polygons: [corners, 2] each, x before y.
    shape: H, W of the image.
  """
  corners = np.concatenate(polygons)
  sides = np.array(shape[::-1])
  first = np.clip(np.floor(corners.min(axis=0)), 0, sides).astype(int)
  after = np.clip(np.ceil(corners.max(axis=0)), 0, sides).astype(int)
  return slice(first[1], after[1]), slice(first[0], after[0])
