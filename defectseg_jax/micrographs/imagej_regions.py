"""A set of ImageJ's regions of interest (ROI) -> numbered objects."""

import os
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from defectseg_jax.errors import file_error
from defectseg_jax.micrographs.annotations.shapes import Shape
from defectseg_jax.micrographs.imagej_sets import OVAL
from defectseg_jax.micrographs.painting import Drawn, Regions, box_of, paint
from defectseg_jax.micrographs.reader.pool import read_shapes
from defectseg_jax.micrographs.regular_files import size_to_read


def read_regions(
  path: str | os.PathLike, shape: tuple[int, int], *, images: int = 1
) -> list[Regions]:
  """Reads regions that a person drew or changed in ImageJ.

  A pixel belongs to a region if its middle is inside, as in ImageJ. A region in
  several pieces is as many objects.

  Args:
    path: of a .zip that the ROI Manager saved, or of the .roi of one region.
    shape: H, W of the images that they are of.
    images: how many there are. A region that is of no slice is of all.

  Returns:
    The objects of each image; none where the set has no regions of it.

  Raises:
    InputError: the file cannot be read, or a region has no area, is outside of
      the image, of a slice that is not there, or of a kind that is not known.
  """
  path = pathlib.Path(path)
  size_to_read(path)
  (drawn,) = read_shapes(path)
  rois = drawn.shapes
  for roi in rois:
    if _slice_of(roi) > images:
      raise file_error(
        path,
        f'the region {roi.name!r} is of slice {_slice_of(roi)}, and there '
        f'{"is 1 image" if images == 1 else f"are {images} images"}',
        'give the stack that it was drawn on, or a set of this image',
      )
  return [
    paint(
      _drawn([r for r in rois if _slice_of(r) in (0, number)], shape),
      shape,
      path=path,
    )
    for number in range(1, images + 1)
  ]


def _slice_of(roi: Shape) -> int:
  """Counted from 1; 0 of a region that is of all slices."""
  return int(roi.code)


def _drawn(rois: Sequence[Shape], shape: tuple[int, int]) -> Iterator[Drawn]:
  for roi in rois:
    yield _oval(roi, shape) if roi.label == OVAL else roi.drawn(shape)


def _oval(roi: Shape, shape: tuple[int, int]) -> Drawn:
  """Pixels whose middle is in the ellipse of a rectangle."""
  ((corners,),) = roi.parts
  # In its box alone: a set may have thousands of regions.
  rows, columns = box_of([corners], shape)
  (left, top), (right, bottom) = corners[0], corners[2]
  y, x = np.ogrid[rows, columns]
  # An oval without a width has no pixel, and nothing is divided by 0.
  x = (2 * x + 1 - left - right) / max(right - left, 0.5)
  y = (2 * y + 1 - top - bottom) / max(bottom - top, 0.5)
  return Drawn(roi.name, (rows, columns), x**2 + y**2 <= 1)
