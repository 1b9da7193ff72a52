"""What is handed over, read back by others than those who wrote it."""

import io
import json
import pathlib
import zipfile
from typing import Any

import numpy as np
import pytest
import roifile
import tifffile

from defectseg_jax.datasets.folder import labelled_files, read_labelled
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.annotations.coco import read_coco
from defectseg_jax.review import handover
from tests.review import fakes


def _document(**more):
  ids = np.zeros((300, 280), np.int32)
  ids[10:20, 10:30] = 7
  ids[20:30, 10:30] = 3  # Touches 7.
  ids[100:140, 200:280] = 12  # At the side, with a hole.
  ids[110:120, 210:220] = 0
  ids[299, 279] = 20  # The last pixel of all.
  regions = np.zeros(ids.shape, np.uint8)
  regions[200:250, :100], regions[:, 150:155] = 1, 2
  return fakes.document(ids, regions=regions, **more)


def _written(kind: str, *documents) -> bytes:
  stream = io.BytesIO()
  handover.write(fakes.review(*documents), kind, stream)
  return stream.getvalue()


def _archive(kind: str, *documents) -> zipfile.ZipFile:
  return zipfile.ZipFile(io.BytesIO(_written(kind, *documents)))


def _pixels_of(annotation) -> np.ndarray:
  """COCO's definition, written anew: one pixel after the other, by columns."""
  height, width = annotation['segmentation']['size']
  flat, value = [], 0
  for run in annotation['segmentation']['counts']:
    flat += [value] * run
    value = 1 - value
  assert len(flat) == height * width
  return np.array(flat, bool).reshape((height, width), order='F')


def test_coco_holds_the_pixels_of_each_object():
  document = _document()
  content = json.loads(_written('coco', document))
  (image,) = content['images']
  assert (image['height'], image['width']) == (300, 280)
  own = [one for one in content['annotations'] if one['category_id'] == 1]
  assert [one['iscrowd'] for one in own] == [0, 0, 0, 0]
  for one, number in zip(own, (3, 7, 12, 20), strict=True):
    pixels = _pixels_of(one)
    np.testing.assert_array_equal(pixels, document.ids == number)
    left, top, width, height = one['bbox']
    assert pixels[top : top + height, left : left + width].sum() == one['area']
  (rest,) = [one for one in content['annotations'] if one['category_id'] == 2]
  np.testing.assert_array_equal(_pixels_of(rest), document.regions == 1)
  assert rest['iscrowd'] == 1


def test_the_program_reads_its_own_coco():
  document = _document()
  (read,) = read_coco(json.loads(_written('coco', document)), 'coco.json')
  assert [shape.label for shape in read.shapes] == ['voids'] * 4 + ['ignore']
  np.testing.assert_array_equal(read.shapes[2].pixels, document.ids == 12)


def test_masks_and_ids_are_those_of_the_document():
  document = _document()
  with _archive('masks', document) as archive:
    mask = tifffile.imread(io.BytesIO(archive.read('foil.tif')))
  np.testing.assert_array_equal(mask, np.where(document.ids > 0, 255, 0))
  with _archive('ids', document) as archive:
    ids = tifffile.imread(io.BytesIO(archive.read('foil.tif')))
  assert ids.dtype == np.uint16
  for number, was in enumerate((3, 7, 12, 20), start=1):
    np.testing.assert_array_equal(ids == number, document.ids == was)


def test_regions_for_imagej_have_the_size_of_their_objects(tmp_path):
  with _archive('rois', _document()) as archive:
    (tmp_path / 'foil.zip').write_bytes(archive.read('foil.zip'))
  found: Any = roifile.roiread(tmp_path / 'foil.zip')
  assert [(one.name, one.right - one.left) for one in found] == [
    *(('1', 20), ('2', 20), ('3', 80), ('4', 1))
  ]


def test_training_takes_what_is_accepted_where_it_is_labelled(tmp_path):
  document = _document()
  open_one = fakes.document(np.ones((300, 280)), name='open', done=False)
  with _archive('training', document, open_one) as archive:
    archive.extractall(tmp_path)
  (file,) = labelled_files(tmp_path)
  ((micrograph, objects),) = read_labelled(file, rgb='refuse')
  assert micrograph.pixel_size_nm == pytest.approx(0.5)
  np.testing.assert_array_equal(micrograph.pixels, document.pixels)
  assert objects.labelled is not None
  np.testing.assert_array_equal(objects.labelled, document.regions == 0)
  np.testing.assert_array_equal(
    objects.mask, (document.ids > 0) & (document.regions == 0)
  )
  # Objects that touch stay two.
  assert objects.ids is not None and objects.ids[15, 15] != objects.ids[25, 15]


def test_nothing_to_train_on_is_said():
  with pytest.raises(InputError, match='no image is accepted yet'):
    _written('training', _document(done=False))
  with pytest.raises(InputError, match='choose one of masks, ids'):
    _written('pdf', _document())


def test_nothing_is_left_behind(tmp_path, monkeypatch):
  monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
  _written('masks', _document())
  assert not list(pathlib.Path(tmp_path).iterdir())
