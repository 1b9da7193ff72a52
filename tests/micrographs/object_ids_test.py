"""Masks that number their objects, and images that only look so."""

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.masks import read_mask, read_object_mask
from defectseg_jax.micrographs.object_ids import objects_of_ids, why_not_ids
from defectseg_jax.micrographs.writing import write_object_mask

IDS = np.zeros((20, 30), np.int32)
IDS[2:8, 2:8], IDS[2:8, 8:12], IDS[12:18, 20:26] = 5, 3, 900


@pytest.mark.parametrize('kind', ['u1', 'u2', 'i4', 'f4'])
@pytest.mark.parametrize('name', ['a.png', 'a.tif', 'a.npy'])
def test_numbered_objects_are_read(tmp_path, name, kind):
  ids = (IDS % 251).astype(kind)
  path = tmp_path / name
  if name.endswith('png'):
    Image.fromarray(ids.astype('u1' if kind == 'u1' else 'u2')).save(path)
  elif name.endswith('tif'):
    tifffile.imwrite(path, ids)
  else:
    np.save(path, ids)
  objects = read_object_mask(path)
  np.testing.assert_array_equal(objects.mask, IDS > 0)
  assert [objects.ids[row, 5] for row in (0, 5)] == [0, 1]
  assert objects.ids[5, 9] == 2 and objects.ids[14, 22] == 3
  np.testing.assert_array_equal(read_mask(path), IDS > 0)


def test_numbers_of_a_palette_are_read(tmp_path):
  """As programs for labels write them, each object in a colour of its own."""
  image = Image.fromarray((IDS % 251).astype(np.uint8))
  image.putpalette(np.random.default_rng(0).integers(0, 255, 768).tolist())
  image.save(tmp_path / 'a.png')
  assert read_object_mask(tmp_path / 'a.png').ids.max() == 3


def test_objects_that_do_not_touch_need_no_numbers():
  apart = np.where(IDS == 3, 0, IDS)
  assert objects_of_ids(apart).ids is None
  assert objects_of_ids(IDS).same_as(objects_of_ids(IDS * 2))
  assert not objects_of_ids(IDS).same_as(objects_of_ids(1 * (IDS > 0)))


def test_what_is_written_is_read(tmp_path):
  for objects in (objects_of_ids(IDS), objects_of_ids(1 * (IDS > 0))):
    write_object_mask(tmp_path / 'a.tif', objects, pixel_size_nm=0.3)
    assert read_object_mask(tmp_path / 'a.tif').same_as(objects)


def smooth():
  """An outline with greys, as a soft brush or JPEG leaves it."""
  mask = np.zeros((40, 40))
  mask[10:30, 12:28] = 255
  return ndimage.gaussian_filter(mask, 1).astype(np.uint8)


@pytest.mark.parametrize(
  ('values', 'why'),
  [
    (smooth(), 'white'),
    (np.random.default_rng(0).integers(0, 200, (30, 30)), 'places'),
    (smooth() // 2, 'places'),
    (np.array([[0, 7, 7]]), 'of one value only'),
    (np.arange(40).reshape(5, 8), 'single pixel'),
    (np.array([[0, 0.5, 1]]), '0.5 is no whole number'),
    (np.array([[0, np.nan, 1]]), 'nan is no whole number'),
    (np.array([[0, -3, 1]]), '-3 is no whole number'),
    # Classes, of which one has several objects.
    (np.array([[1, 0, 2, 2, 0, 1]]), '1 is in 2 places'),
    (np.array([[3, 3, 2]]), 'there is no 0'),
  ],
)
def test_greys_and_classes_are_no_numbers_of_objects(tmp_path, values, why):
  assert why in why_not_ids(np.asarray(values))
  np.save(tmp_path / 'a.npy', values)
  with pytest.raises(InputError, match=r'which are no numbers of objects eith'):
    read_object_mask(tmp_path / 'a.npy')
