"""Masks that a person or a program drew, checked."""

import os
import pathlib

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.annotations import labels as annotation_labels
from defectseg_jax.micrographs.annotations.reading import SUFFIXES as JSON
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.grey import grey_values
from defectseg_jax.micrographs.imagej_regions import read_regions
from defectseg_jax.micrographs.imagej_sets import SUFFIXES as ROI_SETS
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.mask_values import (
  AS_STORED,
  MaskValues,
  binary_mask,
  objects_of_values,
)
from defectseg_jax.micrographs.object_ids import ObjectMask, why_not_ids
from defectseg_jax.micrographs.stacks import Stack

Masks = list[ObjectMask] | Stack[ObjectMask]


def read_mask(
  path: str | os.PathLike, *, mask_class: str | int = ''
) -> np.ndarray:
  """Reads a mask: what is not zero is defect.

  Two values are accepted, or one of them alone (no defect, all defect): 0 and
  1, 0 and 255, 0 and 65535, False and True; and black and one other colour. Of
  a palette the indices count if they are such a pair, because labelling
  programs count by them and the colours are decoration; else the colours count.

  For the same reason a TIFF that says white is zero is not turned round: ImageJ
  (masks with an inverting lookup table) and tifffile (boolean arrays) write so,
  and both mean by the larger number what is marked.

  Numbers of objects are accepted too, as `read_object_mask` reads them.

  Args:
    path: a file as `read_micrographs` reads it, with one image; or JSON of
      LabelMe or COCO with one image, whose size the file states.
    mask_class: what is defect, where the mask has several classes, as
      `MaskValues` has it.

  Returns:
    bool [H, W], True on defects.

  Raises:
    InputError: other values; unequal colours; a stack; a mask of a part of its
      image; and whatever `read_frames` refuses.

  Examples:
    >>> import tempfile
    >>> from defectseg_jax.micrographs import read_mask, write_mask
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f'{folder.name}/mask.tif'
    >>> write_mask(path, np.array([[True, False, False]]), pixel_size_nm=None)
    >>> read_mask(path)
    array([[ True, False, False]])
  """
  return read_object_mask(path, MaskValues(str(mask_class))).mask


def read_object_mask(
  path: str | os.PathLike, how: MaskValues = AS_STORED
) -> ObjectMask:
  """Reads a mask, and the numbers of its objects where it has them.

  Args:
    path: of a mask as `read_mask` reads it; or of one that has the number of
      an object at each of its pixels, 0 in the background. Each number is in
      one piece: else the values are taken for greys or classes, and refused.
    how: what its values stand for.

  Returns:
    The mask, with `ids` if objects touch that the file numbers differently.

  Raises:
    InputError: as `read_mask`.
  """
  return read_whole_mask(MaskFile(pathlib.Path(path)), how=how)


def read_whole_mask(
  file: MaskFile,
  *,
  shape: tuple[int, ...] | None = None,
  how: MaskValues = AS_STORED,
) -> ObjectMask:
  """Reads the one mask of a file, which leaves no part of its image out.

  Args:
    file: as `read_masks` reads it.
    shape: H, W of the image; None where it is not known.
    how: what values and labels stand for.

  Raises:
    InputError: it is a stack, or of a part; and whatever `read_masks` refuses.
  """
  objects = one_of(read_masks(file, shape=shape, how=how), file)
  if objects.labelled is not None:
    raise file_error(
      str(file),
      f'{objects.remarks[-1].message}',
      'give a mask of the whole image here, with two values',
    )
  return objects


