"""Pixels as they stand in the file, by another library or byte by byte."""

import pathlib
import struct
import zlib

import h5py
import imagecodecs
import numpy as np
import pytest
import tifffile
from microscope_writers import write_berkeley, write_dm, write_hspy, write_mrc
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import reading

_CASES = pathlib.Path(__file__).parents[2].parent / 'shared/data/cases'
needs_cases = pytest.mark.skipif(
  not _CASES.is_dir(), reason=f'no case is at {_CASES}'
)
_RNG = np.random.default_rng(7)
_GREY = _RNG.integers(1, 256, (64, 48), dtype=np.uint8)
# Every byte, so that a sign that is wrong shows.
_BYTES = np.arange(256, dtype=np.uint8).reshape(16, 16)


def _pixels(path):
  return [one.pixels for one in reading.read_micrographs(path)]


def _check(path, *images):
  found = _pixels(path)
  assert len(found) == len(images)
  for pixels, expected in zip(found, images):
    np.testing.assert_array_equal(pixels, expected)


def _refused(path, match):
  with pytest.raises(InputError, match=match) as caught:
    reading.read_micrographs(path)
  assert str(path) in str(caught.value)
  assert '\n' not in str(caught.value)


# Compression.


@needs_cases
@pytest.mark.parametrize('way', ['lzw', 'zstd', 'png', 'jpeg'])
def test_compressed_cases(way):
  path = _CASES / f'micrographs/compressed_{way}.tif'
  (pixels,) = _pixels(path)
  np.testing.assert_array_equal(pixels, tifffile.imread(path))
  assert pixels.std() > 1


@needs_cases
def test_cases_of_one_image_compressed_in_several_ways_are_the_same():
  ways = ['lzw', 'zstd', 'png', 'jpeg2000', 'jpegxl', 'lerc']
  first, *others = (
    _pixels(_CASES / f'micrographs/compressed_{way}.tif')[0] for way in ways
  )
  for other in others:
    np.testing.assert_array_equal(other, first)


@needs_cases
def test_compressed_masks():
  for name in ('compressed_lzw', 'compressed_zstd', 'pillow_1bit_g4'):
    (pixels,) = _pixels(_CASES / f'masks/{name}.tif')
    base = np.array(Image.open(_CASES / 'masks/base.png'))
    np.testing.assert_array_equal(pixels > 0, base > 0)


@pytest.mark.parametrize('dtype', ['u1', 'u2', 'f4'])
@pytest.mark.parametrize('predictor', [False, True])
@pytest.mark.parametrize('compression', ['lzw', 'zstd', 'deflate', 'lzma'])
def test_compression_and_predictors(tmp_path, compression, predictor, dtype):
  path = tmp_path / 'foil.tif'
  pixels = (_GREY * 200.0).astype(dtype)
  tifffile.imwrite(path, pixels, compression=compression, predictor=predictor)
  _check(path, pixels)


def test_compression_of_other_programs(tmp_path):
  path = tmp_path / 'foil.tif'
  for compression in ('tiff_lzw', 'packbits', 'zstd'):
    Image.fromarray(_GREY).save(path, compression=compression)
    _check(path, _GREY)
  for compression in ('group3', 'group4', 'tiff_ccitt'):
    Image.fromarray(_GREY > 128).save(path, compression=compression)
    _check(path, _GREY > 128)
  Image.fromarray(_GREY).save(path, compression='jpeg')
  _check(path, np.array(Image.open(path)))
  colour = np.stack([_GREY] * 3, axis=-1)
  Image.fromarray(colour).save(path, compression='jpeg', quality=100)
  found = reading.read_micrographs(path, rgb='luminance')[0].pixels
  assert np.abs(found - _GREY).mean() < 3


def test_unknown_compression_is_named(tmp_path):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(path, _GREY)
  content = bytearray(path.read_bytes())
  at = content.index(struct.pack('<HHI', 259, 3, 1))
  content[at + 8 : at + 10] = struct.pack('<H', 32766)
  path.write_bytes(content)
  _refused(path, r'compression cannot be undone here \(.*32766.*LZW')


