"""Files of microscopes' programs: those they wrote, and small ones of ours."""

import csv
import functools
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from microscope_writers import (
  write_berkeley,
  write_dm,
  write_dm5,
  write_emi,
  write_hspy,
  write_mrc,
  write_ser,
  write_velox,
)

from defectseg_jax.datasets import folder
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import files, formats, reading
from defectseg_jax.micrographs.formats import rosettasciio

pytest.importorskip('rsciio', reason='RosettaSciIO is not installed')

_DATA = pathlib.Path(__file__).parents[2].parent / 'shared/data/raw_files'
_CASES = _DATA.parent / 'cases'
_GREY = np.arange(1, 13, dtype=np.uint16).reshape(3, 4)
_STACK = np.stack([_GREY, _GREY[::-1], _GREY[:, ::-1]])
_FFT = [('realFloatHalfEven', '<f4'), ('imagFloatHalfEven', '<f4')]


def _square(size, unit):
  return [('y', size, unit), ('x', size, unit)]


def _signal(axes):
  return [(*axis, False) for axis in axes]


def _refused(path, match):
  """Reads, and checks that the message is one line that names the file."""
  with pytest.raises(InputError, match=match) as caught:
    reading.read_micrographs(path)
  assert '\n' not in str(caught.value)
  assert str(path) in str(caught.value)
  assert '; ' in str(caught.value)  # the remedy follows


def _read(path, pixels, pixel_size_nm):
  """Reads, and checks pixels, names and scale."""
  micrographs = reading.read_micrographs(path)
  np.testing.assert_array_equal(
    [one.pixels for one in micrographs],
    pixels if pixels.ndim == 3 else pixels[np.newaxis],
  )
  stem = path.stem
  names = [f'{stem}[{index}]' for index in range(len(micrographs))]
  assert [m.name for m in micrographs] == (names if len(names) > 1 else [stem])
  for one in micrographs:
    if pixel_size_nm is None:
      assert one.pixel_size_nm is None
    else:
      assert one.pixel_size_nm == pytest.approx(pixel_size_nm, rel=1e-6)


# Files that microscopes wrote.


def _rows():
  if not _DATA.is_dir():
    reason = f'the files of microscopes are not at {_DATA}'
    return [pytest.param({}, marks=pytest.mark.skip(reason=reason))]
  with (_DATA / 'expected.csv').open(newline='') as file:
    return [pytest.param(row, id=row['file']) for row in csv.DictReader(file)]


@pytest.mark.parametrize('row', _rows())
def test_what_others_expect(row):
  path = _DATA / row['file']
  if 'refused' in row['what']:
    _refused(path, 'wide and .* high|1/nm')
    return
  micrographs = reading.read_micrographs(path)
  frames, _, height = row['height'].rpartition('x')
  assert len(micrographs) == int(frames or 1)
  for one in micrographs:
    assert one.pixels.shape == (int(height), int(row['width']))
    assert one.pixel_size_nm == pytest.approx(
      float(row['pixel_size_nm']), rel=1e-6
    )


# DigitalMicrograph.


@pytest.mark.parametrize('suffix', ['dm3', 'dm4'])
@pytest.mark.parametrize(
  ('scale', 'unit', 'nm'),
  [
    (250.0, 'pm', 0.25),
    (5.0, '\u00c5', 0.5),
    (0.5, 'nm', 0.5),
    (0.25, '\u00b5m', 250.0),
    (0.25, 'um', 250.0),
    (1.0, '', None),
  ],
)
def test_digitalmicrograph(tmp_path, suffix, scale, unit, nm):
  path = tmp_path / f'foil.{suffix}'
  _read(write_dm(path, _GREY, x=(scale, unit)), _GREY, nm)
  # What counts the images of a stack is no length.
  write_dm(path, _STACK, x=(scale, unit), stack=(2.0, 's'))
  _read(path, _STACK, nm)


@pytest.mark.parametrize('suffix', ['dm3', 'dm4'])
def test_pixels_of_digitalmicrograph_are_not_copied(tmp_path, suffix):
  """They are said to stand in the file, and read once, by whoever asked."""
  path = write_dm(tmp_path / f'foil.{suffix}', _STACK, x=(1.0, 'nm'))
  frames = rosettasciio.read_microscope_file(path)
  assert len(frames) == len(_STACK)
  assert all(isinstance(frame.values, np.memmap) for frame in frames)


