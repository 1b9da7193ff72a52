"""A series on disk, read again by what reads any other folder."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image
from small import small_foil

from configs import common
from defectseg_jax.datasets import folder
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.writing import write_tiff
from defectseg_jax.simulation import (
  SimulationSettings,
  simulate_foil,
  write_series,
)
from defectseg_jax.simulation.background import read_background


@pytest.mark.parametrize('bits', [8, 16])
def test_the_folder_is_one_that_the_folder_source_takes(tmp_path, bits):
  foil = small_foil(detector__bits=bits)
  settings = SimulationSettings(micrographs=2, seed=3)
  write_series(tmp_path, foil, settings, defect='precipitates')
  files = folder.labelled_files(tmp_path)
  assert [file.image.name for file in files] == [
    'foil_0000.tif',
    'foil_0001.tif',
  ]
  for index, file in enumerate(files):
    made = simulate_foil(foil, seed=3, index=index)
    ((micrograph, objects),) = folder.read_labelled(file, rgb='refuse')
    mask = objects.mask
    np.testing.assert_array_equal(micrograph.pixels, made.pixels)
    np.testing.assert_array_equal(mask, made.masks['precipitates'])
    assert micrograph.pixel_size_nm == 0.32
    assert micrograph.thickness_nm == 190
    assert file.split is None
    truth = tmp_path / 'truth' / file.image.stem
    assert json.loads(truth.with_suffix('.json').read_text()) == made.truth
    with np.load(truth.with_suffix('.npz'), allow_pickle=False) as arrays:
      for kind, expected in made.masks.items():
        np.testing.assert_array_equal(arrays[f'mask_{kind}'], expected)
      for name, expected in made.arrays.items():
        np.testing.assert_array_equal(arrays[name], expected)


def test_the_file_itself_is_calibrated(tmp_path):
  write_tiff(
    tmp_path / 'a.tif', np.zeros((9, 7), np.uint16), pixel_size_nm=0.32
  )
  with tifffile.TiffFile(tmp_path / 'a.tif') as file:
    assert file.is_imagej and file.imagej_metadata['unit'] == 'nm'
    dots, inches = file.pages[0].tags['XResolution'].value
    assert inches / dots == pytest.approx(0.32, rel=1e-6)


def test_pixels_that_imagej_has_not_are_refused(tmp_path):
  with pytest.raises(ValueError, match='bool'):
    write_tiff(tmp_path / 'a.tif', np.zeros((9, 7), bool), pixel_size_nm=None)
  assert not list(tmp_path.iterdir())


def test_a_wrong_background_is_named_and_leaves_nothing(tmp_path):
  settings = SimulationSettings(background='no.png')
  with pytest.raises(InputError, match=r'no\.png'):
    write_series(tmp_path / 'foils', small_foil(), settings, defect='voids')
  assert not list(tmp_path.iterdir())


def test_the_settings_begin_where_the_config_does():
  assert SimulationSettings() == SimulationSettings(
    **common.get_config().simulation
  )


def background(path, side=300, value=120):
  rng = np.random.default_rng(0)
  pixels = np.clip(rng.normal(value, 10, (side, side)), 0, 255)
  Image.fromarray(pixels.astype(np.uint8)).save(path)
  return path


def test_defects_are_rendered_into_a_background(tmp_path):
  path = background(tmp_path / 'clean.png')
  foil = small_foil()
  settings = SimulationSettings(micrographs=1, background=str(path))
  write_series(tmp_path / 'foils', foil, settings, defect='voids')
  (file,) = folder.labelled_files(tmp_path / 'foils')
  ((micrograph, objects),) = folder.read_labelled(file, rgb='refuse')
  mask = objects.mask
  assert micrograph.pixels[mask].mean() > micrograph.pixels[~mask].mean()


def test_a_background_that_does_not_fit_is_refused(tmp_path):
  small = background(tmp_path / 'small.png', side=200)
  with pytest.raises(InputError, match=r'200 x 200 pixels, but .*side_px is'):
    read_background(small, small_foil())
  dark = background(tmp_path / 'dark.png', value=-300)
  with pytest.raises(InputError, match='no pixel is above 0'):
    read_background(dark, small_foil())
  other = tmp_path / 'other.tif'
  write_tiff(other, np.ones((300, 300), np.uint8), pixel_size_nm=0.5)
  with pytest.raises(InputError, match=r'0\.5 nm per pixel, but'):
    read_background(other, small_foil())
