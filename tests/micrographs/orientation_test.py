"""A picture that is shown turned is read turned, and so is its mask."""

import logging

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from defectseg_jax.micrographs import reading
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.masks import read_masks

# No symmetry; smooth, so that JPEG keeps it.
_GREY = np.add.outer(np.arange(24) * 4, np.arange(40) * 3).astype(np.uint8)
_GREY[:8, :8] = 250


def _write(path, pixels, orientation):
  image = Image.fromarray(pixels)
  if path.suffix == '.tif':
    tag = (274, 3, 1, orientation, True)
    tifffile.imwrite(path, pixels, extratags=[tag], metadata=None)
    return
  exif = Image.Exif()
  exif[274] = orientation
  image.save(path, exif=exif)


@pytest.mark.parametrize('orientation', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize('name', ['a.jpg', 'a.png', 'a.tif'])
def test_it_is_what_pillow_shows(tmp_path, name, orientation):
  path = tmp_path / name
  _write(path, _GREY, orientation)
  # Pillow turns the pixels of a TIFF before it has read them.
  picture = path if path.suffix != '.tif' else tmp_path / 'same.png'
  _write(picture, _GREY, orientation)
  with Image.open(picture) as image:
    shown = np.array(ImageOps.exif_transpose(image))
  (found,) = reading.read_micrographs(path)
  np.testing.assert_array_equal(found.pixels, shown)


def test_a_picture_fits_the_mask_that_was_drawn_on_it(tmp_path, caplog):
  """Whether the program that drew it turned it for good, or kept the tag."""
  _write(tmp_path / 'a.jpg', _GREY, 6)
  marked = (_GREY == 250).astype(np.uint8) * 255
  _write(tmp_path / 'kept.png', marked, 6)
  Image.fromarray(np.rot90(marked, -1)).save(tmp_path / 'turned.png')
  with caplog.at_level(logging.WARNING):
    (picture,) = reading.read_micrographs(tmp_path / 'a.jpg')
  assert 'a.jpg: its orientation tag (6) says' in caplog.text
  for name in ('kept', 'turned'):
    (mask,) = read_masks(MaskFile(tmp_path / f'{name}.png'))
    np.testing.assert_array_equal(mask.mask, picture.pixels > 240)


def test_pages_and_colours_are_turned_each_by_itself(tmp_path):
  path = tmp_path / 'a.tif'
  rgb = np.stack([_GREY] * 3, axis=-1)
  with tifffile.TiffWriter(path) as file:
    for pixels, orientation in ((_GREY, 8), (rgb, 3), (_GREY, 1)):
      tag = (274, 3, 1, orientation, True)
      file.write(pixels, extratags=[tag], metadata=None)
  turned, upside_down, plain = reading.read_micrographs(path)
  np.testing.assert_array_equal(turned.pixels, np.rot90(_GREY))
  np.testing.assert_allclose(upside_down.pixels, np.rot90(_GREY, 2))
  np.testing.assert_array_equal(plain.pixels, _GREY)