@pytest.mark.parametrize('suffix', ['dm3', 'dm4'])
@pytest.mark.parametrize(
  ('data', 'options', 'match'),
  [
    (_GREY, {'x': (0.1, '1/nm')}, "'1/nm'"),
    (_GREY, {'x': (0.1, 'mrad')}, "'mrad'"),
    (_GREY, {'mode': 'DIFFRACTION'}, 'diffraction patterns'),
    (_GREY, {'x': (1.0, 'nm'), 'y': (1.02, 'nm')}, '1 nm wide and 1.02 nm'),
    (_GREY[0], {'x': (0.5, 'eV')}, 'spectra'),
    (_GREY[0], {'x': (0.5, 'nm')}, 'one dimension'),
    (_STACK, {'x': (1.0, 'nm'), 'stack': (0.5, 'eV')}, 'spectra'),
    (_STACK, {'x': (1.0, 'nm'), 'signal': 'CL'}, 'spectra'),
    (_GREY.astype('c8'), {}, 'complex64'),
    (_GREY.astype('u4'), {'kind': 23}, 'colour image'),
    (_GREY, {'kind': 99}, 'KeyError: 99'),
  ],
)
def test_digitalmicrograph_refused(tmp_path, suffix, data, options, match):
  _refused(write_dm(tmp_path / f'foil.{suffix}', data, **options), match)


@pytest.mark.parametrize(
  ('scale', 'unit', 'nm'),
  [(0.5, 'nm', 0.5), (0.25, '\u00b5m', 250.0), (1.0, '', None)],
)
def test_dm5(tmp_path, scale, unit, nm):
  path = tmp_path / 'foil.dm5'
  _read(write_dm5(path, _GREY, x=(scale, unit)), _GREY, nm)
  write_dm5(path, _STACK, x=(scale, unit), stack=(2.0, 's'))
  _read(path, _STACK, nm)


@pytest.mark.parametrize(
  ('data', 'options', 'match'),
  [
    (_GREY, {'x': (0.1, '1/nm')}, "'1/nm'"),
    (_GREY, {'x': (1.0, 'nm'), 'y': (1.02, 'nm')}, '1 nm wide and 1.02 nm'),
    (_STACK, {'x': (1.0, 'nm'), 'stack': (0.5, 'eV')}, 'spectra'),
    (_STACK, {'x': (1.0, 'nm'), 'signal': 'EELS'}, 'spectra'),
    (_GREY[0], {'x': (0.5, 'nm')}, 'one dimension'),
    (_GREY.astype('c8'), {}, 'complex64'),
    (np.zeros((2, 2, 2, 2)), {}, '4 axes'),
  ],
)
def test_dm5_refused(tmp_path, data, options, match):
  _refused(write_dm5(tmp_path / 'foil.dm5', data, **options), match)


def test_dm5_without_its_parts(tmp_path):
  h5py = pytest.importorskip('h5py')
  path = tmp_path / 'foil.dm5'
  for name in ('ImageList', 'ImageList/[1]/ImageData/Calibrations'):
    write_dm5(path, _GREY)
    with h5py.File(path, 'a') as file:
      del file[name]
    _refused(path, 'no file of DigitalMicrograph')


def test_digitalmicrographs_mode_beside_a_length(tmp_path):
  path = tmp_path / 'foil.dm4'
  write_dm(path, _GREY, x=(0.5, 'nm'), mode='DIFFRACTION')
  _read(path, _GREY, 0.5)


@pytest.mark.parametrize('suffix', ['dm3', 'dm4', 'dm5'])
@pytest.mark.parametrize('scale', [0.0, -0.5])
def test_a_scale_of_digitalmicrograph_that_is_none(tmp_path, suffix, scale):
  path = tmp_path / f'foil.{suffix}'
  write = write_dm5 if suffix == 'dm5' else write_dm
  _read(write(path, _GREY, x=(scale, 'nm')), _GREY, None)
  assert 'makes a pixel' in reading.read_micrographs(path)[0].scale_doubt


