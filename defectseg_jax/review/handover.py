"""What other programs take of a review, as one file that a browser saves.

| kind | file | what it holds |
|---|---|---|
| masks | .zip | NAME.tif: 0 and 255 |
| ids | .zip | NAME.tif: the number of the object at each pixel |
| rois | .zip | NAME.zip: a set of regions for ImageJ's ROI Manager |
| coco | .json | run lengths of each object, of all images |
| training | .zip | a folder for --mode=train, of the images that are accepted |
"""

import json
import pathlib
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from scipy import ndimage

import defectseg_jax
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.object_ids import objects_of_ids
from defectseg_jax.micrographs.writing import (
  write_mask,
  write_object_mask,
  write_tiff,
)
from defectseg_jax.reporting.imagej_rois import write_rois
from defectseg_jax.review.document import Document
from defectseg_jax.review.review import Review
from defectseg_jax.sessions.image_files import in_smallest_type

# The names of the files that are handed over.
FILE_NAMES = {
  'masks': 'masks.zip',
  'ids': 'ids.zip',
  'rois': 'rois.zip',
  'coco': 'coco.json',
  'training': 'training.zip',
}
# What TIFF of ImageJ can number.
_MOST_IDS = 2**16 - 1
# What docs/labels.md calls a shape inside of which nothing is labelled.
_IGNORE = 'ignore'

Writer = Callable[[pathlib.Path], object]


def write(review: Review, kind: str, stream: BinaryIO) -> None:
  """Writes what a kind holds of all images, as they are corrected now.

  Args:
    review: whose images they are.
    kind: one of `FILE_NAMES`.
    stream: to write to.

  Raises:
    InputError: there is no such kind; an image has too many objects for it; or
      no image is accepted, to be trained on.
  """
  if kind not in FILE_NAMES:
    raise InputError(
      f'{kind}: nothing of the kind can be handed over; choose one of '
      f'{", ".join(FILE_NAMES)}'
    )
  names = [one.name for one in review.images]
  if kind == 'training':
    names = [one.name for one in review.images if one.done]
    if not names:
      raise InputError(
        'training: no image is accepted yet; accept those whose objects are '
        'right'
      )
  documents = (review.document(name) for name in names)
  if kind == 'coco':
    stream.write(json.dumps(coco(documents, review.defect)).encode())
    return
  with (
    zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED) as archive,
    tempfile.TemporaryDirectory() as scratch,
  ):
    for document in documents:
      for name, write_file in _writers(document, kind).items():
        made = pathlib.Path(scratch, pathlib.Path(name).name)
        write_file(made)
        archive.write(made, name)
        made.unlink()


def training_writers(document: Document) -> dict[str, Writer]:
  """The files of an image in a folder to train on, and what writes each.

  Args:
    document: an image that is accepted: what stands in its regions does not
      count, and all else is labelled.

  Returns:
    By path below the folder.
  """
  with document.lock:
    objects = objects_of_ids(document.ids)
    regions, size_nm = document.regions.copy(), document.pixel_size_nm
    pixels = in_smallest_type(document.pixels)
  tiff, size = f'{document.name}.tif', {'pixel_size_nm': size_nm}
  writers: dict[str, Writer] = {
    f'images/{tiff}': lambda path: write_tiff(path, pixels, **size),
    f'masks/{tiff}': lambda path: write_object_mask(path, objects, **size),
  }
  if (regions == 1).any():
    writers[f'ignore/{tiff}'] = lambda p: write_mask(p, regions == 1, **size)
  if (regions == 2).any():
    writers[f'valid/{tiff}'] = lambda p: write_mask(p, regions != 2, **size)
  return writers


def coco(documents: Iterator[Document], defect: str) -> dict[str, Any]:
  """All objects in the form of COCO, with run lengths, which are exact.

  A polygon has no holes there, and programs disagree on its pixels. What is not
  labelled is a crowd of the category `ignore`, which scores leave out.

  Args:
    documents: the images.
    defect: name of the category.

  References:
    Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, and
    https://cocodataset.org/#format-data
  """
  images: list[dict[str, Any]] = []
  annotations: list[dict[str, Any]] = []
  for number, document in enumerate(documents, start=1):
    with document.lock:
      ids, unknown = document.ids.copy(), document.regions == 1
    height, width = ids.shape
    images.append(
      {
        'id': number,
        'file_name': f'{document.name}.tif',
        'height': height,
        'width': width,
      }
    )
    for one in [*_instances(ids), *_instances(unknown.astype(np.int32), 2)]:
      place = {'id': len(annotations) + 1, 'image_id': number}
      annotations.append(place | one)
  program = f'defectseg_jax {defectseg_jax.__version__}'
  return {
    'info': {'description': f'{defect}, by {program}'},
    'images': images,
    'annotations': annotations,
    'categories': [{'id': 1, 'name': defect}, {'id': 2, 'name': _IGNORE}],
  }


def _writers(document: Document, kind: str) -> dict[str, Writer]:
  if kind == 'training':
    return training_writers(document)
  name, size_nm = document.name, document.pixel_size_nm
  with document.lock:
    ids = document.ids.copy()
  if kind == 'masks':
    return {
      f'{name}.tif': lambda p: write_mask(p, ids > 0, pixel_size_nm=size_nm)
    }
  numbered = _from_one(ids)
  if kind == 'rois':
    return {f'{name}.zip': lambda path: write_rois(path, numbered)}
  if numbered.max() > _MOST_IDS:
    raise InputError(
      f'{name}: has {numbered.max()} objects, and a TIFF can number '
      f'{_MOST_IDS}; take its masks or COCO'
    )
  pixels = numbered.astype(np.uint16)
  return {f'{name}.tif': lambda p: write_tiff(p, pixels, pixel_size_nm=size_nm)}


def _from_one(ids: np.ndarray) -> np.ndarray:
  """The same objects, numbered without a gap: ids of edits have gaps."""
  known, inverse = np.unique(np.append(0, ids), return_inverse=True)
  assert known[0] == 0
  return inverse[1:].reshape(ids.shape).astype(np.int32)


def _instances(ids: np.ndarray, category: int = 1) -> Iterator[dict[str, Any]]:
  for number, box in enumerate(ndimage.find_objects(ids), start=1):
    if box is None:
      continue
    region = ids[box] == number
    top, left = box[0].start, box[1].start
    yield {
      'category_id': category,
      'segmentation': {
        'size': list(ids.shape),
        'counts': _run_lengths(region, top, left, ids.shape),
      },
      'area': int(region.sum()),
      'bbox': [left, top, region.shape[1], region.shape[0]],
      'iscrowd': int(category == 2),
    }


def _run_lengths(
  region: np.ndarray, top: int, left: int, shape: tuple[int, ...]
) -> list[int]:
  """Runs down the columns of the whole image, which begin with background."""
  columns, rows = np.nonzero(region.T)
  places = (columns + left) * shape[0] + rows + top
  begins = np.append(True, np.diff(places) > 1)
  ends = np.append(begins[1:], True)
  borders = np.stack([places[begins], places[ends] + 1], axis=1).ravel()
  whole = shape[0] * shape[1]
  runs = np.diff(np.concatenate([[0], borders, [whole]])).tolist()
  # A last run of no background is not written.
  return runs if runs[-1] else runs[:-1]
