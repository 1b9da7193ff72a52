"""The values of a mask: background, defect, class, object, or not labelled."""

import dataclasses
import os

import numpy as np

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.grey_quality import Remark
from defectseg_jax.micrographs.mask_texts import (
  MOST_NAMED,
  describe_values,
  different_values,
  equal_to,
  value_texts,
)
from defectseg_jax.micrographs.object_ids import (
  ObjectMask,
  objects_of_ids,
  why_not_ids,
)

# `mask_class`: each number above 0 is an object.
ALL = 'all'
# `mask_ignore`: all is labelled, also what is between black and white.
NONE = 'none'
FOREGROUNDS = (1, 255, 65535)
# Between black and white: what nobody labelled, as in a trimap.
_BETWEEN = ((0, 127, 255), (0, 128, 255))
# By eye: classes are few, and objects many.
_FEW = 3
_SEE = 'docs/labels.md says what is read'


@dataclasses.dataclass(frozen=True)
class MaskValues:
  """What values and names in masks stand for; empty where the file tells it.

  Attributes:
    mask_class: what is defect: a value, a colour as '255,0,0', the name of a
      label, or 'all' for each number above 0 an object.
    mask_ignore: what is not labelled, likewise: it counts neither as defect nor
      as background; 'none' if each value is labelled.

  Raises:
    InputError: both are the same.
  """

  mask_class: str = ''
  mask_ignore: str = ''

  def __post_init__(self) -> None:
    if self.mask_class and self.mask_class == self.mask_ignore:
      raise InputError(
        f'--mask_class={self.mask_class} and --mask_ignore={self.mask_ignore}: '
        'what is a defect is labelled; give two values'
      )


# Two values, numbers of objects, or what nobody labelled between the two.
AS_STORED = MaskValues()
# Of masks that say which part of an image counts: all that is not zero.
ANYTHING = MaskValues(ALL)


def objects_of_values(
  values: np.ndarray,
  how: MaskValues = AS_STORED,
  *,
  path: str | os.PathLike,
) -> ObjectMask:
  """What the values of a mask say.

  Args:
    values: [H, W] of any real type, or [H, W, 3 or 4] of colours.
    how: what they stand for.
    path: of the file, for messages.

  Returns:
    The mask; with ids where objects touch that have numbers, and `labelled`
    where a part is not labelled.

  Raises:
    InputError: they are neither two values nor numbers of objects, and nothing
      says which of them is defect.
  """
  ignored = _not_labelled(values, how, path)
  if how.mask_class and how.mask_class != ALL:
    marked = equal_to(values, how.mask_class, '--mask_class', path)
    objects = ObjectMask(marked, remarks=_absent(marked, values, how))
  else:
    rest = values
    if ignored is not None:
      above = ignored if values.ndim == 2 else ignored[..., np.newaxis]
      rest = np.where(above, np.zeros((), values.dtype), values)
    objects = _objects(rest, how, path)
  if ignored is None:
    return objects
  what = how.mask_ignore or f'{values[ignored][0]}'
  return partly_labelled(objects, ~ignored, f'value {what}', path)


def partly_labelled(
  objects: ObjectMask, labelled: np.ndarray, why: str, path: str | os.PathLike
) -> ObjectMask:
  """The same, with a remark of what is not labelled.

  Args:
    objects: as read.
    labelled: bool [H, W].
    why: what says so, for the remark.
    path: of the file, for messages.

  Raises:
    InputError: nothing is labelled.
  """
  found = objects.only_where(labelled)
  if found.labelled is None or found.labelled is objects.labelled:
    return found
  if not found.labelled.any():
    raise file_error(
      path,
      f'no pixel of it is labelled ({why})',
      'label a part of the image, or leave the image out',
    )
  share = 100 * (1 - found.labelled.mean())
  others = tuple(one for one in found.remarks if one.name != 'not_labelled')
  return found._replace(
    remarks=(
      *others,
      Remark(
        'not_labelled',
        f'{share:.2g}% of the image is not labelled ({why}), and in no loss, '
        'no score and no number',
      ),
    )
  )


def binary_mask(values: np.ndarray) -> np.ndarray | None:
  """The mask, bool [H, W]; None where the values are not those of a mask."""
  if values.ndim != 2 or values.size == 0:
    return None
  for foreground in FOREGROUNDS:
    mask = values == foreground
    if (mask | (values == 0)).all():
      return mask
  return None