def _write_dm_tiff(path, scales, units, codes=('d', 'd')):
  tags = [
    *((65003 + axis, 's', 0, unit, True) for axis, unit in enumerate(units)),
    *(
      (65009 + axis, code, 1, scale, True)
      for axis, (code, scale) in enumerate(zip(codes, scales))
    ),
  ]
  # For the printer, besides.
  tifffile.imwrite(
    path, _GREY, extratags=tags, resolution=(72, 72), metadata=None
  )
  return path


@pytest.mark.parametrize('codes', ['dd', 'ff'])
@pytest.mark.parametrize(
  ('scale', 'unit', 'nm'),
  [
    (250.0, 'pm', 0.25),
    (0.5, 'nm', 0.5),
    (0.25, b'\xb5m', 250.0),  # Latin 1
    (1.0, '', None),
  ],
)
def test_tiff_by_digitalmicrograph(tmp_path, codes, scale, unit, nm):
  path = tmp_path / 'foil.tif'
  _read(_write_dm_tiff(path, (scale,) * 2, (unit,) * 2, codes), _GREY, nm)


@pytest.mark.parametrize(
  ('scales', 'units', 'match'),
  [
    ((0.1, 0.1), ('1/nm', '1/nm'), "'1/nm'"),
    ((1.0, 1.5), ('nm', 'nm'), '1 nm wide and 1.5 nm high'),
    ((1.0, 1.0), ('nm', 'pm'), '1 nm wide and 0.001 nm high'),
  ],
)
def test_tiff_by_digitalmicrograph_refused(tmp_path, scales, units, match):
  _refused(_write_dm_tiff(tmp_path / 'foil.tif', scales, units), match)


# MRC.


def test_mrc(tmp_path):
  path = tmp_path / 'foil.mrc'
  for pixels in (_GREY, _STACK, _GREY.astype('f4'), _GREY.astype('u1')):
    _read(write_mrc(path, pixels, size_nm=(0.2, 0.2)), pixels, 0.2)
  _read(
    write_mrc(path, _GREY, size_nm=(0.2, 0.2), extended=b'x' * 80), _GREY, 0.2
  )


def test_mrc_without_a_pixel_size_is_not_given_one(tmp_path):
  _read(write_mrc(tmp_path / 'foil.mrc', _GREY), _GREY, None)


def test_mrc_that_is_called_a_movie_reads_no_other_file(tmp_path):
  name = '20260101_1_{}'
  (tmp_path / name.format('info.txt')).write_text('no metadata')
  path = tmp_path / name.format('movie.mrc')
  _read(write_mrc(path, _GREY, size_nm=(0.2, 0.2)), _GREY, 0.2)


def test_mrc_with_feis_extended_header(tmp_path):
  record = bytearray(128)
  record[44:48] = np.float32(3e-10).tobytes()  # metres
  path = tmp_path / 'foil.mrc'
  _read(write_mrc(path, _GREY, extended=bytes(record) * 1024), _GREY, 0.3)
  _read(write_mrc(path, _GREY, extended=bytes(128 * 1024)), _GREY, None)


def test_mrc_refused(tmp_path):
  path = tmp_path / 'foil.mrc'
  _refused(write_mrc(path, _GREY, size_nm=(0.2, 0.3)), '0.2 nm wide and 0.3')
  _refused(write_mrc(path, _GREY.astype('c8')), 'complex64')
  _refused(write_mrc(path, _GREY, mode=3), 'pixels of mode 3')
  content = bytearray(write_mrc(path, _GREY).read_bytes())
  content[0:12] = b'\xff\xff\xff\x7f' * 3
  path.write_bytes(content)
  _refused(path, 'would end at byte')
  content[212] = 0x11
  path.write_bytes(content)
  _refused(path, 'big-endian')


# TIA.


def test_ser(tmp_path):
  path = tmp_path / 'foil_1.ser'
  for dtype in ('u1', 'i2', 'u2', 'i4', 'f4'):
    pixels = _GREY.astype(dtype)
    _read(write_ser(path, [pixels], size_m=(2e-10, 2e-10)), pixels, 0.2)
  _read(write_ser(path, list(_STACK)), _STACK, 1.0)


def test_ser_refused(tmp_path):
  path = tmp_path / 'foil_1.ser'
  _refused(write_ser(path, [_GREY], kind=0x4120), 'spectra')
  _refused(write_ser(path, [_GREY], size_m=(1e7, 1e7)), 'diffraction pattern')
  _refused(write_ser(path, [_GREY], size_m=(1e-9, 2e-9)), '1 nm wide and 2 nm')
  _refused(write_ser(path, [_GREY.astype('c8')]), 'complex64')
  _refused(write_ser(path, []), 'no image that was finished')