def test_codecs_are_there_without_a_choice():
  for name in ('lzw', 'zstd', 'jpeg8', 'png', 'ccittfax4'):
    assert getattr(imagecodecs, name.upper()).available


# Pages.


@needs_cases
def test_page_of_half_the_side():
  path = _CASES / 'broken/page_half_size_omitted.tif'
  with tifffile.TiffFile(path) as file:
    _check(path, *(page.asarray() for page in file.pages))
    assert [page.shape for page in file.pages] == [(200, 200), (100, 100)]


@pytest.mark.parametrize('factors', [(1, 2, 4), (1, 2, 2), (2, 1)])
def test_pages_of_unlike_sizes_are_images(tmp_path, factors):
  path = tmp_path / 'foil.tif'
  pages = [_GREY[::factor, ::factor] for factor in factors]
  with tifffile.TiffWriter(path) as writer:
    for page in pages:
      writer.write(page, metadata=None)
  _check(path, *pages)


def test_pages_that_a_tag_marks_are_copies(tmp_path):
  path = tmp_path / 'foil.tif'
  with tifffile.TiffWriter(path) as writer:
    writer.write(_GREY, metadata=None)
    writer.write(_GREY[::2, ::2], subfiletype=1, metadata=None)
    # TIFF 5.0's way: 1 a full image, 2 a reduced one.
    old = [(255, 'H', 1, 2, True)]
    writer.write(_GREY[::4, ::4], extratags=old, metadata=None)
    old = [(255, 'H', 1, 1, True)]
    writer.write(_GREY[::2], extratags=old, metadata=None)
  _check(path, _GREY, _GREY[::2])


def test_previews_in_subdirectories_are_passed_over(tmp_path):
  path = tmp_path / 'foil.tif'
  with tifffile.TiffWriter(path) as writer:
    writer.write(_GREY, subifds=2, metadata=None)
    for factor in (2, 4):
      writer.write(_GREY[::factor, ::factor], subfiletype=1, metadata=None)
    writer.write(_GREY[::-1], metadata=None)
  _check(path, _GREY, _GREY[::-1])


def test_pages_of_several_programs(tmp_path):
  # Shapes in the description of a page are no instruction.
  path = tmp_path / 'foil.tif'
  stack = np.stack([_GREY, _GREY[::-1]])
  with tifffile.TiffWriter(path) as writer:
    writer.write(stack, photometric='minisblack')
    writer.write(_GREY[:5])
  _check(path, *stack, _GREY[:5])


# Bytes with and without a sign.


def _mrc(path, *, stamp=None, largest=0.0, version=20141):
  write_mrc(path, _BYTES, size_nm=(0.2, 0.2))
  content = bytearray(path.read_bytes())
  struct.pack_into('<2f', content, 76, 0.0, largest)
  struct.pack_into('<i', content, 108, version)
  if stamp is not None:
    struct.pack_into('<2i', content, 152, 1146047817, stamp)
  path.write_bytes(content)
  return path


@pytest.mark.parametrize(
  ('options', 'dtype'),
  [
    ({}, 'i1'),  # MRC2014
    ({'largest': 127.0}, 'i1'),
    ({'stamp': 1}, 'i1'),
    ({'stamp': 0}, 'u1'),
    ({'stamp': 16}, 'u1'),  # other flags of IMOD
    ({'largest': 255.0, 'version': 0}, 'u1'),  # older than MRC2014
  ],
)
def test_bytes_of_mrc(tmp_path, options, dtype):
  path = _mrc(tmp_path / 'foil.mrc', **options)
  _check(path, _BYTES.view(dtype))


@pytest.mark.parametrize('suffix', ['dm3', 'dm4'])
def test_bytes_of_digitalmicrograph(tmp_path, suffix):
  path = tmp_path / f'foil.{suffix}'
  _check(write_dm(path, _BYTES), _BYTES)
  _check(write_dm(path, _BYTES, kind=9), _BYTES.view('i1'))


def test_bytes_of_tiff(tmp_path):
  path = tmp_path / 'foil.tif'
  for dtype in ('u1', 'i1'):
    tifffile.imwrite(path, _BYTES.view(dtype))
    _check(path, _BYTES.view(dtype))


