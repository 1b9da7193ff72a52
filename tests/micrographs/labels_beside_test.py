"""Which files of one folder are images, and which are their outlines."""

import json
import zipfile

import numpy as np
import pytest
import roifile
import tifffile

from defectseg_jax.micrographs.labels_beside import masks_and_images
from defectseg_jax.micrographs.mask_files import mask_files


@pytest.fixture
def folder(tmp_path):
  """Two images; LabelMe's outlines of the first."""
  rng = np.random.default_rng(0)
  for name in 'xy':
    tifffile.imwrite(
      tmp_path / f'{name}.tif', rng.poisson(50, (20, 30)).astype(np.uint16)
    )
  (tmp_path / 'x.json').write_text(json.dumps({'shapes': []}))
  return tmp_path


def names(folder):
  found = masks_and_images(sorted(folder.iterdir()))
  return [[path.name for path in paths] for paths in found]


def test_all_images_of_such_a_folder_are_images(folder):
  assert names(folder) == [['x.json'], ['x.tif', 'y.tif']]


def test_elsewhere_all_are_masks(folder):
  (folder / 'x.json').rename(folder / 'z.json')
  assert names(folder) == [['x.tif', 'y.tif', 'z.json'], []]
  (folder / 'other').mkdir()
  (folder / 'z.json').rename(folder / 'other' / 'x.json')
  paths = [folder / 'x.tif', folder / 'other' / 'x.json']
  assert masks_and_images(paths) == (paths, [])


def test_a_mask_of_that_name_stays_a_mask(folder):
  """That two masks have one name is said where they are opened."""
  mask = np.zeros((20, 30), np.uint8)
  mask[3:9, 3:9] = 255
  tifffile.imwrite(folder / 'x.tif', mask)
  found = names(folder)
  assert found == [['x.json', 'x.tif'], ['y.tif']]


@pytest.mark.parametrize('name', ['x_RoiSet.zip', 'y.roi', 'annotations.json'])
def test_sets_of_regions_and_lists_of_images_likewise(folder, name):
  (folder / 'x.json').unlink()
  path = folder / name
  if name.endswith('json'):
    images = [{'id': 1, 'file_name': 'y.tif', 'height': 20, 'width': 30}]
    coco = {'images': images, 'annotations': [], 'categories': []}
    path.write_text(json.dumps(coco))
  elif name.endswith('zip'):
    zipfile.ZipFile(path, 'w').close()
  else:
    roifile.ImagejRoi.frompoints([[1, 1], [5, 1], [5, 5]]).tofile(path)
  assert names(folder) == [[name], ['x.tif', 'y.tif']]


def test_what_cellpose_saves_beside_an_image(folder):
  (folder / 'x.json').unlink()
  np.save(folder / 'x_seg.npy', {'masks': 3})
  ids = np.zeros((20, 30), np.uint8)
  ids[3:9, 3:9], ids[3:9, 9:12] = 1, 2
  tifffile.imwrite(folder / 'x_cp_masks.tif', ids)
  masks, images = masks_and_images(sorted(folder.iterdir()))
  assert [path.name for path in images] == ['x.tif', 'y.tif']
  assert [*mask_files(masks, where='')] == ['x_cp_masks']


def test_damaged_outlines_are_of_the_image_of_their_name(folder):
  (folder / 'x.json').write_text('{')
  assert names(folder)[1] == ['x.tif', 'y.tif']