def test_ser_whose_last_images_are_not_listed(tmp_path):
  # RosettaSciIO would return whatever was in memory.
  path = write_ser(tmp_path / 'foil_1.ser', list(_STACK))
  path.write_bytes(path.read_bytes()[: -4 * 4])
  _refused(path, 'are not listed')


def test_emi_is_the_ser_files_beside_it(tmp_path):
  path = write_emi(tmp_path / 'foil.emi', images=2)
  _refused(path, 'foil_1.ser, which is not beside it')
  write_ser(tmp_path / 'foil_1.ser', [_GREY])
  write_ser(tmp_path / 'foil_22.ser', [_GREY])  # One digit is looked for.
  write_ser(tmp_path / 'foil_2_1.ser', [_GREY])
  _refused(path, '1 of the 2 .ser files')
  (tmp_path / 'foil_22.ser').unlink()
  _read(path, _GREY, 1.0)
  write_ser(tmp_path / 'foil_2.ser', [_GREY[::-1]])
  _read(path, _STACK[:2], 1.0)
  content = (tmp_path / 'foil_2.ser').read_bytes()
  (tmp_path / 'foil_2.ser').write_bytes(content[:90])
  with pytest.raises(InputError, match=r'foil_2\.ser: .* cut off'):
    reading.read_micrographs(path)


def test_emi_says_that_it_is_a_diffraction_pattern(tmp_path):
  write_ser(tmp_path / 'foil_1.ser', [_GREY], size_m=(0.5, 0.5))
  _refused(write_emi(tmp_path / 'foil.emi', 'TEM Diffraction'), "'1 / nm'")


def test_of_an_emi_and_its_ser_a_folder_has_one(tmp_path):
  images = tmp_path / 'images'
  masks = tmp_path / 'masks'
  images.mkdir()
  masks.mkdir()
  ser = write_ser(images / 'foil_1.ser', [_GREY])
  emi = write_emi(images / 'foil.emi')
  alone = write_emi(images / 'foil_2.emi')
  assert files.image_files([str(images)]) == [ser, alone]
  assert files.image_files([f'{images}/*']) == [ser, alone]
  assert files.image_files([str(emi), str(ser)]) == [emi, ser]
  assert files.image_files([f'{images}/*.emi']) == [emi, alone]
  alone.unlink()
  tifffile.imwrite(masks / 'foil_1.tif', np.zeros((3, 4), np.uint8))
  assert [file.image for file in folder.labelled_files(tmp_path)] == [ser]


# HDF5.


@pytest.mark.parametrize(
  ('scale', 'unit', 'nm'),
  [
    (250.0, 'pm', 0.25),
    (5.0, '\u00c5', 0.5),
    (-0.5, 'nm', 0.5),
    (0.25, '\u00b5m', 250.0),
    (1.0, '<undefined>', None),
    (1.0, '_None_', None),
  ],
)
def test_hspy(tmp_path, scale, unit, nm):
  path, axes = tmp_path / 'foil.hspy', _signal(_square(scale, unit))
  _read(write_hspy(path, _GREY, axes), _GREY, nm)
  _read(write_hspy(path, _STACK, [('t', 1.0, 's', True), *axes]), _STACK, nm)


@pytest.mark.parametrize(
  ('data', 'axes', 'kind', 'match'),
  [
    (_GREY, _signal(_square(0.1, '1/nm')), '', "'1/nm'"),
    (_GREY, _signal(_square(0.1, '\u00c5^-1')), '', 'diffraction'),
    (_GREY, _signal(_square(1.0, '')), 'electron_diffraction', 'diffraction'),
    (_GREY.astype('c16'), _signal(_square(1.0, 'nm')), '', 'complex128'),
    (
      _GREY,
      [('y', 1.0, 'nm', True), ('Energy', 1.0, 'eV', False)],
      'EELS',
      'spectra',
    ),
    (
      _GREY,
      [('y', 1.0, 'nm', True), ('', 1.0, '', False)],
      '',
      'one dimension',
    ),
    (
      np.zeros((2, 2, 3, 4)),
      [('', 1.0, '', True)] * 2 + _signal(_square(1.0, '')),
      '',
      '4 axes',
    ),
    (
      _GREY,
      [('y', 1.0, 'nm', False), ('x', 1.02, 'nm', False)],
      '',
      '1.02 nm wide and 1 nm high',
    ),
  ],
)
def test_hspy_refused(tmp_path, data, axes, kind, match):
  path = tmp_path / 'foil.hspy'
  _refused(write_hspy(path, data, axes, signal_type=kind), match)