# Scale and diffraction patterns of MRC.


def test_mrc_of_one_angstrom_is_not_calibrated(tmp_path):
  path = write_mrc(tmp_path / 'foil.mrc', _GREY, size_nm=(0.1, 0.1))
  (found,) = reading.read_micrographs(path)
  assert found.pixel_size_nm is None
  assert 'nobody calibrated' in found.scale_doubt


def test_mrc_of_a_negative_size_is_not_calibrated(tmp_path):
  path = write_mrc(tmp_path / 'foil.mrc', _GREY, size_nm=(-0.3, -0.3))
  assert reading.read_micrographs(path)[0].pixel_size_nm is None


def test_diffraction_patterns_of_mrc(tmp_path):
  path = write_mrc(tmp_path / 'foil.mrc', _GREY, size_nm=(0.2, 0.2))
  content = bytearray(path.read_bytes())
  content[224:244] = b'Electron Diffraction'
  path.write_bytes(content)
  _refused(path, 'diffraction pattern')
  record = bytearray(128)
  record[44:48] = np.float32(2e7).tobytes()  # 1/m
  write_mrc(path, _GREY, extended=bytes(record) * 1024)
  _refused(path, 'diffraction pattern.*1/m')


@pytest.mark.parametrize('unit', ['1/nm', 'nm^-1', 'mrad'])
def test_diffraction_patterns_of_tiff(tmp_path, unit):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(path, _GREY, imagej=True, metadata={'unit': unit})
  _refused(path, 'diffraction pattern')
  tags = [(65003 + axis, 's', 0, unit, True) for axis in range(2)]
  tags += [(65009 + axis, 'd', 1, 0.1, True) for axis in range(2)]
  tifffile.imwrite(path, _GREY, extratags=tags, metadata=None)
  _refused(path, 'diffraction pattern')


# Axes by name.

_NAMES = [('y', 'x'), ('Y', 'X'), ('Ry', 'Rx'), (' y', 'X ')]


@pytest.mark.parametrize('names', _NAMES)
def test_axes_of_berkeleys_file(tmp_path, names):
  y, x = ((name, 0.5, '[n_m]') for name in names)
  path = write_berkeley(tmp_path / 'foil.emd', a=(_GREY, [y, x]))
  with h5py.File(path) as file:
    _check(path, file['data/a/data'][:])
  # The other way round, as programs write it that count columns first.
  path = write_berkeley(tmp_path / 'foil.emd', a=(_GREY.T, [x, y]))
  with h5py.File(path) as file:
    _check(path, file['data/a/data'][:].T)


@needs_cases
@pytest.mark.parametrize('name', ['n_m', 'none'])
def test_cases_of_berkeley(name):
  path = _CASES / f'emd/berkeley_{name}.emd'
  with h5py.File(path) as file:
    _check(path, file['data/single/data'][:])
  size = reading.read_micrographs(path)[0].pixel_size_nm
  assert size == {'n_m': 0.25, 'none': None}[name]


@pytest.mark.parametrize('first', [0, 1])
@pytest.mark.parametrize('names', [('', ''), ('height', 'width')])
def test_axes_without_known_names_are_as_h5py_has_them(tmp_path, first, names):
  path = tmp_path / 'foil.emd'
  dims = [(name, 0.5, 'nm') for name in names]
  write_berkeley(path, a=(_GREY, dims))
  if first == 0:
    with h5py.File(path, 'a') as file:
      for index in (1, 2):
        file.move(f'data/a/dim{index}', f'data/a/dim{index - 1}')
  _check(path, _GREY)


def test_stack_of_berkeley_by_names_in_capitals(tmp_path):
  stack = np.stack([_GREY, _GREY[::-1], _GREY[:, ::-1]])
  dims = [(name, 0.5, 'nm') for name in 'ZYX']
  path = write_berkeley(tmp_path / 'foil.emd', a=(stack, dims))
  _check(path, *stack)