def _objects(
  values: np.ndarray, how: MaskValues, path: str | os.PathLike
) -> ObjectMask:
  """Of values that are all labelled, and none of which is a class."""
  if values.ndim == 3:
    marked = _beside_black(values)
    if marked is None:
      raise file_error(
        path,
        f'it is a colour image with {describe_values(values)}',
        'say which colour is defect, as --mask_class=255,0,0, or save it in '
        'grey with 0 for background and 255 for defects',
      )
    return ObjectMask(marked)
  if how.mask_class == ALL and _are_numbers(values):
    return objects_of_ids(values)
  mask = binary_mask(values)
  if mask is not None:
    return ObjectMask(mask, remarks=_all_one(mask, values))
  why_not = why_not_ids(values)
  if not why_not and how.mask_class != ALL:
    return objects_of_ids(values)._replace(remarks=_few_numbers(values))
  raise file_error(
    path,
    f'a mask with {describe_values(values)}, which are no numbers of objects'
    f' either ({why_not or "they are no whole numbers from 0 on"})',
    _remedy(values),
  )


def _not_labelled(
  values: np.ndarray, how: MaskValues, path: str | os.PathLike
) -> np.ndarray | None:
  if how.mask_ignore not in ('', NONE):
    found = equal_to(values, how.mask_ignore, '--mask_ignore', path)
    return found if found.any() else None
  if how.mask_ignore or how.mask_class == ALL or values.ndim != 2:
    return None
  # Most masks have two values, and are not sorted to find that out.
  if binary_mask(values) is not None:
    return None
  different = different_values(values)
  if tuple(different.tolist()) not in _BETWEEN:
    return None
  between = values == different[1]
  if how.mask_class:
    marked = equal_to(values, how.mask_class, '--mask_class', path)
    # Then it is a class like the others.
    if (marked & between).any():
      return None
  return between


def _absent(
  marked: np.ndarray, values: np.ndarray, how: MaskValues
) -> tuple[Remark, ...]:
  if marked.any():
    return ()
  return (
    Remark(
      'class_absent',
      f'no pixel of the mask is of class {how.mask_class}; it has '
      f'{describe_values(values)}',
    ),
  )


def _all_one(mask: np.ndarray, values: np.ndarray) -> tuple[Remark, ...]:
  if not mask.all():
    return ()
  return (
    Remark(
      'mask_of_one_value',
      f'every pixel of the mask is {values.flat[0]}: if that is its background '
      '(ilastik counts classes from 1), say which value is defect, as '
      '--mask_class=2',
    ),
  )


def _few_numbers(values: np.ndarray) -> tuple[Remark, ...]:
  """Classes of one object each look like numbers of objects."""
  numbers = [str(value) for value in np.unique(values) if value > 0]
  if len(numbers) > _FEW:
    return ()
  return (
    Remark(
      'taken_for_objects',
      f'the values {", ".join(numbers)} of the mask are taken for numbers of '
      'objects, since each is in one piece; if they are classes, say which is '
      'defect, as --mask_class=1',
    ),
  )


def _beside_black(values: np.ndarray) -> np.ndarray | None:
  """Of two colours what is not black, or else not transparent."""
  colours = different_values(values)
  if len(colours) > 2:
    return None
  if values.shape[2] in (2, 4) and len(np.unique(colours[:, -1])) == 2:
    return values[..., -1] > 0 if colours[:, -1].min() == 0 else None
  rgb = values[..., : 3 if values.shape[2] > 2 else 1]
  marked = (rgb > 0).any(axis=-1)
  return None if marked.all() else marked


def _are_numbers(values: np.ndarray) -> bool:
  if values.dtype.kind in 'bu':
    return True
  finite = np.isfinite(values) & (values >= 0) & (values < 2**31)
  return bool(finite.all() and (values == values.astype(np.int64)).all())


def _remedy(values: np.ndarray) -> str:
  different = different_values(values)
  if len(different) > MOST_NAMED:
    return (
      'save it with 0 for background and 255 for defects, as PNG (JPEG and '
      'smoothing make values in between); if each number is an object, '
      f'--mask_class={ALL}'
    )
  return (
    f'say which value is defect, as --mask_class={value_texts(values)[-1]} (or '
    f'{ALL}, if each above 0 is an object), and, if one marks what nobody '
    f'labelled, --mask_ignore; {_SEE}'
  )