@pytest.mark.parametrize(
  ('attribute', 'value', 'match'),
  [
    ('navigate', None, 'KeyError'),
    ('scale', 'wide', 'ValueError'),
    ('scale', None, 'not evenly spaced'),
  ],
)
def test_hspy_whose_axes_make_no_sense(tmp_path, attribute, value, match):
  h5py = pytest.importorskip('h5py')
  axes = _signal(_square(1.0, 'nm'))
  path = write_hspy(tmp_path / 'foil.hspy', _GREY, axes)
  with h5py.File(path, 'a') as file:
    axis = file['Experiments/__unnamed__/axis-1'].attrs
    del axis[attribute]
    if value is not None:
      axis[attribute] = value
  _refused(path, match)


def test_hspy_whose_metadata_make_no_sense(tmp_path):
  h5py = pytest.importorskip('h5py')
  path = tmp_path / 'foil.hspy'
  write_hspy(path, _GREY, _signal(_square(1.0, 'nm')))
  with h5py.File(path, 'a') as file:
    metadata = file['Experiments/__unnamed__/metadata']
    del metadata['Signal']
    metadata.attrs['Signal'] = 'image'
  _refused(path, 'AttributeError')


def test_hspy_of_text_and_of_colours(tmp_path):
  path, axes = tmp_path / 'foil.hspy', _signal(_square(1.0, 'nm'))
  _refused(write_hspy(path, _GREY.astype('S2'), axes), 'no numbers')
  colours = np.dtype([(name, 'u1') for name in 'RGB'])
  grey = np.zeros(_GREY.shape, colours)
  for name in 'RGB':
    grey[name] = _GREY
  _read(write_hspy(path, grey, axes), _GREY, 1.0)
  grey['R'] = 0
  _refused(write_hspy(path, grey, axes), 'colour image')


def test_berkeley(tmp_path):
  path, dims = tmp_path / 'foil.emd', _square(0.3, '[n_m]')
  _read(write_berkeley(path, a=(_GREY, dims)), _GREY, 0.3)
  dims = [('z', 5.0, '[n_m]'), *dims]
  _read(write_berkeley(path, a=(_STACK, dims)), _STACK, 0.3)
  # As programs write it for which the first axis varies fastest.
  write_berkeley(path, a=(_STACK.transpose(), dims[::-1]))
  _read(path, _STACK, 0.3)


def test_berkeleys_images_keep_their_own_scales(tmp_path):
  path = tmp_path / 'foil.emd'
  write_berkeley(
    path,
    foil=(_GREY, _square(0.3, '[n_m]')),
    foil2=(_GREY, _square(0.6, '[n_m]')),
  )
  sizes = [one.pixel_size_nm for one in reading.read_micrographs(path)]
  assert sizes == pytest.approx([0.3, 0.6])


def test_berkeley_refused(tmp_path):
  path = tmp_path / 'foil.emd'
  dims = [(name, 0.3, '[n_m]') for name in 'pqr']
  _refused(write_berkeley(path, a=(_STACK, dims)), 'does not say which two')
  _refused(write_berkeley(path, a=(_GREY, _square(0.1, '[n_m^-1]'))), 'scale')


def test_velox(tmp_path):
  path, pixels = tmp_path / 'foil.emd', _GREY[..., np.newaxis]
  _read(write_velox(path, [(pixels, 3e-10, 'm')]), _GREY, 0.3)
  _read(write_velox(path, [(pixels, 1.0, '')]), _GREY, None)
  stack = np.moveaxis(_STACK, 0, -1)
  _read(write_velox(path, [(stack, 3e-7, 'm')]), _STACK, 300.0)
  # The micrograph, beside the transform that was on the screen.
  transform = (np.zeros((3, 4, 1), _FFT), 2e9, '1/m')
  _read(write_velox(path, [transform, (pixels, 3e-10, 'm')]), _GREY, 0.3)
  _refused(write_velox(path, [transform]), 'complex64')
  _refused(write_velox(path, [(pixels, 2e9, '1/m')]), "'1 / nm'")


