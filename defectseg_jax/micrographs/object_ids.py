"""Masks that number their objects: which array is one, and what it says.

A labelling program may write the number of an object at each of its pixels.
Then objects that touch can be told apart, which no mask of two values shows.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.micrographs.grey_quality import Remark

# White, in images of 8 and of 16 bits.
_WHITES = (255, 65535)


class ObjectMask(NamedTuple):
  """A mask, and which object each of its pixels belongs to.

  Attributes:
    mask: bool [H, W], True on defects.
    ids: int32 [H, W], the number of the object at each pixel, 0 where the mask
      is False; None where the objects are the regions that are connected.
    labelled: bool [H, W], True where somebody said whether there is a defect;
      None where all of the image is. The mask is False elsewhere.
    remarks: what a reader of its numbers must know.
  """

  mask: np.ndarray
  ids: np.ndarray | None = None
  labelled: np.ndarray | None = None
  remarks: tuple[Remark, ...] = ()

  def same_as(self, other: 'ObjectMask') -> bool:
    """Whether both show the same objects, whatever their numbers."""
    if not np.array_equal(self.mask, other.mask):
      return False
    if self.ids is None or other.ids is None:
      return self.ids is other.ids
    return np.array_equal(self.ids, other.ids)

  def apart(self) -> np.ndarray:
    """The mask with a gap of one pixel between objects that touch.

    So a network learns, and is judged, that they are two.

    Examples:
      >>> ObjectMask(*objects_of_ids(np.array([[7, 7, 3, 3]]))[:2]).apart()
      array([[ True,  True, False,  True]])
    """
    if self.ids is None:
      return self.mask
    before = np.where(self.ids > 0, self.ids, np.iinfo(np.int32).max)
    lowest = ndimage.minimum_filter(before, 3, mode='nearest')
    return self.mask & (lowest >= self.ids)

  def only_where(self, labelled: np.ndarray) -> 'ObjectMask':
    """The same, where a person labelled it.

    Args:
      labelled: bool [H, W].
    """
    if self.labelled is not None:
      labelled = labelled & self.labelled
    if labelled.all():
      return self
    return self._replace(
      mask=self.mask & labelled,
      ids=None if self.ids is None else np.where(labelled, self.ids, 0),
      labelled=labelled,
    )


def objects_of_ids(ids: np.ndarray) -> ObjectMask:
  """The mask of numbered objects.

  Args:
    ids: whole numbers [H, W], 0 in the background. What has one number and is
      in several pieces becomes as many objects.

  Returns:
    The mask. Its ids count from 1 by the objects' first pixels, row after row;
    None where no two objects touch, so that a mask of two values says it all.

  Examples:
    >>> objects_of_ids(np.array([[7, 7, 0, 3]])).ids is None
    True
    >>> objects_of_ids(np.array([[7, 7, 3, 3]])).ids
    array([[1, 1, 2, 2]], dtype=int32)
  """
  mask = ids > 0
  numbered, count = _pieces(np.where(mask, ids, 0))
  if count == _pieces(mask)[1]:
    return ObjectMask(mask)
  return ObjectMask(mask, numbered.astype(np.int32))


def why_not_ids(values: np.ndarray) -> str:
  """What shows that values are greys, classes or colours, and not numbers.

  Args:
    values: [H, W], of any real type.

  Returns:
    A clause; '' where the values may be numbers of objects.

  Examples:
    >>> why_not_ids(np.array([[1, 0, 2]]))
    ''
    >>> why_not_ids(np.array([[1, 0, 1, 2]]))
    '1 is in 2 places'
    >>> why_not_ids(np.array([[9, 128, 255]]))
    '255 is white'
  """
  if values.ndim != 2 or values.dtype.kind not in 'uif':
    return 'they are no numbers'
  whole = np.isfinite(values) & (values >= 0) & (values < 2**31)
  whole &= values == np.where(whole, values, 0).astype(np.int64)
  if not whole.all():
    return f'{values[~whole][0]} is no whole number'
  ids = values.astype(np.int64)
  found = np.unique(ids[ids > 0])
  if len(found) < 2:
    return 'of one value only 1, 255 and 65535 are known'
  # Smoothing leaves white and greys; numbers that reach white are many.
  if found[-1] in _WHITES and len(found) < found[-1] / 2:
    return f'{found[-1]} is white'
  if ids.min() > 0:
    return 'there is no 0'
  pieces, count = _pieces(ids)
  if count == len(found):
    return _why_greys(ids, count)
  first = np.unique(pieces, return_index=True)[1]
  owners = ids.ravel()[first]
  owner, times = np.unique(owners[owners > 0], return_counts=True)
  worst = int(np.argmax(times))
  return f'{owner[worst]} is in {times[worst]} places'


def _why_greys(ids: np.ndarray, count: int) -> str:
  """A ramp of greys is in one piece each, too, but the pieces are specks."""
  if _pieces(ids > 0)[1] == count:
    return ''
  areas = np.unique(ids[ids > 0], return_counts=True)[1]
  if np.count_nonzero(areas == 1) > count / 2:
    return 'most are of a single pixel, and touch'
  return ''


def _pieces(values: np.ndarray) -> tuple[np.ndarray, int]:
  """Regions of equal values that touch at an edge or a corner, and how many."""
  # Takes a second, and masks of two values do without.
  from skimage import measure

  found: Any = measure.label(
    values, background=0, connectivity=2, return_num=True
  )
  return found