def read_masks(
  file: MaskFile,
  *,
  shape: tuple[int, ...] | None = None,
  images: int = 1,
  how: MaskValues = AS_STORED,
) -> Masks:
  """Reads the masks of a file, one for each image of a stack.

  Those of a stack are made when they are asked for: whether one says what is
  defect is found out then.

  Args:
    file: an image as `read_micrographs` reads it; JSON of LabelMe, COCO, VIA or
      QuPath; a set of ImageJ's regions.
    shape: H, W of the image that the mask is of; None where it is not known.
      Outlines need it, if their file does not state it.
    images: how many images the mask is of, as far as it is known: a set of
      ImageJ's regions does not say it.
    how: what values and labels stand for.

  Returns:
    The masks; of JSON one.

  Raises:
    InputError: the file cannot be read, does not say what is defect, or its
      size is needed and not known.
  """
  suffix = file.path.suffix.lower()
  size = None if shape is None else (shape[0], shape[1])
  if suffix in JSON:
    return [annotation_labels.read_labels(file, size, how)]
  if suffix in ROI_SETS:
    size = annotation_labels.known_size(file, size)
    return [
      one.objects._replace(remarks=one.remarks(file.path.name))
      for one in read_regions(file.path, size, images=images)
    ]

  def convert(frame: Frame, _: str) -> ObjectMask:
    values = _values(frame, how, file.path)
    return objects_of_values(values, how, path=file.path)

  stack = Stack(file.path, convert)
  # One alone need not be kept as the file stores it.
  return stack if len(stack) > 1 else [stack[0]]


class LastMasks:
  """Reads masks, and keeps those of the last stack, for its next image."""

  def __init__(self) -> None:
    """Reads nothing yet."""
    self._last: tuple[object, Masks] = None, []

  def read(
    self,
    file: MaskFile,
    *,
    shape: tuple[int, ...] | None,
    images: int,
    how: MaskValues,
  ) -> Masks:
    """As `read_masks`."""
    # Only a set of regions does not say how many images it is of.
    is_set = file.path.suffix.lower() in ROI_SETS
    asked = file, shape, images if is_set else 1, how
    known, masks = self._last
    if known == asked:
      return masks
    # First, lest two are in memory.
    self._last = None, []
    masks = read_masks(file, shape=shape, images=images, how=how)
    if len(masks) > 1:
      self._last = asked, masks
    return masks


def one_of(masks: Masks, path: str | os.PathLike | MaskFile) -> ObjectMask:
  """The mask of a file that is to hold one.

  Raises:
    InputError: it is a stack.
  """
  if len(masks) != 1:
    raise file_error(
      str(path), f'it holds {len(masks)} images', 'save the mask as one image'
    )
  return masks[0]


def mask_at(
  masks: Masks,
  place: int | None,
  path: str | os.PathLike | MaskFile,
) -> ObjectMask:
  """The mask of one image.

  Args:
    masks: as `read_masks` gives them.
    place: of the image in its stack; None where there is only one.
    path: of the file, for messages.

  Raises:
    InputError: there is no such image in the file, or it is one of several.
  """
  if place is None:
    return one_of(masks, path)
  if place >= len(masks) or len(masks) == 1:
    raise file_error(
      str(path),
      f'it holds {len(masks)} masks, and none of image [{place}] of its stack',
      'give a mask for each image of the stack',
    )
  return masks[place]


def _values(
  frame: Frame, how: MaskValues, path: str | os.PathLike
) -> np.ndarray:
  """Values [H, W], or colours [H, W, channels] that are not grey."""
  values = frame.values
  if frame.palette is not None:
    indices_count = (
      *(how.mask_class, how.mask_ignore),
      binary_mask(values) is not None,
      not why_not_ids(values),
    )
    if any(indices_count):
      return values
    # Refuses an index that is not in the palette.
    grey_values(frame, rgb='luminance', path=path)
    values = frame.palette[values]
  if values.ndim == 2:
    return values
  alpha = values[..., -1] if values.shape[2] in (2, 4) else None
  if alpha is not None and alpha.min() != alpha.max():
    return values
  if alpha is not None:
    values = values[..., :-1]
  if (values == values[..., :1]).all():
    return values[..., 0]
  return values
