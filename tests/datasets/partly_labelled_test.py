"""Micrographs that are labelled in part, and labels as programs write them."""

import json

import numpy as np
import pytest
import roifile
import tifffile
import tiny
from builders import create_builder
from PIL import Image

from defectseg_jax.datasets import pipeline
from defectseg_jax.datasets.pipeline import Patches, Region
from defectseg_jax.datasets.regions import around_labelled
from defectseg_jax.errors import InputError

ROWS, COLUMNS = slice(40, 200), slice(20, 150)


@pytest.fixture
def part():
  labelled = np.zeros((256, 256), bool)
  labelled[ROWS, COLUMNS] = True
  return labelled


def save(path, pixels):
  path.parent.mkdir(exist_ok=True)
  Image.fromarray(pixels).save(path)


def third_value(folder, part):
  mask = tiny.foil(seed=0)[1]
  save(folder / 'masks' / 'a.png', np.where(part, mask, np.uint8(128)))


def ignore(folder, part):
  save(folder / 'ignore' / 'a_mask.png', np.where(part, 0, 255).astype('u1'))


def valid(folder, part):
  save(folder / 'valid' / 'a.png', part.astype('u1'))


def region_of_imagej(folder, part):
  (folder / 'valid').mkdir()
  roifile.ImagejRoi(
    roitype=roifile.ROI_TYPE.RECT,
    name='corner',
    **{'left': 20, 'right': 150, 'top': 40, 'bottom': 200},
  ).tofile(folder / 'valid' / 'a.roi')


def region_of_labelme(folder, part):
  (folder / 'valid').mkdir()
  corners = [[20, 40], [150, 200]]
  shape = {'label': 'roi', 'shape_type': 'rectangle', 'points': corners}
  content = {'shapes': [shape], 'imageHeight': 256, 'imageWidth': 256}
  (folder / 'valid' / 'a.json').write_text(json.dumps(content))


def region_in_the_same_file(folder, part):
  """Outlines, and a rectangle that is called roi."""
  mask = tiny.foil(seed=0)[1] > 0
  shapes = [
    {
      'label': 'roi',
      'shape_type': 'rectangle',
      'points': [[20, 40], [150, 200]],
    }
  ]
  for row, column in np.argwhere(mask & part).tolist():
    corners = [[column, row], [column + 1, row + 1]]
    shapes.append(
      {
        **{'label': 'void', 'shape_type': 'rectangle', 'points': corners},
        'group_id': 1,
      }
    )
  (folder / 'masks' / 'a.png').unlink()
  content = {'shapes': shapes, 'imageHeight': 256, 'imageWidth': 256}
  (folder / 'masks' / 'a.json').write_text(json.dumps(content))


WAYS = [
  *(third_value, ignore, valid, region_of_imagej, region_of_labelme),
  region_in_the_same_file,
]


@pytest.mark.parametrize('say', WAYS)
def test_a_part_can_be_labelled(config, folder, part, say):
  name = create_builder(config).builder_config.name
  say(folder, part)
  made = create_builder(config)
  assert made.builder_config.name != name
  (region,) = pipeline.read_regions(made, 'train')
  pixels, mask = tiny.foil(seed=0)
  np.testing.assert_array_equal(region.image, pixels)
  np.testing.assert_array_equal(region.labelled, part)
  np.testing.assert_array_equal(region.mask, (mask > 0) & part)
  (whole,) = pipeline.read_regions(made, 'dev')
  assert whole.labelled is None


def test_a_value_that_is_not_labelled_can_be_named(config, folder, part):
  mask = tiny.foil(seed=0)[1] > 0
  for name in 'abc':
    values = np.where(part, 1 + mask, 0).astype('u1')
    save(folder / 'masks' / f'{name}.png', values)
  with pytest.raises(InputError, match='--mask_class=2'):
    create_builder(config)
  config.data.mask_class, config.data.mask_ignore = '2', '0'
  (region,) = pipeline.read_regions(create_builder(config), 'train')
  np.testing.assert_array_equal(region.labelled, part)
  np.testing.assert_array_equal(region.mask, mask & part)


def test_what_is_not_labelled_has_no_weight(part):
  rng = np.random.default_rng(0)
  image = rng.normal(size=(256, 256)).astype(np.float32)
  region = Region(image, part.astype('u1'), 'a', labelled=part)
  for order in ('random', 'tiled'):
    patches = Patches([region], patch_px=64, order=order, seed=1)
    stream = patches.batches(batch_size=patches.count, first_step=0)
    batch = next(stream)
    # The mask was made the same as what is labelled.
    np.testing.assert_array_equal(batch['mask'], batch['weight'])
    assert batch['weight'].any(axis=(1, 2, 3)).all()
  # A tile each 64 of 160 x 130 pixels, in eight orientations.
  assert patches.count == 3 * 3 * 8


