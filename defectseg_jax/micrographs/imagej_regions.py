"""A set of ImageJ's regions of interest (ROI) -> numbered objects."""

import os
import pathlib
import struct
import zipfile
import zlib
from typing import NamedTuple

import numpy as np
import roifile

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.object_ids import ObjectMask, objects_of_ids
from defectseg_jax.micrographs.polygons import pixels_inside

SUFFIXES = ('.zip', '.roi')
# What roifile and zipfile raise of a file that is damaged or something else.
_ERRORS = (
  EOFError,
  IndexError,
  NotImplementedError,
  OSError,
  RuntimeError,
  ValueError,
  struct.error,
  zipfile.BadZipFile,
  zlib.error,
)
_WITH_CORNERS = (
  roifile.ROI_TYPE.POLYGON,
  roifile.ROI_TYPE.FREEHAND,
  roifile.ROI_TYPE.TRACED,
)
_RECTANGLES = (roifile.ROI_TYPE.RECT, roifile.ROI_TYPE.OVAL)


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


def read_regions(path: str | os.PathLike, shape: tuple[int, int]) -> Regions:
  """Reads regions that a person drew or changed in ImageJ.

  A pixel belongs to a region if its middle is inside, as in ImageJ. A region in
  several pieces is as many objects.

  Args:
    path: of a .zip that the ROI Manager saved, or of the .roi of one region.
    shape: H, W of the image that they are of.

  Returns:
    Their objects; none of a set without regions.

  Raises:
    InputError: the file cannot be read, or a region has no area, is outside of
      the image, or of a kind that is not known.
  """
  path = pathlib.Path(path)
  ids = np.zeros(shape, np.int32)
  shared, names = np.zeros(shape, bool), []
  for number, roi in enumerate(_read(path), start=1):
    polygons = _polygons(path, roi)
    box = _box(polygons, shape)
    # In its box alone: a set may have thousands of regions.
    inside = _inside(roi, polygons, box)
    if not inside.any():
      raise file_error(
        path,
        f'the region {roi.name!r} has no pixel of the image of {shape[0]} x '
        f'{shape[1]} pixels',
        'see that the set is of this image, or delete the region',
      )
    shared[box] |= inside & (ids[box] > 0)
    ids[box][inside] = number
    names.append(roi.name)
  seen = set(np.unique(ids).tolist())
  return Regions(
    objects_of_ids(ids),
    int(np.count_nonzero(shared)),
    tuple(n for i, n in enumerate(names, start=1) if i not in seen),
  )


def _read(path: pathlib.Path) -> list[roifile.ImagejRoi]:
  """The regions of a file, in its order."""
  try:
    if path.suffix.lower() == '.zip':
      with zipfile.ZipFile(path) as archive:
        others = [
          n for n in archive.namelist() if not n.lower().endswith('.roi')
        ]
      if others:
        raise file_error(
          path,
          f'it holds {others[0]}, which is no region',
          "save the set by ImageJ's ROI Manager: More, Save",
        )
    found = roifile.roiread(path)
  except InputError:
    raise
  except _ERRORS as error:
    raise file_error(
      path,
      f'it is no set of regions, or damaged ({error})',
      "save it again by ImageJ's ROI Manager: More, Save",
    ) from error
  return found if isinstance(found, list) else [found]


def _polygons(path: pathlib.Path, roi: roifile.ImagejRoi) -> list[np.ndarray]:
  """Around a region, x before y; of an oval, the rectangle around it."""
  kind = roi.roitype
  if roi.multi_coordinates is not None:
    return _parts(path, roi)
  if kind in _WITH_CORNERS and roi.n_coordinates:
    return [np.asarray(roi.coordinates(), float)]
  round_corners = kind == roifile.ROI_TYPE.RECT and roi.rounded_rect_arc_size
  if kind in _RECTANGLES and not round_corners:
    # In whole pixels, as ImageJ measures also what was drawn finer.
    left, top, right, bottom = roi.left, roi.top, roi.right, roi.bottom
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return [np.array(corners, float)]
  what = 'rectangle with round corners' if round_corners else kind.name.lower()
  raise file_error(
    path,
    f'the region {roi.name!r} is of the kind {what}, which has no area that is '
    'read here',
    'draw it as a polygon, freehand, oval or rectangle, or delete it',
  )


def _box(
  polygons: list[np.ndarray], shape: tuple[int, int]
) -> tuple[slice, slice]:
  """Rows and columns of the image that the polygons are in."""
  corners = np.concatenate(polygons)
  sides = np.array(shape[::-1])
  first = np.clip(np.floor(corners.min(axis=0)), 0, sides).astype(int)
  after = np.clip(np.ceil(corners.max(axis=0)), 0, sides).astype(int)
  return slice(first[1], after[1]), slice(first[0], after[0])


def _inside(
  roi: roifile.ImagejRoi,
  polygons: list[np.ndarray],
  box: tuple[slice, slice],
) -> np.ndarray:
  """bool, of the box: pixels whose middle is in the region."""
  rows, columns = box
  corner = np.array([columns.start, rows.start])
  shape = rows.stop - rows.start, columns.stop - columns.start
  if roi.roitype != roifile.ROI_TYPE.OVAL:
    return pixels_inside([one - corner for one in polygons], shape)
  (left, top), (right, bottom) = polygons[0][0], polygons[0][2]
  y, x = np.ogrid[rows, columns]
  # An oval without a width has no pixel, and nothing is divided by 0.
  x = (2 * x + 1 - left - right) / max(right - left, 0.5)
  y = (2 * y + 1 - top - bottom) / max(bottom - top, 0.5)
  return x**2 + y**2 <= 1


def _parts(path: pathlib.Path, roi: roifile.ImagejRoi) -> list[np.ndarray]:
  """The polygons of a composite region."""
  try:
    parts = [np.asarray(one, float) for one in roi.coordinates(multi=True)]
    # Without one, there is no box either.
    np.concatenate(parts)
    return parts
  except _ERRORS as error:
    raise file_error(
      path,
      f'the region {roi.name!r} has curves or is damaged ({error})',
      'in ImageJ, Edit, Selection, Interpolate makes a polygon of it',
    ) from error