def test_pixels_that_were_never_written_are_refused(tmp_path):
  # HDF5 would return zeros for them, for any size of image.
  h5py = pytest.importorskip('h5py')
  path, axes = tmp_path / 'foil.hspy', _signal(_square(1.0, 'nm'))
  for options in (
    {'shape': (2**20, 2**20), 'dtype': 'u1'},
    {'shape': (2**20, 2**20), 'dtype': 'u1', 'chunks': (64, 64)},
  ):
    write_hspy(path, _GREY, axes)
    with h5py.File(path, 'a') as file:
      del file['Experiments/__unnamed__/data']
      file['Experiments/__unnamed__'].create_dataset('data', **options)
    _refused(path, 'was not written to the end')
  layout = h5py.VirtualLayout((3, 4), 'u2')
  layout[:] = h5py.VirtualSource('other.h5', 'data', (3, 4))
  with h5py.File(path, 'a') as file:
    del file['Experiments/__unnamed__/data']
    file['Experiments/__unnamed__'].create_virtual_dataset('data', layout)
  _refused(path, 'in other files')


def test_pixels_that_a_link_takes_from_elsewhere_are_refused(tmp_path):
  h5py = pytest.importorskip('h5py')
  path, axes = tmp_path / 'foil.hspy', _signal(_square(1.0, 'nm'))
  (tmp_path / 'secret').write_bytes(bytes(range(200, 248)))
  name = 'Experiments/__unnamed__/data'
  for link in (
    h5py.ExternalLink(str(tmp_path / 'other.h5'), 'data'),
    # Bytes of any file whatever, by the name of pixels.
    h5py.SoftLink('/payload'),
  ):
    write_hspy(path, _GREY, axes)
    with (
      h5py.File(path, 'a') as file,
      h5py.File(tmp_path / 'other.h5', 'w') as b,
    ):
      b['data'] = _GREY
      file.create_dataset(
        'payload',
        (3, 4),
        'u2',
        external=[(str(tmp_path / 'secret'), 0, 24)]
        if isinstance(link, h5py.SoftLink)
        else None,
      )
      del file[name]
      file[name] = link
    _refused(path, 'in other files')


def test_heap_of_which_a_part_was_lost(tmp_path):
  # HDF5 itself runs in a circle on this one.
  path = write_velox(tmp_path / 'foil.emd', [(_GREY[..., None], 3e-10, 'm')])
  content = bytearray(path.read_bytes())
  heap = content.index(b'GCOL')
  size = int.from_bytes(content[heap + 8 : heap + 16], 'little')
  content[heap + 16 : heap + size] = bytes(size - 16)
  path.write_bytes(content)
  _refused(path, 'do not fit their heap')


@pytest.mark.skipif(not _CASES.is_dir(), reason=f'no case is at {_CASES}')
def test_heap_whose_size_was_changed():
  # HDF5 itself never comes to its end.
  _refused(_CASES / 'broken/hdf5_hang.hspy', 'do not fit their heap')


@pytest.mark.parametrize(
  ('place', 'value'), [(8, 2**20), (24, 2**64 - 1), (24, 5000)]
)
def test_heap_whose_lengths_were_changed(tmp_path, place, value):
  path = tmp_path / 'foil.hspy'
  write_hspy(path, _GREY, _signal(_square(1.0, 'nm')))
  content = bytearray(path.read_bytes())
  heap = content.index(b'GCOL')
  content[heap + place : heap + place + 8] = value.to_bytes(8, 'little')
  path.write_bytes(content)
  _refused(path, 'do not fit their heap')


# Damage.

_AXES = _signal(_square(1.0, 'nm'))
_WRITERS = {
  'foil.dm3': functools.partial(write_dm, data=_STACK),
  'foil.dm4': functools.partial(write_dm, data=_STACK),
  'foil.dm5': functools.partial(write_dm5, data=_STACK),
  'foil.mrc': functools.partial(write_mrc, data=_STACK),
  'foil.ser': functools.partial(write_ser, images=list(_STACK)),
  'foil.hspy': functools.partial(write_hspy, data=_GREY, axes=_AXES),
  'berkeley.emd': functools.partial(
    write_berkeley, a=(_GREY, _square(1.0, 'nm'))
  ),
  'velox.emd': functools.partial(
    write_velox, images=[(_GREY[..., np.newaxis], 1e-9, 'm')]
  ),
}


