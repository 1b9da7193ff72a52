"""What is written, as other programs and our own reader read it."""

import errno
import os

import numpy as np
import pytest
import tifffile
from shapes import four_objects

from defectseg_jax.micrographs import masks, reading
from defectseg_jax.micrographs.writing import write_mask, write_tiff

_RNG = np.random.default_rng(5)


@pytest.mark.parametrize(
  'size', [0.01, 0.1, 0.32, 1 / 3, 1.0, 168.67471, 1000, *_RNG.uniform(0, 9, 9)]
)
def test_the_scale_survives_in_each_way_it_is_written(tmp_path, size):
  path = tmp_path / 'map.tif'
  pixels = _RNG.random((5, 7), np.float32)
  write_tiff(path, pixels, pixel_size_nm=size)
  (micrograph,) = reading.read_micrographs(path)
  assert micrograph.pixel_size_nm == pytest.approx(size, rel=1e-9)
  np.testing.assert_array_equal(micrograph.pixels, pixels)
  # DigitalMicrograph's tags alone, as if ImageJ had written nothing.
  with tifffile.TiffFile(path, mode='r+b') as file:
    file.pages[0].tags['ImageDescription'].overwrite('')
  assert reading.read_micrographs(path)[0].pixel_size_nm == size


def test_no_scale_is_none(tmp_path):
  path = tmp_path / 'map.tif'
  write_tiff(path, np.zeros((5, 7), np.float32), pixel_size_nm=None)
  assert reading.read_micrographs(path)[0].pixel_size_nm is None


def test_a_mask_is_0_and_255_and_a_mask_again(tmp_path):
  path = tmp_path / 'mask.tif'
  mask, _ = four_objects()
  write_mask(path, mask, pixel_size_nm=0.5)
  pixels = tifffile.imread(path)
  assert pixels.dtype == np.uint8
  np.testing.assert_array_equal(np.unique(pixels), [0, 255])
  np.testing.assert_array_equal(masks.read_mask(path), mask)
  assert reading.read_micrographs(path)[0].pixel_size_nm == 0.5


@pytest.mark.skipif(
  not os.path.exists('/dev/full'), reason='there is no /dev/full'
)
def test_a_file_that_is_cut_off_by_a_full_disk_is_said_to_be():
  """NumPy's error has no number, and nobody could tell what to do."""
  with pytest.raises(OSError, match='No space left') as caught:
    write_tiff('/dev/full', np.zeros((512, 512), np.uint8), pixel_size_nm=None)
  assert caught.value.errno == errno.ENOSPC
