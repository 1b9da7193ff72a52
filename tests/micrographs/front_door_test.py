"""What `import defectseg_jax.micrographs` gives, and what it does not load."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from defectseg_jax import micrographs
from defectseg_jax.errors import InputError


@pytest.mark.parametrize('name', micrographs.__all__)
def test_every_name_is_there(name):
  assert getattr(micrographs, name).__name__ == name
  assert name in dir(micrographs)


def test_another_name_is_not():
  with pytest.raises(AttributeError, match="no attribute 'read_film'"):
    _ = micrographs.read_film


def test_the_import_is_light():
  program = """
import sys
from defectseg_jax import micrographs
heavy = {'PIL', 'jax', 'rsciio', 'scipy', 'skimage', 'tensorflow', 'tifffile'}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
micrographs.preprocess, micrographs.read_micrograph, micrographs.write_tiff
assert {'scipy', 'tifffile'} <= set(sys.modules)
assert not {'jax', 'rsciio', 'tensorflow'} & set(sys.modules)
"""
  done = subprocess.run(
    [sys.executable, '-c', program],
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr


def test_one_image_is_read_with_its_scale(tmp_path):
  path = tmp_path / 'foil.tif'
  pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
  micrographs.write_tiff(path, pixels, pixel_size_nm=0.32)
  micrograph = micrographs.read_micrograph(path)
  assert (micrograph.name, micrograph.pixel_size_nm) == ('foil', 0.32)
  assert micrograph.pixels.dtype == np.float32
  np.testing.assert_array_equal(micrograph.pixels, pixels)


def test_one_image_of_several_is_not_guessed(tmp_path):
  path = tmp_path / 'stack.npy'
  np.save(path, np.zeros((3, 4, 5)))
  with pytest.raises(InputError, match=r'stack\.npy: .* 3 .*read_micrographs'):
    micrographs.read_micrograph(path)
  assert len(micrographs.read_micrographs(path)) == 3


def test_colour_is_read_only_if_asked_for(tmp_path):
  path = tmp_path / 'colour.png'
  colours = np.zeros((2, 2, 3), np.uint8)
  colours[..., 0] = 100
  Image.fromarray(colours).save(path)
  with pytest.raises(InputError, match='luminance'):
    micrographs.read_micrograph(path)
  grey = micrographs.read_micrograph(path, rgb='luminance').pixels
  np.testing.assert_allclose(grey, 29.9, rtol=1e-6)
