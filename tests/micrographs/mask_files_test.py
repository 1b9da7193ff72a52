"""Names of masks, as labelling programs give them."""

import pathlib

import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_files import (
  image_of_mask,
  mask_files,
  mask_of_image,
  masks_of_images,
)


@pytest.mark.parametrize(
  'name',
  [
    *('x', 'x_mask', 'x_masks', 'x_cp_masks', 'x_seg', 'x-labels'),
    *('x_Simple Segmentation', 'x_simple_segmentation', 'x_MASK', 'x.mask'),
    *('x_Object Identities', 'x-mask', 'x mask', 'x_labels', 'x_label'),
    *('x-lbl', 'x_gt', 'x_RoiSet', 'x_annotations', 'x_segmentation'),
    *('Mask of x', 'Count Masks of x', 'Count Masks of x.tif', 'x.tif'),
    *('x.dm4_mask', 'x.dm4', 'x_cp_masks_label'),
  ],
)
def test_what_programs_add_is_known(name):
  assert image_of_mask(name, ['w', 'x']) == 'x'
  assert image_of_mask(name, {'x': pathlib.Path('images/x.dm4')}) == 'x'


@pytest.mark.parametrize('name', ['xmask', 'x2', 'x_2', 'y_mask', 'x_old', ''])
def test_other_names_are_of_no_image(name):
  assert image_of_mask(name, ['x']) is None


def test_the_full_name_comes_first():
  assert image_of_mask('x_mask', ['x', 'x_mask']) == 'x_mask'
  assert image_of_mask('x_mask_mask', ['x', 'x_mask']) == 'x_mask'
  # Stems with dots, and one that ends as a program's.
  assert image_of_mask('foil_1.5um_mask', ['foil_1', 'foil_1.5um']) == (
    'foil_1.5um'
  )
  assert image_of_mask('foil_seg', ['foil_seg']) == 'foil_seg'


def files(*names):
  return mask_files(map(pathlib.Path, names), where='--input')


def test_an_image_has_one_mask():
  found = masks_of_images(
    files('m/a_mask.png', 'm/b.tif'), {n: pathlib.Path(n) for n in 'abc'}
  )
  assert {n: one.path.name for n, one in found.items()} == {
    'a': 'a_mask.png',
    'b': 'b.tif',
  }
  with pytest.raises(InputError, match=r'both the mask of a;'):
    masks_of_images(
      files('m/a_mask.png', 'm/a.tif'), {'a': pathlib.Path('a.tif')}
    )
  with pytest.raises(InputError, match='have the same name'):
    files('m/a.png', 'm/a.tif')


def test_a_stack_of_masks_is_of_the_images_of_a_stack():
  masks = files('z_mask.tif', 'y[1]_mask.png')
  assert mask_of_image(masks, 'z[2]')[1] == 2
  file, place = mask_of_image(masks, 'y[1]')
  assert (file.path.name, place) == ('y[1]_mask.png', None)
  assert mask_of_image(masks, 'y[0]') is None


def test_what_cellpose_keeps_beside_its_masks_is_passed_over():
  images = {'a': pathlib.Path('a.tif')}
  names = ('m/a_seg.npy', 'm/a_cp_masks.png')
  for order in (names, names[::-1]):
    found = masks_of_images(files(*order), images)
    assert found['a'].path.name == 'a_cp_masks.png'
  assert masks_of_images(files('m/a_seg.npy'), images)['a'].path.name == (
    'a_seg.npy'
  )