@pytest.mark.parametrize('names', [('X', 'Y'), ('x', 'y')])
def test_axes_of_hspy(tmp_path, names):
  axes = [(name, 1.0, 'nm', False) for name in names]
  path = write_hspy(tmp_path / 'foil.hspy', _GREY, axes)
  with h5py.File(path) as file:
    _check(path, file['Experiments/__unnamed__/data'][:].T)


def test_axes_of_reciprocal_space_are_refused(tmp_path):
  dims = [(name, 0.5, 'pixels') for name in ('Qy', 'Qx')]
  path = write_berkeley(tmp_path / 'foil.emd', a=(_GREY, dims))
  _refused(path, 'diffraction')


# BMP.


@needs_cases
def test_case_of_bmp():
  path = _CASES / 'micrographs/photo.bmp'
  _check(path, np.array(Image.open(path).convert('L')))


def test_bmp(tmp_path):
  path = tmp_path / 'foil.bmp'
  Image.fromarray(_GREY).save(path)
  _check(path, _GREY)
  Image.fromarray(_GREY > 128).save(path)
  _check(path, _GREY > 128)
  colour = np.stack([_GREY] * 3, axis=-1)
  Image.fromarray(colour).save(path)
  _check(path, _GREY)
  content = path.read_bytes()
  path.write_bytes(content[: len(content) // 2])
  _refused(path, 'damaged or cut off')


# Palettes of TIFF.


def test_palette_of_one_bit(tmp_path):
  path = tmp_path / 'foil.tif'
  image = Image.fromarray(_GREY > 128).convert('P')
  image.putpalette([30, 30, 30, 200, 200, 200])
  image.save(path, bits=1)
  _check(path, np.array(Image.open(path).convert('L')))


@needs_cases
def test_palette_that_does_not_fit_its_bits():
  _refused(_CASES / 'broken/tiff_palette_indexerror.tif', 'palette')


# Rows of PNG.


@needs_cases
@pytest.mark.parametrize(
  'name', ['png_300_of_1000_rows', 'png_80_bytes_2GB', 'png_iccp_indexerror']
)
def test_png_that_is_damaged(name):
  _refused(_CASES / f'broken/{name}.png', 'damaged or cut off')


def _png(path, kind, depth, interlace, rows, height):
  """A PNG of 9 columns, whose stream ends as it should after some rows."""

  def chunk(name, content):
    checksum = zlib.crc32(name + content)
    length = struct.pack('>I', len(content))
    return length + name + content + struct.pack('>I', checksum)

  header = struct.pack('>IIBBBBB', 9, height, depth, kind, 0, 0, interlace)
  packed = zlib.compress(rows)
  path.write_bytes(
    b'\x89PNG\r\n\x1a\n'
    + chunk(b'IHDR', header)
    + chunk(b'IDAT', packed[:5])
    + chunk(b'IDAT', packed[5:])
    + chunk(b'IEND', b'')
  )
  return path


@pytest.mark.parametrize('missing', [0, 1])
@pytest.mark.parametrize(
  ('kind', 'depth', 'row'), [(0, 1, 2), (0, 8, 9), (0, 16, 18), (2, 8, 27)]
)
def test_rows_of_png_that_are_missing(tmp_path, kind, depth, row, missing):
  rows = bytes(1 + row) * (20 - missing)
  path = _png(tmp_path / 'foil.png', kind, depth, 0, rows, 20)
  if missing:
    _refused(path, f'its rows are {19 * (1 + row)} bytes of {20 * (1 + row)}')
  else:
    assert _pixels(path)[0].shape == (20, 9)


@pytest.mark.parametrize('missing', [0, 3])
def test_interlaced_png(tmp_path, missing):
  # Adam7's passes of 9 x 20 pixels: columns, and rows.
  passes = [(2, 3), (1, 3), (3, 2), (2, 5), (5, 5), (4, 10), (9, 10)]
  rows = b''.join(bytes(1 + columns) * count for columns, count in passes)
  rows = rows[: len(rows) - missing]
  path = _png(tmp_path / 'foil.png', 0, 8, 1, rows, 20)
  if missing:
    _refused(path, 'its rows are')
  else:
    assert _pixels(path)[0].shape == (20, 9)
