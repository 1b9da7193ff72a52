"""Zarr and OME-Zarr, against the arrays that were written."""

import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
from microscope_writers import write_ome_zarr

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import files, reading

zarr = pytest.importorskip('zarr')

_GREY = np.random.default_rng(7).integers(1, 256, (64, 48), dtype=np.uint8)
_STACK = np.stack([_GREY, _GREY[::-1], _GREY[:, ::-1]])


def _refused(path, match):
  with pytest.raises(InputError, match=match) as caught:
    reading.read_micrographs(path)
  assert str(path) in str(caught.value)
  assert '\n' not in str(caught.value)


def _check(path, images, nm=None):
  found = reading.read_micrographs(path)
  np.testing.assert_array_equal([one.pixels for one in found], images)
  for one in found:
    assert one.pixel_size_nm == (nm if nm is None else pytest.approx(nm))


@pytest.mark.parametrize('version', [2, 3])
@pytest.mark.parametrize('dtype', ['u1', '>u2', 'f4'])
def test_plain_array(tmp_path, version, dtype):
  path = tmp_path / 'foil.zarr'
  for data in (_GREY, _STACK):
    array = zarr.create_array(
      path,
      data=data.astype(dtype),
      chunks=data.shape[:-2] + (32, 32),
      zarr_format=version,
      overwrite=True,
    )
    assert array.nchunks > 1
    _check(path, data.reshape(-1, *_GREY.shape))


@pytest.mark.parametrize(
  ('make', 'what'),
  [
    (os.mkfifo, 'a device, a pipe or a socket'),
    (lambda path: path.symlink_to('/dev/zero'), 'a link'),
    (lambda path: path.symlink_to(path.parent.parent), 'a link'),
  ],
)
@pytest.mark.parametrize('place', ['zarr.json', 'c/0/0', 'more'])
def test_what_is_no_file_in_the_folder_is_not_waited_for(
  tmp_path, make, what, place
):
  path = tmp_path / 'foil.zarr'
  zarr.create_array(path, data=_GREY, chunks=(64, 48))
  (path / place).unlink(missing_ok=True)
  make(path / place)
  name = re.escape(place)
  # A pipe in the place of the metadata is seen at once, too.
  _refused(path, f'its {name} is no file, but {what}; copy|and no Zarr')


@pytest.mark.parametrize('version', ['0.4', '0.5'])
@pytest.mark.parametrize(
  ('unit', 'size', 'nm'),
  [
    ('nanometer', 0.5, 0.5),
    ('micrometer', 0.002, 2.0),
    ('angstrom', 3.0, 0.3),
    (None, 1.0, None),
  ],
)
def test_ome_zarr(tmp_path, version, unit, size, nm):
  path = tmp_path / 'foil.ome.zarr'
  write_ome_zarr(path, _GREY, unit=unit, size=size, version=version)
  _check(path, [_GREY], nm)
  write_ome_zarr(
    path, _STACK[:, None, None], unit=unit, size=size, version=version
  )
  _check(path, _STACK, nm)
  assert reading.read_micrographs(path)[0].name == 'foil.ome[0]'


def test_scale_of_all_levels(tmp_path):
  path = write_ome_zarr(tmp_path / 'foil.zarr', _GREY, size=0.25)
  group = zarr.open_group(path, mode='a')
  attributes = dict(group.attrs)['ome']
  image = attributes['multiscales'][0]
  image['coordinateTransformations'] = [{'type': 'scale', 'scale': [2.0, 2.0]}]
  group.attrs['ome'] = attributes
  _check(path, [_GREY], 0.5)


def test_axes_by_name(tmp_path):
  path = write_ome_zarr(tmp_path / 'foil.zarr', _GREY.T, axes='XY')
  _check(path, [_GREY], 0.5)


def test_several_images_of_bioformats2raw(tmp_path):
  path = tmp_path / 'foil.zarr'
  root = zarr.open_group(path, mode='w', zarr_format=2)
  root.attrs['bioformats2raw.layout'] = 3
  for index, size in enumerate((0.5, 0.25)):
    write_ome_zarr(path / str(index), _STACK[index], size=size, version='0.4')
  found = reading.read_micrographs(path)
  assert [one.pixel_size_nm for one in found] == [0.5, 0.25]


def test_a_folder_of_zarr_is_one_image(tmp_path):
  path = write_ome_zarr(tmp_path / 'foil.zarr', _GREY)
  assert files.image_files([str(path)]) == [path]
  assert files.image_files([str(tmp_path)]) == [path]


def test_refused(tmp_path):
  path = tmp_path / 'foil.zarr'
  path.mkdir()
  _refused(path, 'no Zarr; name the folder of the image')
  (path / 'zarr.json').write_text('{')
  _refused(path, 'damaged, or no Zarr')
  group = zarr.open_group(path, mode='w')
  _refused(path, 'without an image')
  group.attrs['ome'] = {'plate': {}}
  _refused(path, 'plate of many')
  _refused(write_ome_zarr(path, _GREY, unit='1/nm'), 'diffraction pattern')
  _refused(
    write_ome_zarr(path, np.ones((2, 3, 4, 5), 'u1'), axes='tzyx'), '4 axes'
  )
  zarr.create_array(path, data=_GREY[0], overwrite=True)
  _refused(path, 'has shape')
  zarr.create_array(path, data=_GREY.astype('c8'), overwrite=True)
  _refused(path, 'complex')


def test_chunks_that_are_missing_are_not_filled_in(tmp_path):
  path = tmp_path / 'foil.zarr'
  zarr.create_array(path, data=_GREY, chunks=(32, 32))
  _check(path, [_GREY])
  next(one for one in (path / 'c').rglob('*') if one.is_file()).unlink()
  _refused(path, '1 of its 4 chunks were not written')
  zarr.create_array(
    path, shape=(9, 9), chunks=(9, 9), dtype='u1', overwrite=True
  )
  _refused(path, '1 of its 1 chunks were not written')


def test_nothing_is_unpickled(tmp_path):
  path = tmp_path / 'foil.zarr'
  zarr.create_array(path, data=_GREY, zarr_format=2)
  metadata = json.loads((path / '.zarray').read_text())
  metadata['filters'] = [{'id': 'pickle', 'protocol': 5}]
  (path / '.zarray').write_text(json.dumps(metadata))
  _refused(path, 'packed by pickle|damaged, or no Zarr')


def test_it_is_not_needed_until_such_a_folder_is_read(tmp_path):
  path = write_ome_zarr(tmp_path / 'foil.zarr', _GREY)
  program = """
import pathlib, sys
sys.modules['zarr'] = None  # as if not installed
from defectseg_jax.micrographs.formats.opening import frames_of
try:
  list(frames_of(pathlib.Path(sys.argv[1])))
except ValueError as error:
  print(error)
"""
  done = subprocess.run(
    [sys.executable, '-c', program, path],
    cwd=pathlib.Path(__file__).parents[2],
    capture_output=True,
    text=True,
    check=True,
  )
  assert 'pip install -r requirements-microscopy.txt' in done.stdout
