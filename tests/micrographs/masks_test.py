"""Masks that are accepted, and what is said of the others."""

import pathlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import masks, reading

_DATA = pathlib.Path(__file__).parents[2].parent / 'shared' / 'data'
_MASK = np.random.default_rng(3).random((6, 9)) > 0.5


def _refused(path, match):
  with pytest.raises(InputError, match=match) as caught:
    masks.read_mask(path)
  assert '\n' not in str(caught.value)
  assert str(path) in str(caught.value)


def _check(path, mask=_MASK):
  read = masks.read_mask(path)
  assert read.dtype == bool
  np.testing.assert_array_equal(read, mask)


@pytest.mark.parametrize(
  ('dtype', 'foreground'),
  [('u1', 1), ('u1', 255), ('u2', 65535), ('u2', 255), ('f4', 1), ('?', 1)],
)
@pytest.mark.parametrize('name', ['mask.tif', 'mask.npy'])
def test_two_values(tmp_path, name, dtype, foreground):
  write = tifffile.imwrite if name.endswith('tif') else np.save
  write(tmp_path / name, _MASK.astype(dtype) * np.array(foreground, dtype))
  _check(tmp_path / name)


@pytest.mark.parametrize(
  'pixels',
  [
    _MASK,
    _MASK.astype(np.uint8),
    _MASK.astype(np.uint8) * 255,
    _MASK.astype(np.uint16) * 65535,
    np.stack([_MASK.astype(np.uint8) * 255] * 3, axis=-1),
  ],
)
def test_png(tmp_path, pixels):
  Image.fromarray(pixels).save(tmp_path / 'mask.png')
  _check(tmp_path / 'mask.png')


@pytest.mark.parametrize('value', [0, 1, 255])
def test_empty_and_full(tmp_path, value):
  path = tmp_path / 'mask.png'
  Image.fromarray(np.full((4, 5), value, np.uint8)).save(path)
  _check(path, np.full((4, 5), value > 0))


def _save_palette(path, indices, colours):
  image = Image.fromarray(indices.astype(np.uint8))
  image.putpalette(np.ravel(colours).tolist())
  image.save(path)


@pytest.mark.parametrize('foreground', [1, 255])
def test_palette_is_judged_by_index(tmp_path, foreground):
  path = tmp_path / 'mask.png'
  colours = np.zeros((foreground + 1, 3), int)
  colours[foreground] = (128, 0, 0)  # as labelme colours the first class
  _save_palette(path, _MASK * foreground, colours)
  _check(path)


def test_palette_is_else_judged_by_black_and_white(tmp_path):
  path = tmp_path / 'mask.png'
  colours = [[9, 9, 9], [7, 7, 7], [0, 0, 0], [255, 255, 255]]
  _save_palette(path, 2 + _MASK, colours)
  _check(path)
  _save_palette(path, 2 + _MASK, [*colours[:3], [255, 0, 0]])
  _check(path)
  # Neither colour is black: which is the background is not known.
  _save_palette(path, 2 + _MASK, [*colours[:2], [0, 9, 0], [255, 0, 0]])
  _refused(path, 'colour image with 2 different colours .0,9,0; 255,0,0.')
  _save_palette(path, 2 + _MASK, [*colours[:3], [254, 254, 254]])
  _refused(path, r'2 different values \(0, 254\)')


def test_other_values_are_named(tmp_path):
  path = tmp_path / 'mask.png'
  Image.fromarray(np.array([[0, 3, 255]], np.uint8)).save(path)
  _refused(path, r'3 different values \(0, 3, 255\)')
  Image.fromarray(np.arange(40, dtype=np.uint8).reshape(5, 8)).save(path)
  _refused(path, r'40 different values \(0, 1, 2, 3, 4, 5, 6, 7, \.\.\.\)')
  Image.fromarray(np.array([[1, 255]], np.uint8)).save(path)
  _refused(path, r'2 different values \(1, 255\)')
  np.save(tmp_path / 'mask.npy', np.array([[0.0, np.nan]]))
  _refused(tmp_path / 'mask.npy', r'2 different values \(0\.0, nan\)')


def test_colours_and_stacks_are_refused(tmp_path):
  path = tmp_path / 'mask.png'
  colour = np.zeros((4, 4, 3), np.uint8)
  colour[1, 2, 0] = colour[2, 2, 1] = 255
  Image.fromarray(colour).save(path)
  _refused(path, 'colour image.*--mask_class=255,0,0')
  np.save(tmp_path / 'mask.npy', np.zeros((5, 4, 6), bool))
  _refused(tmp_path / 'mask.npy', 'holds 5 images')


def test_white_is_zero_is_judged_by_number(tmp_path):
  path = tmp_path / 'mask.tif'
  for pixels in (_MASK, _MASK.astype(np.uint8) * 255):
    tifffile.imwrite(path, pixels, photometric='miniswhite')
    _check(path)


def test_file_errors(tmp_path):
  _refused(tmp_path / 'mask.png', 'No such file')
  path = tmp_path / 'empty.png'
  path.touch()
  _refused(path, r'0 bytes')
  path = tmp_path / 'cut.png'
  Image.fromarray(_MASK).save(path)
  path.write_bytes(path.read_bytes()[:50])
  _refused(path, 'cut off')
  path = tmp_path / 'mask.txt'
  path.write_text('0')
  _refused(path, 'suffix')


@pytest.mark.skipif(
  not _DATA.is_dir(), reason=f'the real micrographs are not at {_DATA}'
)
@pytest.mark.parametrize(
  'folder', ['superalloy_precipitates', 'steel316l_loops']
)
def test_real_masks_fit_their_images(folder):
  paths = sorted((_DATA / folder / 'masks').iterdir())
  for path in paths:
    mask = masks.read_mask(path)
    (micrograph,) = reading.read_micrographs(
      _DATA / folder / 'images' / path.name
    )
    assert mask.shape == micrograph.pixels.shape
    np.testing.assert_array_equal(mask, np.array(Image.open(path)) == 255)
  assert len(paths) >= 17
