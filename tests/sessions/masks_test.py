"""By which names a mask is known, with its micrograph and without."""

import numpy as np
import pytest
import tifffile

from defectseg_jax.errors import InputError
from defectseg_jax.sessions.masks import (
  MaskImages,
  mask_images,
  require_included,
)


def found(folder, *micrographs):
  given = mask_images(
    [str(folder)],
    [*map(str, micrographs)],
    pixel_size_nm=0.5,
    thickness_nm=100.0,
    calibration=None,
  )
  return {image.name: image for image in given.images}


def save(path, *shape):
  path.parent.mkdir(exist_ok=True)
  tifffile.imwrite(path, np.zeros(shape, np.uint8), photometric='minisblack')


@pytest.mark.parametrize(
  ('names', 'image'),
  [
    (['x_cp_masks'], 'x_cp_masks'),
    (['x_cp_masks.tif'], 'x_cp_masks'),
    (['x'], 'x_cp_masks'),
    (['x.dm4'], 'x_cp_masks'),
    (['z'], 'z_mask[0]'),
    (['z[1]'], 'z_mask[1]'),
    (['z_mask.tif'], 'z_mask[1]'),
    (['z_mask[1]'], 'z_mask[1]'),
    (['y_mask'], 'y_mask'),
  ],
)
def test_a_mask_is_called_as_its_image_is(tmp_path, names, image):
  save(tmp_path / 'masks' / 'x_cp_masks.tif', 9, 9)
  save(tmp_path / 'masks' / 'y.tif', 9, 9)
  save(tmp_path / 'masks' / 'y_mask.tif', 9, 9)
  save(tmp_path / 'masks' / 'z_mask.tif', 2, 9, 9)
  images = found(tmp_path / 'masks')
  assert images[image].is_named(names) == names[0]
  require_included(names, MaskImages([*images.values()]))


def test_a_name_of_another_image_is_not_its_own(tmp_path):
  save(tmp_path / 'masks' / 'y.tif', 9, 9)
  save(tmp_path / 'masks' / 'y_mask.tif', 9, 9)
  save(tmp_path / 'masks' / 'z_mask.tif', 2, 9, 9)
  images = found(tmp_path / 'masks')
  assert images['y_mask'].is_named(['y']) is None
  assert images['z_mask[0]'].is_named(['z[1]']) is None
  for name in ('z[2]', 'yy', 'z_masks.tif'):
    with pytest.raises(InputError, match='--input has no such mask'):
      require_included([name], MaskImages([*images.values()]))


def test_with_a_micrograph_it_has_that_ones_names(tmp_path):
  save(tmp_path / 'masks' / 'x_cp_masks.tif', 9, 9)
  save(tmp_path / 'images' / 'x.tif', 9, 9)
  image = found(tmp_path / 'masks', tmp_path / 'images')['x']
  assert image.is_named(['x.tif']) and image.is_named(['x'])
  assert image.is_named(['x_cp_masks']) is None


def test_what_is_not_labelled_is_found_by_the_images_name(tmp_path):
  """Where images/ is not there, the mask may be called otherwise."""
  save(tmp_path / 'masks' / 'x_cp_masks.tif', 9, 9)
  save(tmp_path / 'ignore' / 'x.tif', 9, 9)
  image = found(tmp_path)['x_cp_masks']
  assert image.ignore and image.ignore.path == tmp_path / 'ignore' / 'x.tif'
