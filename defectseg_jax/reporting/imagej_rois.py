"""Objects of a mask as regions of interest (ROI) for ImageJ."""

import io
import os
import pathlib
import zipfile

import numpy as np
import roifile
from scipy import ndimage

from defectseg_jax.errors import file_error
from defectseg_jax.files import write_whole
from defectseg_jax.micrographs.outlines import outlines

# ImageJ keeps the box of a region in 16 bits with a sign, and counts the
# corners of a polygon in 16 without.
LARGEST_COORDINATE_PX = 2**15 - 1
_MOST_CORNERS = 2**16 - 1
# How a path that has several parts is stored: as java.awt.geom.PathIterator.
_MOVE_TO, _LINE_TO, _CLOSE = 0, 1, 4
_VERSION = 227  # What ImageJ 1.52 writes; later ones add nothing used here.


def write_rois(
  path: str | os.PathLike, labels: np.ndarray, *, position: int = 0
) -> None:
  """Writes a .zip that ImageJ's ROI Manager opens, a region for each object.

  A region is a traced polygon along the edges of its pixels, as ImageJ's wand
  makes them, so that ImageJ measures exactly its area. An object with
  holes, or in several pieces, becomes a composite region of several polygons,
  because one polygon would count the holes too.

  The same labels give the same bytes, and the file is written whole or not at
  all. A set without objects is a .zip without entries.

  Args:
    path: ends in .zip; replaced if it exists.
    labels: integers [H, W], the id at each pixel, 0 in the background. The
      regions are named by id, in its order.
    position: the image of a stack that they belong to, from 1 on; 0 without a
      stack.

  Raises:
    InputError: the image is larger than ImageJ's regions can be.

  Examples:
    >>> import tempfile
    >>> labels = np.zeros((8, 8), np.int32)
    >>> labels[1:3, 1:3], labels[5:8, 4:8] = 1, 2
    >>> path = pathlib.Path(tempfile.mkdtemp()) / 'foil.zip'
    >>> write_rois(path, labels)
    >>> [roi.name for roi in roifile.roiread(path)]
    ['1', '2']
  """
  path = pathlib.Path(path)
  if max(labels.shape) > LARGEST_COORDINATE_PX:
    raise file_error(
      path,
      f"ImageJ's regions end at {LARGEST_COORDINATE_PX} pixels, the image has"
      f' {labels.shape[0]} x {labels.shape[1]}',
      'cut the micrograph into smaller ones',
    )
  content = io.BytesIO()
  with zipfile.ZipFile(content, 'w') as archive:
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
      if box is None:
        continue
      offset = np.array([box[1].start, box[0].start])
      polygons = [one + offset for one in outlines(labels[box] == label)]
      roi = _roi(polygons, name=str(label), position=position)
      archive.writestr(_entry(f'{label}.roi'), roi.tobytes())
  with write_whole(path) as temporary:
    temporary.write_bytes(content.getbuffer())


def _entry(name: str) -> zipfile.ZipInfo:
  """Without a time or a system, so that the same content is the same bytes."""
  entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
  entry.create_system = 0
  return entry


def _roi(
  polygons: list[np.ndarray], *, name: str, position: int
) -> roifile.ImagejRoi:
  corners = np.concatenate(polygons)
  left, top = (int(value) for value in corners.min(axis=0))
  right, bottom = (int(value) for value in corners.max(axis=0))
  roi = roifile.ImagejRoi(
    version=_VERSION,
    name=name,
    position=position,
    left=left,
    top=top,
    right=right,
    bottom=bottom,
  )
  if len(polygons) == 1 and len(corners) <= _MOST_CORNERS:
    roi.roitype = roifile.ROI_TYPE.TRACED
    roi.n_coordinates = len(corners)
    roi.integer_coordinates = (corners - [left, top]).astype(np.int32)
  else:
    roi.roitype = roifile.ROI_TYPE.RECT
    roi.multi_coordinates = np.concatenate([_part(one) for one in polygons])
    roi.shape_roi_size = len(roi.multi_coordinates)
  return roi


def _part(polygon: np.ndarray) -> np.ndarray:
  """float32: (operation, x, y) for each corner, and the one that closes it."""
  steps = np.full((len(polygon), 3), _LINE_TO, np.float32)
  steps[0, 0] = _MOVE_TO
  steps[:, 1:] = polygon
  return np.append(steps.ravel(), np.float32(_CLOSE))
