"""Shapes with names -> the mask of an image: which are defects, what is known.

A shape called `ignore` is not labelled. Where there are shapes called `roi`,
nothing is labelled outside of them.
"""

from collections.abc import Sequence

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.annotations.reading import read_annotations
from defectseg_jax.micrographs.annotations.shapes import Annotation, Shape
from defectseg_jax.micrographs.grey_quality import Remark
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.mask_values import (
  ALL,
  MaskValues,
  partly_labelled,
)
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.micrographs.painting import paint

# QuPath's own class of what it leaves out ends in a star, and so does that of
# a region to look at.
_IGNORE = {'ignore', 'ignore*', 'ignored', 'unlabelled', 'unlabeled'}
_REGION = {'roi', 'region*', 'region of interest'}


def read_labels(
  file: MaskFile, size: tuple[int, int] | None, how: MaskValues
) -> ObjectMask:
  """The mask of one image of a JSON file.

  Args:
    file: of LabelMe, COCO, VIA or QuPath.
    size: H, W of the image; None where it is not known.
    how: which label is defect, and which is not labelled.

  Returns:
    The mask; shapes that touch are objects of their own.

  Raises:
    InputError: the file cannot be read or states another size, the size is not
      known, or there are several labels and none is chosen.
  """
  annotation = _of_image(file)
  size = known_size(file, size, annotation.size)
  others, regions, ignored = _sorted(annotation.shapes, how, file)
  chosen = _chosen(others, how, file)
  painted = paint((one.drawn(size) for one in chosen), size, path=str(file))
  remarks = painted.remarks(file.path.name)
  if others and not chosen:
    remarks += (
      Remark(
        'class_absent',
        f'no shape is called {how.mask_class}; there are {_labels(others)}',
      ),
    )
  if not annotation.shapes:
    remarks += (
      Remark(
        'nothing_drawn',
        f'{file}: nothing is drawn of this image, and it counts as one without '
        'defects',
      ),
    )
  objects = painted.objects._replace(remarks=remarks)
  labelled = np.ones(size, bool)
  if regions:
    labelled = _covered(regions, size)
  labelled &= ~_covered(ignored, size)
  what = ', '.join(dict.fromkeys(one.label for one in (*regions, *ignored)))
  return partly_labelled(objects, labelled, f'shapes {what}', str(file))


def _sorted(
  shapes: Sequence[Shape], how: MaskValues, file: MaskFile
) -> tuple[list[Shape], list[Shape], list[Shape]]:
  """Those with a label of their own, regions, and what is not labelled."""
  others, regions, ignored = [], [], []
  for one in shapes:
    label = one.label.strip().lower()
    if how.mask_class == ALL or _is_called(one, how.mask_class):
      others.append(one)
    elif _is_called(one, how.mask_ignore) or label in _IGNORE:
      ignored.append(one)
    elif label in _REGION:
      regions.append(one)
    else:
      others.append(one)
  if regions and not others and not how.mask_class:
    raise file_error(
      str(file),
      f'all of its shapes are called {regions[0].label}, as regions are in '
      'which defects are labelled',
      f'if they are the defects, give --mask_class={regions[0].label}; if '
      'there is no defect in them, --mask_class with the label of defects',
    )
  return others, regions, ignored


def known_size(
  file: MaskFile,
  size: tuple[int, int] | None,
  stated: tuple[int, int] | None = None,
) -> tuple[int, int]:
  """H, W that outlines are to be painted in.

  Args:
    file: of the outlines, for messages.
    size: of the image, if it is known.
    stated: by the file.

  Raises:
    InputError: neither is known, or they differ.
  """
  if size is None and stated is None:
    raise file_error(
      str(file),
      'it has outlines, and does not say how large their image is',
      'give the image too, in --micrographs',
    )
  if size is not None and stated is not None and size != stated:
    raise file_error(
      str(file),
      f'it is of an image of {stated[0]} x {stated[1]} pixels, but its image '
      f'has {size[0]} x {size[1]}',
      'draw it on this image, or give the image that was labelled',
    )
  found = size or stated
  assert found is not None
  return found


def _of_image(file: MaskFile) -> Annotation:
  found = read_annotations(file.path)
  if file.entry is not None:
    found = [one for one in found if one.image == file.entry]
  if len(found) != 1:
    raise file_error(
      str(file),
      f'it holds the outlines of {len(found)} images',
      'export each image to a file of its own',
    )
  return found[0]


def _chosen(
  shapes: Sequence[Shape], how: MaskValues, file: MaskFile
) -> list[Shape]:
  """Those that are defects."""
  if how.mask_class == ALL:
    return list(shapes)
  if how.mask_class:
    return [one for one in shapes if _is_called(one, how.mask_class)]
  if len({one.label for one in shapes}) > 1:
    raise file_error(
      str(file),
      f'it has shapes of several labels, {_labels(shapes)}',
      f'say which is defect, as --mask_class={shapes[0].label or ALL}, or '
      f'--mask_class={ALL}',
    )
  return list(shapes)


def _is_called(one: Shape, name: str) -> bool:
  return bool(name) and name in (one.label, one.code)


def _labels(shapes: Sequence[Shape]) -> str:
  return ', '.join(repr(one) for one in dict.fromkeys(s.label for s in shapes))


def _covered(shapes: Sequence[Shape], size: tuple[int, int]) -> np.ndarray:
  """bool [H, W], the pixels of any of the shapes."""
  covered = np.zeros(size, bool)
  for one in shapes:
    drawn = one.drawn(size)
    covered[drawn.box] |= drawn.inside
  return covered
