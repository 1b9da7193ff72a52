"""A set of ImageJ's regions of interest (ROI) -> numbered objects."""

import os
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import roifile

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.painting import (
  FARTHEST_PX,
  Box,
  Drawn,
  Regions,
  box_of,
  paint,
)
from defectseg_jax.micrographs.polygons import pixels_inside
from defectseg_jax.micrographs.regular_files import size_to_read

SUFFIXES = ('.zip', '.roi')
# What roifile and zipfile raise of a file that is damaged or something else.
_ERRORS = (
  EOFError,
  IndexError,
  NotImplementedError,
  OSError,
  RuntimeError,
  TypeError,  # before roifile 2026.11, of one that ends too soon
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
# By eye: a hundred thousand regions of many corners.
_MOST_BYTES = 2**28
_RECTANGLES = (roifile.ROI_TYPE.RECT, roifile.ROI_TYPE.OVAL)


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
  rois = _read(path)
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
      _drawn(path, [r for r in rois if _slice_of(r) in (0, number)], shape),
      shape,
      path=path,
    )
    for number in range(1, images + 1)
  ]


def _slice_of(roi: roifile.ImagejRoi) -> int:
  """Counted from 1; 0 of a region that is of all slices."""
  return max(roi.position, roi.z_position, roi.t_position)


def _drawn(
  path: pathlib.Path, rois: Sequence[roifile.ImagejRoi], shape: tuple[int, int]
) -> Iterator[Drawn]:
  for roi in rois:
    # A damaged number may be a NaN of which NumPy warns.
    with np.errstate(invalid='ignore'):
      polygons = _polygons(path, roi)
    corners = np.concatenate([np.zeros((0, 2)), *polygons])
    if not len(corners) or not (np.abs(corners) < FARTHEST_PX).all():
      raise file_error(
        path,
        f'the region {roi.name!r} has no corners, or some that are no numbers '
        'or far outside of any image',
        'draw it again, or delete it',
      )
    box = box_of(polygons, shape)
    # In its box alone: a set may have thousands of regions.
    yield Drawn(roi.name, box, _inside(roi, polygons, box))


def _read(path: pathlib.Path) -> list[roifile.ImagejRoi]:
  """The regions of a file, in its order."""
  unpacked, names = size_to_read(path), []
  try:
    if path.suffix.lower() == '.zip':
      with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        # No more of an entry is unpacked than is said here.
        unpacked = sum(entry.file_size for entry in archive.infolist())
    others = [name for name in names if not name.lower().endswith('.roi')]
    if others:
      raise file_error(
        path,
        f'it holds {others[0]}, which is no region',
        "save the set by ImageJ's ROI Manager: More, Save",
      )
    if unpacked > _MOST_BYTES:
      raise file_error(
        path,
        f'its regions have {unpacked} bytes, and {_MOST_BYTES} are read',
        'save fewer regions in one set, or see whether it is damaged',
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


def _inside(
  roi: roifile.ImagejRoi,
  polygons: list[np.ndarray],
  box: Box,
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
