"""A set of ImageJ's regions -> shapes, in the process that may crash of it."""

import pathlib
import struct
import zipfile
import zlib

import numpy as np
import roifile

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.annotations.shapes import Annotation, Shape
from defectseg_jax.micrographs.painting import FARTHEST_PX
from defectseg_jax.micrographs.regular_files import size_to_read

SUFFIXES = ('.zip', '.roi')
OVAL, OF_CORNERS = 'oval', 'corners'
"""What the labels of the shapes say: how their pixels are found."""

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


def parse_regions(path: pathlib.Path) -> list[Annotation]:
  """The regions of a file, as one annotation of an image of unknown size.

  Args:
    path: of a .zip that the ROI Manager saved, or of the .roi of one region.

  Returns:
    Shapes of one part, labelled by how they are painted; their code is the
    slice, from 1 on, or 0 of a region that is of all slices.

  Raises:
    InputError: the file cannot be read, or a region is damaged, has no area, or
      is of a kind that is not known.
  """
  return [Annotation('', None, tuple(_shape(path, r) for r in _read(path)))]


def _shape(path: pathlib.Path, roi: roifile.ImagejRoi) -> Shape:
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
  of_slice = max(roi.position, roi.z_position, roi.t_position)
  label = OVAL if roi.roitype == roifile.ROI_TYPE.OVAL else OF_CORNERS
  return Shape(label, roi.name, (tuple(polygons),), code=str(of_slice))


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
