"""What an image is read from, so that a change of it is noticed."""

import numpy as np
import pytest
import tifffile
from microscope_writers import write_ome_zarr

from defectseg_jax.micrographs import reading
from defectseg_jax.micrographs.parts import parts_of


def test_the_text_beside_an_image_is_a_part_of_it(tmp_path):
  path = tmp_path / 'a.tif'
  tifffile.imwrite(path, np.ones((9, 9), np.uint8))
  assert parts_of(path) == [path]
  text = tmp_path / 'a-tif.hdr'
  text.write_text('[MAIN]\nPixelSizeX=2e-9\n')
  assert parts_of(path) == [path, text]
  assert reading.read_micrograph(path).pixel_size_nm == pytest.approx(2.0)
  # NumPy's has none beside it.
  np.save(tmp_path / 'a.npy', np.ones((9, 9)))
  assert parts_of(tmp_path / 'a.npy') == [tmp_path / 'a.npy']


def test_a_folder_is_all_its_files(tmp_path):
  pytest.importorskip('zarr')
  path = write_ome_zarr(tmp_path / 'a.zarr', np.ones((9, 9), np.uint8))
  parts = parts_of(path)
  assert all(part.is_file() for part in parts)
  assert {part.name for part in parts} >= {'zarr.json', '0'}


def test_an_emi_is_the_files_beside_it(tmp_path):
  paths = [tmp_path / name for name in ('a.emi', 'a_1.ser', 'a_2.ser')]
  for path in (*paths, tmp_path / 'b_1.ser'):
    path.touch()
  assert parts_of(paths[0]) == paths