def test_a_small_part_is_seen_with_what_is_around_it():
  image = np.arange(256.0**2, dtype=np.float32).reshape(256, 256)
  labelled = np.zeros((256, 256), bool)
  labelled[250:, 100:110] = True
  region = Region(image, labelled.astype('u1'), 'a', labelled=labelled)
  patches = Patches([region], patch_px=64, order='random', seed=1)
  batch = next(patches.batches(batch_size=4, first_step=0))
  assert patches.count == 1
  for pixels, weight in zip(batch['image'], batch['weight'], strict=True):
    assert weight.sum() == 60
    # Not mirrored: all pixels are different ones.
    assert len(np.unique(pixels)) == 64 * 64
    assert set(pixels[weight > 0]) == set(image[labelled])


@pytest.mark.parametrize('first', [0, 3, 97, 190, 255])
def test_the_box_around_what_is_labelled_holds_a_patch(first):
  labelled = np.zeros((256, 40), bool)
  labelled[first, 7:9] = True
  rows, columns = around_labelled(labelled, least_px=64)
  assert rows.stop - rows.start == 64 and rows.start <= first < rows.stop
  assert rows.start >= 0 and rows.stop <= 256
  assert columns == slice(0, 40)


def test_a_labelled_part_is_divided_as_a_micrograph_is(config, folder, part):
  (folder / 'splits.csv').unlink()
  for name in 'bc':
    for kind in ('images', 'masks'):
      (folder / kind / f'{name}.png').unlink()
  ignore(folder, part)
  made = create_builder(config)
  found = {
    split: pipeline.read_regions(made, split)
    for split in ('train', 'dev', 'test')
  }
  assert [len(one) for one in found.values()] == [3, 1, 1]
  everything = [one for regions in found.values() for one in regions]
  assert all(one.labelled is None for one in everything)
  assert sum(one.mask.size for one in everything) == part.sum()
  (test,) = found['test']
  pixels, mask = tiny.foil(seed=0)
  assert test.name == 'a@120,117'
  np.testing.assert_array_equal(test.image, pixels[120:200, 117:150])
  np.testing.assert_array_equal(test.mask, mask[120:200, 117:150] // 255)


def test_a_split_without_a_label_is_said(config, folder, part):
  (folder / 'splits.csv').unlink()
  part[110:, 80:] = False
  ignore(folder, part)
  with pytest.raises(InputError, match=r'a\.png: is labelled in part.*for dev'):
    create_builder(config)
  ignore(folder, part & False)
  with pytest.raises(InputError, match='no pixel of it is labelled'):
    create_builder(config)


def test_a_part_of_another_size_is_said(config, folder):
  save(folder / 'ignore' / 'a.png', np.zeros((9, 9), 'u1'))
  with pytest.raises(InputError, match=r'ignore/a\.png: 9 x 9 pixels, but'):
    create_builder(config)
  (folder / 'ignore' / 'a.png').rename(folder / 'ignore' / 'x.png')
  with pytest.raises(InputError, match=r'ignore/x\.png: has no image'):
    create_builder(config)


def test_objects_that_touch_have_a_gap(config, folder):
  ids = np.zeros((256, 256), np.uint16)
  ids[50:70, 50:70], ids[50:70, 70:90], ids[70:80, 60:80] = 4, 9, 300
  for one in range(4):
    ids[200, 20 * one : 20 * one + 5] = 500 + one
  tifffile.imwrite(folder / 'masks' / 'a_cp_masks.tif', ids)
  (folder / 'masks' / 'a.png').unlink()
  (region,) = pipeline.read_regions(create_builder(config), 'train')
  from scipy import ndimage

  found, count = ndimage.label(region.mask, np.ones((3, 3)))
  assert count == 7
  # One column of the second, and of the third two sides.
  assert region.mask.sum() == (ids > 0).sum() - 20 - 20
  assert (found[ids == 4] == found[50, 50]).all()


def test_a_stack_with_a_stack_of_masks(config, folder):
  foils = [tiny.foil(seed=seed) for seed in (5, 6, 7)]
  for kind, place in (('images', 0), ('masks', 1)):
    (folder / kind / 'a.png').unlink()
    stack = np.stack([one[place] for one in foils])
    name = 'a.tif' if kind == 'images' else 'a-labels.tif'
    tifffile.imwrite(folder / kind / name, stack, imagej=True)
  csv = folder / 'splits.csv'
  csv.write_text(csv.read_text().replace('a.png', 'a.tif'))
  found = pipeline.read_regions(create_builder(config), 'train')
  assert [one.name for one in found] == ['a[0]', 'a[1]', 'a[2]']
  for region, (pixels, mask) in zip(found, foils, strict=True):
    np.testing.assert_array_equal(region.image, pixels)
    np.testing.assert_array_equal(region.mask, mask // 255)
  tifffile.imwrite(folder / 'masks' / 'a-labels.tif', foils[0][1])
  with pytest.raises(InputError, match=r'holds 3 images, and .* 1 masks'):
    create_builder(config)


def test_what_lies_beside_masks_is_passed_over(config, folder):
  name = create_builder(config).builder_config.name
  for file in ('a_cp_outlines.txt', 'notes.md', 'b.xml'):
    (folder / 'masks' / file).write_text('outlines')
  assert create_builder(config).builder_config.name == name
  (folder / 'masks' / 'c.png').unlink()
  (folder / 'masks' / 'c.gif').write_bytes(b'GIF89a')
  with pytest.raises(InputError, match=r"c\.gif: the suffix '\.gif' is not kn"):
    create_builder(config)