@pytest.mark.parametrize('name', _WRITERS)
def test_cut_anywhere_yields_no_wrong_pixels(tmp_path, name):
  path = _WRITERS[name](tmp_path / name)
  whole = [one.pixels for one in reading.read_micrographs(path)]
  content = path.read_bytes()
  for length in range(1, len(content), max(len(content) // 60, 1)):
    path.write_bytes(content[:length])
    try:
      found = [one.pixels for one in reading.read_micrographs(path)]
    except InputError as error:
      assert '\n' not in str(error)
    else:
      np.testing.assert_array_equal(found, whole)
  path.write_bytes(content[: len(content) // 2])
  _refused(path, 'damaged|cut off')


@pytest.mark.parametrize('name', [n for n in _WRITERS if 'emd' not in n])
def test_bytes_overwritten_give_no_traceback(tmp_path, name):
  path = _WRITERS[name](tmp_path / name)
  content = path.read_bytes()
  random = np.random.default_rng(3)
  for _ in range(60):
    damaged = bytearray(content)
    place = random.integers(min(len(content), 600))
    damaged[place : place + 4] = random.bytes(4)
    path.write_bytes(damaged[: len(content)])
    try:
      reading.read_micrographs(path)
    except InputError as error:
      assert '\n' not in str(error)


def test_nothing_is_unpickled_and_nothing_asked_of_a_network(tmp_path):
  h5py = pytest.importorskip('h5py')
  for name, write in _WRITERS.items():
    write(tmp_path / name)
  (tmp_path / 'foil.ser').rename(tmp_path / 'emi_1.ser')
  write_emi(tmp_path / 'emi.emi')
  with h5py.File(tmp_path / 'foil.hspy', 'a') as file:
    # As HyperSpy keeps functions, and loads them when it opens the file.
    metadata = file['Experiments/__unnamed__/metadata'].attrs
    metadata['_bs_function'] = np.void(pickle.dumps(subprocess.run))
  program = """
import pathlib, sys
from defectseg_jax.micrographs.formats.opening import frames_of
def watch(event, arguments):
  kind = event.split('.')[0]
  # Dask pickles functions of its callers, and reads them again, as a checksum.
  own = ('_operator', 'dask', 'numpy', 'rsciio')
  if kind in ('socket', 'urllib') or (
    event == 'pickle.find_class' and arguments[0].split('.')[0] not in own
  ):
    raise SystemExit(f'{event} {arguments}')
sys.addaudithook(watch)
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
  print(len(list(frames_of(path))))
"""
  done = subprocess.run(
    [sys.executable, '-c', program, tmp_path],
    cwd=pathlib.Path(__file__).parents[2],
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  assert len(done.stdout.split()) == len(_WRITERS) + 1


# Without RosettaSciIO.


def test_it_is_not_needed_until_such_a_file_is_read(tmp_path):
  tifffile.imwrite(tmp_path / 'foil.tif', _GREY)
  write_dm(tmp_path / 'foil.dm4', _GREY)
  program = """
import pathlib, sys
sys.modules['rsciio'] = sys.modules['h5py'] = None  # as if not installed
from defectseg_jax.micrographs.formats.opening import frames_of
from defectseg_jax.errors import InputError
folder = pathlib.Path(sys.argv[1])
list(frames_of(folder / 'foil.tif'))
try:
  list(frames_of(folder / 'foil.dm4'))
except InputError as error:
  print(error)
"""
  done = subprocess.run(
    [sys.executable, '-c', program, tmp_path],
    cwd=pathlib.Path(__file__).parents[2],
    capture_output=True,
    text=True,
    check=True,
  )
  assert done.stdout.count('\n') == 1
  assert done.stdout.startswith(f'{tmp_path}/foil.dm4: ')
  assert 'pip install -r requirements-microscopy.txt' in done.stdout


def test_suffixes_are_known():
  assert set(rosettasciio.SUFFIXES) < set(formats.SUFFIXES)
