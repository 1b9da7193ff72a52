"""What the grey values of an image say against it: clipped, empty, few."""

from typing import NamedTuple, cast

import numpy as np
from scipy import ndimage

from defectseg_jax.micrographs.specimen import describe_place

# All limits are by eye.
# Of the specimen: pixels of one grey value, from where it is nearly empty.
_EMPTY = 0.5
# Fewer grey values than this do not show how bright anything is.
_FEW_VALUES = 16
# Pixels at one end of the grey values, and how many times more than at the
# next value: what is clipped heaps up there.
_CLIPPED, _HEAP = 0.01, 2.0


class Remark(NamedTuple):
  """One thing that a reader must know of an image.

  Attributes:
    name: short, and the same for every image.
    message: one line, with what to do.
  """

  name: str
  message: str


def grey_remarks(pixels: np.ndarray, valid: np.ndarray) -> list[Remark]:
  """What makes the grey values doubtful.

  Args:
    pixels: [H, W].
    valid: bool [H, W], True on specimen; the rest is not looked at.

  Returns:
    Remarks: `image_constant` or `image_nearly_empty` or `few_grey_values`
    alone; or `saturated` and `clipped_dark`, where they apply.

  Examples:
    >>> pixels = np.zeros((4, 5))
    >>> [remark] = grey_remarks(pixels, pixels == 0)
    >>> remark.name
    'image_constant'
  """
  values, counts = np.unique(pixels[valid], return_counts=True)
  shares = counts / counts.sum()
  common = int(shares.argmax())
  if len(values) == 1:
    return [
      Remark(
        'image_constant',
        f'all pixels have the same grey value, {values[0]:g}: nothing can be '
        'found in it; look at the file with another program',
      )
    ]
  if shares[common] > _EMPTY:
    return [
      Remark(
        'image_nearly_empty',
        f'{100 * shares[common]:.0f}% of the pixels have the same grey value, '
        f'{values[common]:g}: the image is nearly empty, or its contrast was '
        'cut; give the file that the microscope wrote',
      )
    ]
  if len(values) < _FEW_VALUES:
    return [
      Remark(
        'few_grey_values',
        f'the image has only {len(values)} different grey values: is it a mask '
        'or a drawing, or were few electrons counted? give the file that the '
        'microscope wrote',
      )
    ]
  return _clipped(values, shares, pixels, valid)


def _clipped(
  values: np.ndarray, shares: np.ndarray, pixels: np.ndarray, valid: np.ndarray
) -> list[Remark]:
  found = []
  for name, end, beside, what in (
    ('saturated', -1, -2, 'brightest'),
    ('clipped_dark', 0, 1, 'darkest'),
  ):
    if shares[end] >= _CLIPPED and shares[end] > _HEAP * shares[beside]:
      where = _largest_region((pixels == values[end]) & valid)
      found.append(
        Remark(
          name,
          f'{100 * shares[end]:.2g}% of the pixels have the {what} grey value, '
          f'{values[end]:g}, the largest region of them in {where}: what was '
          f'{"brighter" if end else "darker"} was cut off, and objects there '
          'are lost',
        )
      )
  return found


def _largest_region(mask: np.ndarray) -> str:
  labels = np.empty(mask.shape, np.int32)
  count = cast(int, ndimage.label(mask, np.ones((3, 3)), output=labels))
  areas = np.bincount(labels.ravel(), minlength=count + 1)
  areas[0] = 0
  return describe_place(labels == areas.argmax())
