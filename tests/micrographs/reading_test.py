"""Files that are read, against arrays that were written; files that are not."""

import csv
import logging
import pathlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import formats, reading
from defectseg_jax.micrographs.formats.opening import frames_of
from defectseg_jax.micrographs.masks import read_mask

_DATA = pathlib.Path(__file__).parents[2].parent / 'shared' / 'data'
needs_data = pytest.mark.skipif(
  not _DATA.is_dir(), reason=f'the real micrographs are not at {_DATA}'
)

_RNG = np.random.default_rng(7)
# No zeros, so that pixels which were filled in would show.
_GREY = _RNG.integers(1, 256, (20, 30), dtype=np.uint8)
_STACK = _RNG.integers(1, 60000, (5, 6, 7), dtype=np.uint16)


@pytest.fixture(autouse=True)
def _quiet_tifffile():
  logger = logging.getLogger('tifffile')
  level = logger.level
  logger.setLevel(logging.CRITICAL)
  yield
  logger.setLevel(level)


def _refused(path, match, **options):
  """Reads, and checks that the message is one line that names the file."""
  with pytest.raises(InputError, match=match) as caught:
    reading.read_micrographs(path, **options)
  assert '\n' not in str(caught.value)
  assert str(path) in str(caught.value)
  assert '; ' in str(caught.value)  # the remedy follows


def _only(path, **options):
  (micrograph,) = reading.read_micrographs(path, **options)
  assert micrograph.pixels.dtype == np.float32
  assert micrograph.name == path.stem
  return micrograph


# What is read.


@pytest.mark.parametrize(
  'dtype',
  ['u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'f2', 'f4', 'f8', '>u2', '>f4'],
)
def test_tiff_of_all_types(tmp_path, dtype):
  path = tmp_path / 'foil.tif'
  pixels = _RNG.integers(0, 100, (5, 8)).astype(dtype)
  tifffile.imwrite(path, pixels, byteorder=dtype[0] if len(dtype) > 2 else '<')
  np.testing.assert_array_equal(_only(path).pixels, pixels.astype('f4'))


@pytest.mark.parametrize(
  'options',
  [
    {'compression': 'zlib', 'rowsperstrip': 7},
    {'compression': 'zlib', 'predictor': True},
    {'compression': 'lzma'},
    {'tile': (16, 16)},
    {'tile': (16, 16), 'compression': 'zlib'},
    {'bigtiff': True},
    {'byteorder': '>'},
  ],
)
def test_tiff_of_all_layouts(tmp_path, options):
  path = tmp_path / 'foil.tiff'
  tifffile.imwrite(path, _GREY, **options)
  np.testing.assert_array_equal(_only(path).pixels, _GREY)


def test_tiff_written_by_pillow(tmp_path):
  path = tmp_path / 'foil.tif'
  for compression in (None, 'packbits', 'tiff_adobe_deflate'):
    Image.fromarray(_GREY).save(path, compression=compression)
    np.testing.assert_array_equal(_only(path).pixels, _GREY)
  Image.fromarray(_GREY > 128).save(path)
  np.testing.assert_array_equal(_only(path).pixels, _GREY > 128)


@pytest.mark.parametrize(
  'options',
  [
    {},
    {'compression': 'zlib'},
    {'imagej': True},
    {'ome': True},
    {'metadata': None},
  ],
)
def test_stacks_are_named_by_index(tmp_path, options):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(path, _STACK, photometric='minisblack', **options)
  micrographs = reading.read_micrographs(path)
  assert [m.name for m in micrographs] == [f'foil[{i}]' for i in range(5)]
  for micrograph, pixels in zip(micrographs, _STACK, strict=True):
    np.testing.assert_array_equal(micrograph.pixels, pixels)


def test_imagej_stack_with_one_directory(tmp_path):
  # As ImageJ writes stacks of more than 4 GB: one page, the others behind it.
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(
    path,
    _STACK[0].astype('>u2'),
    byteorder='>',
    description='ImageJ=1.53t\nimages=5\nslices=5\n',
    metadata=None,
  )
  with tifffile.TiffFile(path) as file:
    end = file.pages[0].dataoffsets[0] + _STACK[0].nbytes
  rest = _STACK[1:].astype('>u2').tobytes()
  path.write_bytes(path.read_bytes()[:end] + rest)
  micrographs = reading.read_micrographs(path)
  assert len(micrographs) == 5
  np.testing.assert_array_equal(micrographs[4].pixels, _STACK[4])
  path.write_bytes(path.read_bytes()[:-1])
  _refused(path, 'cut off|damaged|ImageJ wrote 5')


def test_pages_of_unlike_size_and_thumbnails(tmp_path):
  path = tmp_path / 'foil.tif'
  with tifffile.TiffWriter(path) as writer:
    writer.write(_GREY, metadata=None)
    writer.write(_GREY[::2, ::2], metadata=None, subfiletype=1)
    writer.write(_GREY[:5], metadata=None)
  micrographs = reading.read_micrographs(path)
  assert [m.pixels.shape for m in micrographs] == [(20, 30), (5, 30)]


def test_white_is_zero_is_turned_round(tmp_path):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(path, _GREY, photometric='miniswhite')
  # Pillow turns it round too.
  np.testing.assert_array_equal(_only(path).pixels, np.array(Image.open(path)))
  tifffile.imwrite(path, _GREY.astype('f4'), photometric='miniswhite')
  _refused(path, 'white is zero')


def test_png_of_all_grey_modes(tmp_path):
  path = tmp_path / 'foil.png'
  Image.fromarray(_GREY).save(path)
  np.testing.assert_array_equal(_only(path).pixels, _GREY)
  Image.fromarray(_STACK[0]).save(path)
  np.testing.assert_array_equal(_only(path).pixels, _STACK[0])
  Image.fromarray(_GREY > 128).save(path)
  np.testing.assert_array_equal(_only(path).pixels, _GREY > 128)


def test_palette_is_converted_to_its_colours(tmp_path):
  indices = np.arange(6, dtype=np.uint8).reshape(2, 3)
  greys = np.array([9, 8, 200, 100, 0, 255])
  image = Image.fromarray(indices)
  image.putpalette(np.repeat(greys, 3).tolist())
  image.save(tmp_path / 'foil.png')
  pixels = _only(tmp_path / 'foil.png').pixels
  np.testing.assert_array_equal(pixels, greys.reshape(2, 3))
  colormap = np.zeros((3, 256), np.uint16)
  colormap[:, :6] = greys * 257
  tifffile.imwrite(
    tmp_path / 'foil.tif', indices, photometric='palette', colormap=colormap
  )
  pixels = _only(tmp_path / 'foil.tif').pixels
  np.testing.assert_array_equal(pixels, greys.reshape(2, 3))


def test_jpeg_is_what_pillow_decodes(tmp_path):
  path = tmp_path / 'foil.JPG'  # the suffix in either case
  Image.fromarray(_GREY).save(path)
  np.testing.assert_array_equal(_only(path).pixels, np.array(Image.open(path)))


def test_content_decides_between_png_and_jpeg(tmp_path):
  path = tmp_path / 'foil.jpg'
  Image.fromarray(_GREY).save(path, format='PNG')
  np.testing.assert_array_equal(_only(path).pixels, _GREY)


def test_npy(tmp_path):
  path = tmp_path / 'foil.npy'
  for pixels in (
    _GREY,
    np.asfortranarray(_GREY.astype('>f8')),
    _GREY > 9,
    _STACK[:1],
  ):
    np.save(path, pixels)
    np.testing.assert_array_equal(
      _only(path).pixels, pixels.reshape(pixels.shape[-2:])
    )
  np.save(path, _STACK)
  names = [m.name for m in reading.read_micrographs(path)]
  assert names == [f'foil[{i}]' for i in range(5)]


# Colour.


@pytest.mark.parametrize('suffix', ['png', 'tif'])
@pytest.mark.parametrize('channels', [2, 3, 4])
def test_equal_channels_and_constant_alpha_are_grey(tmp_path, suffix, channels):
  path = tmp_path / f'foil.{suffix}'
  colour = np.stack([_GREY] * channels, axis=-1)
  if channels in (2, 4):
    colour[..., -1] = 255
  Image.fromarray(colour).save(path)
  np.testing.assert_array_equal(_only(path).pixels, _GREY)


def test_planar_tiff(tmp_path):
  path = tmp_path / 'foil.tif'
  colour = np.stack([_GREY] * 3)
  tifffile.imwrite(path, colour, photometric='rgb', planarconfig='separate')
  np.testing.assert_array_equal(_only(path).pixels, _GREY)


def test_colour_is_refused_or_made_luminance(tmp_path):
  path = tmp_path / 'foil.png'
  colour = _RNG.integers(0, 256, (9, 8, 3), dtype=np.uint8)
  Image.fromarray(colour).save(path)
  _refused(path, "colour image.*rgb='luminance'")
  pixels = _only(path, rgb='luminance').pixels
  # Pillow has the same weights and rounds.
  np.testing.assert_allclose(
    pixels, np.array(Image.open(path).convert('L')), atol=0.51
  )
  _refused(path, "rgb is 'mean'", rgb='mean')


def test_varying_alpha_is_refused(tmp_path):
  path = tmp_path / 'foil.png'
  Image.fromarray(np.stack([_GREY, _GREY], axis=-1)).save(path)
  _refused(path, 'transparency varies')
  # One grey level that is declared transparent.
  Image.fromarray(_GREY).save(path, transparency=int(_GREY[0, 0]))
  _refused(path, 'transparency varies')


def test_colour_palette_is_refused_and_transparent_palette_too(tmp_path):
  path = tmp_path / 'foil.png'
  image = Image.fromarray(np.array([[0, 1]], np.uint8))
  image.putpalette([0, 0, 0, 255, 0, 0])
  image.save(path)
  _refused(path, 'colour image')
  assert _only(path, rgb='luminance').pixels[0, 1] == np.float32(255 * 0.299)
  image.putpalette([0, 0, 0, 255, 255, 255])
  image.save(path, transparency=0)
  _refused(path, 'transparency varies')


def test_other_colours_are_refused(tmp_path):
  path = tmp_path / 'foil.jpg'
  Image.new('CMYK', (4, 4)).save(path)
  _refused(path, 'CMYK')
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(path, np.zeros((4, 4, 4), np.uint8), photometric='separated')
  _refused(path, 'SEPARATED')


def test_png_of_16_bits_in_colour_is_refused(tmp_path):
  # Pillow cannot write one: a grey one, its header changed, will do.
  path = tmp_path / 'foil.png'
  Image.fromarray(_STACK[0]).save(path)
  content = bytearray(path.read_bytes())
  content[25] = 2
  path.write_bytes(content)
  _refused(path, '16 bits in each')


# Scale.


@needs_data
def test_real_imagej_file():
  name = 'test_loading_image_saved_with_imageJ.tif'
  with (_DATA / 'raw_files' / 'expected.csv').open() as file:
    (row,) = [row for row in csv.DictReader(file) if row['file'] == name]
  micrograph = _only(_DATA / 'raw_files' / name)
  assert micrograph.pixels.shape == (int(row['height']), int(row['width']))
  assert micrograph.pixel_size_nm == pytest.approx(168.67471, rel=1e-6)
  assert micrograph.pixel_size_nm == pytest.approx(
    float(row['pixel_size_nm']), rel=1e-6
  )


@needs_data
@pytest.mark.parametrize(
  'folder', ['superalloy_precipitates', 'steel316l_loops']
)
def test_real_png_is_what_pillow_decodes(folder):
  path = min((_DATA / folder / 'images').iterdir())
  micrograph = _only(path)
  np.testing.assert_array_equal(micrograph.pixels, np.array(Image.open(path)))
  assert micrograph.pixel_size_nm is None


@pytest.mark.parametrize(
  ('unit', 'nm'),
  [
    ('pm', 0.002),
    ('A', 0.2),
    ('\u00c5', 0.2),
    ('\u212b', 0.2),
    ('angstrom', 0.2),
    ('nm', 2.0),
    ('um', 2e3),
    ('\u00b5m', 2e3),
    ('\u03bcm', 2e3),
    ('\\u00B5m', 2e3),
    ('micron', 2e3),
    ('pixel', None),
    ('inch', None),
    ('', None),
  ],
)
def test_imagej_units(tmp_path, unit, nm):
  path = tmp_path / 'foil.tif'
  description = f'ImageJ=1.53t\nunit={unit}\n'
  # Encoded here, since tifffile takes only ASCII as text.
  tifffile.imwrite(
    path,
    _GREY,
    description=description.encode(),
    metadata=None,
    resolution=(0.5, 0.5),
    resolutionunit=1,
  )
  size = _only(path).pixel_size_nm
  assert size == (None if nm is None else pytest.approx(nm, rel=1e-9))


def test_imagej_without_unit_is_uncalibrated(tmp_path):
  path = tmp_path / 'foil.tif'
  # In centimetres these would be 1 nm a pixel, were it no ImageJ file.
  tifffile.imwrite(
    path, _GREY, imagej=True, resolution=(1e7, 1e7), resolutionunit=3
  )
  assert _only(path).pixel_size_nm is None


@pytest.mark.parametrize(
  ('unit', 'resolution', 'match'),
  [
    ('1/nm', (2, 2), "'1/nm'"),
    ('nm', (2, 2.1), '0.5 nm wide and 0.47619 nm high'),
  ],
)
def test_imagej_scales_refused(tmp_path, unit, resolution, match):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(
    path, _GREY, imagej=True, metadata={'unit': unit}, resolution=resolution
  )
  _refused(path, match)


def test_pixels_within_one_percent_are_square(tmp_path):
  path = tmp_path / 'foil.tif'
  metadata = {'unit': 'nm'}
  tifffile.imwrite(
    path, _GREY, imagej=True, metadata=metadata, resolution=(2, 2.01)
  )
  # The area of a pixel is the true one.
  area_nm2 = _only(path).pixel_size_nm ** 2
  assert area_nm2 == pytest.approx(0.5 / 2.01, rel=1e-6)


@pytest.mark.parametrize(
  ('metadata', 'nm'),
  [
    ({'PhysicalSizeX': 0.25, 'PhysicalSizeY': 0.25}, 250.0),
    ({'PhysicalSizeX': 3.0, 'PhysicalSizeXUnit': 'nm'}, 3.0),
    (
      {
        'PhysicalSizeX': 3.0,
        'PhysicalSizeXUnit': '\u00c5',
        'PhysicalSizeY': 0.3,
        'PhysicalSizeYUnit': 'nm',
      },
      0.3,
    ),
    ({}, None),
    ({'PhysicalSizeX': 2.0, 'PhysicalSizeXUnit': 'pixel'}, None),
  ],
)
def test_ome_scale(tmp_path, metadata, nm):
  path = tmp_path / 'foil.ome.tif'
  tifffile.imwrite(path, _GREY, ome=True, metadata=metadata)
  size = _only(path).pixel_size_nm
  assert size == (None if nm is None else pytest.approx(nm, rel=1e-9))


@pytest.mark.parametrize(
  ('pixels', 'match'),
  [
    ('<Pixels PhysicalSizeX="1" PhysicalSizeY="2"/>', '1000 nm wide'),
    ('<Pixels PhysicalSizeX="1" PhysicalSizeXUnit="1/nm"/>', "'1/nm'"),
    ('<Pixels', 'not XML'),
  ],
)
def test_ome_scales_refused(tmp_path, pixels, match):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(
    path, _GREY, description=f'<OME>{pixels}</OME>', metadata=None
  )
  _refused(path, match)


@pytest.mark.parametrize(
  ('per_unit', 'unit', 'nm'),
  [
    (300, 2, None),  # a printer's
    (72, 2, None),
    (10_000, 3, None),  # 1 um a pixel: the limit
    (20_000_000, 3, 0.5),
    (2_540_000, 2, 10.0),
    (20_000_000, 1, None),  # no unit
  ],
)
def test_plain_tiff_resolution(tmp_path, per_unit, unit, nm):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(
    path, _GREY, resolution=(per_unit, per_unit), resolutionunit=unit
  )
  size = _only(path).pixel_size_nm
  assert size == (None if nm is None else pytest.approx(nm, rel=1e-9))


def test_plain_tiff_with_oblong_pixels_is_refused(tmp_path):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(path, _GREY, resolution=(1e7, 2e7), resolutionunit=3)
  _refused(path, '1 nm wide and 0.5 nm high')


# Files at fault.


def test_missing_file(tmp_path):
  _refused(tmp_path / 'foil.png', 'No such file')


def test_folder(tmp_path):
  _refused(tmp_path, 'it is a folder')


def test_unknown_suffix_names_the_known(tmp_path):
  path = tmp_path / 'foil.gif'
  path.write_bytes(b'GIF89a')
  _refused(path, r"'\.gif'.*\.tif, \.tiff, \.png, \.jpg, \.jpeg, \.bmp")


@pytest.mark.parametrize('suffix', formats.SUFFIXES)
def test_empty_file(tmp_path, suffix):
  path = tmp_path / f'foil{suffix}'
  path.touch()
  _refused(path, r'empty \(0 bytes\)')


@pytest.mark.parametrize('suffix', formats.SUFFIXES)
@pytest.mark.parametrize(
  'content',
  [
    b'x',
    b'no image\n' * 40,
    b'II*\0' + b'\xff' * 50,
    b'II+\0\b\0\0\0' + b'\xff' * 50,
  ],
)
def test_file_that_is_no_image(tmp_path, suffix, content):
  path = tmp_path / f'foil{suffix}'
  path.write_bytes(content)
  _refused(path, 'foil')


def test_message_is_one_line_even_if_the_name_is_not(tmp_path):
  path = tmp_path / 'two\nlines.png'
  path.write_bytes(b'x')
  with pytest.raises(InputError) as caught:
    reading.read_micrographs(path)
  assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
  ('name', 'options'),
  [
    ('foil.tif', {}),
    ('foil.tif', {'compression': 'zlib'}),
    ('foil.tif', {'compression': 'zlib', 'tile': (16, 16)}),
    ('foil.tif', {'imagej': True, 'metadata': {'unit': 'nm'}}),
    ('foil.tif', {'bigtiff': True}),
    ('foil.ome.tif', {'compression': 'zlib'}),
  ],
)
def test_tiff_cut_anywhere_yields_no_wrong_pixels(tmp_path, name, options):
  path = tmp_path / name
  tifffile.imwrite(path, _STACK, photometric='minisblack', **options)
  _check_cuts(path)


@pytest.mark.parametrize('compression', [None, 'tiff_adobe_deflate'])
def test_tiff_with_directories_behind_the_pixels_cut(tmp_path, compression):
  path = tmp_path / 'foil.tif'
  image = Image.fromarray(_GREY)
  image.save(
    path, compression=compression, save_all=True, append_images=[image] * 2
  )
  _check_cuts(path)


@pytest.mark.parametrize('name', ['foil.png', 'foil.jpg', 'foil.npy'])
def test_other_files_cut(tmp_path, name):
  path = tmp_path / name
  if name.endswith('npy'):
    np.save(path, _GREY)
  else:
    Image.fromarray(_GREY).save(path)
  _check_cuts(path)


def _check_cuts(path):
  """Cut at many places, a file is refused, or lacks no byte that matters."""
  whole = [m.pixels for m in reading.read_micrographs(path)]
  content = path.read_bytes()
  # The last bytes of some files are padding, or a mark that the end is reached.
  for length in [*range(1, len(content) - 20, 41), len(content) - 21]:
    path.write_bytes(content[:length])
    _refused(path, 'foil')
  for length in range(len(content) - 20, len(content)):
    path.write_bytes(content[:length])
    try:
      micrographs = reading.read_micrographs(path)
    except InputError:
      continue
    for micrograph, pixels in zip(micrographs, whole, strict=True):
      np.testing.assert_array_equal(micrograph.pixels, pixels)


def test_strips_never_written_are_refused(tmp_path):
  # tifffile would return zeros for them.
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(path, _GREY, compression='zlib', rowsperstrip=10)
  with tifffile.TiffFile(path) as file:
    tag = file.pages[0].tags['StripByteCounts']
    counts = np.array(tag.value)
  with tifffile.TiffFile(path, mode='r+b') as file:
    file.pages[0].tags['StripByteCounts'].overwrite([int(counts[0]), 0])
  assert not tifffile.imread(path)[10:].any()
  _refused(path, '1 of its strips or tiles were not written')


def test_imagej_stack_with_pages_lost(tmp_path):
  path = tmp_path / 'foil.tif'
  tifffile.imwrite(
    path,
    _GREY,
    description='ImageJ=1.53t\nimages=9\n',
    metadata=None,
    compression='zlib',
  )
  _refused(path, 'ImageJ wrote 9|damaged')


def test_directories_in_a_circle(tmp_path):
  path = tmp_path / 'foil.tif'
  Image.fromarray(_GREY).save(path)
  content = bytearray(path.read_bytes())
  first = int.from_bytes(content[4:8], 'little')
  entries = int.from_bytes(content[first : first + 2], 'little')
  following = first + 2 + 12 * entries
  content[following : following + 4] = content[4:8]
  path.write_bytes(content)
  _refused(path, 'seen before')


@pytest.mark.parametrize('suffix', ['tif', 'npy'])
def test_nan_and_complex_pixels(tmp_path, suffix):
  path = tmp_path / f'foil.{suffix}'
  write = {'tif': tifffile.imwrite, 'npy': np.save}[suffix]
  stack = np.ones((5, 6, 7), np.float32)
  stack[3, 2, 1] = np.nan
  write(path, stack)
  missing = [one.missing for one in reading.read_micrographs(path)]
  assert [one is None for one in missing] == [True, True, True, False, True]
  assert np.argwhere(missing[3]).tolist() == [[2, 1]]
  write(path, np.ones((4, 4), np.complex64))
  _refused(path, 'complex64')


@pytest.mark.parametrize(
  'array',
  [
    np.zeros(4),
    np.zeros((9, 9, 3)),
    np.zeros((2, 2, 2, 2)),
    np.zeros((0, 4)),
  ],
)
def test_npy_of_other_shapes(tmp_path, array):
  path = tmp_path / 'foil.npy'
  np.save(path, array)
  _refused(path, r'foil\.npy: .*\(')


@pytest.mark.parametrize(
  'array',
  [
    np.zeros((9, 9), [('a', np.uint8), ('b', np.float32)]),
    np.full((9, 9), 'foil'),
    np.full((9, 9), b'foil'),
    np.zeros((9, 9), 'datetime64[s]'),
    np.ones((9, 9), np.complex64),
  ],
  ids=lambda array: array.dtype.kind,
)
def test_npy_of_no_numbers(tmp_path, array):
  path = tmp_path / 'foil.npy'
  np.save(path, array)
  _refused(path, r'foil\.npy: .*its array is of ')
  # As a mask, too.
  with pytest.raises(InputError, match=r'foil\.npy: .*its array is of '):
    read_mask(path)


def test_npy_of_objects_is_not_unpickled(tmp_path):
  path = tmp_path / 'foil.npy'
  np.save(path, np.array([[{}]]), allow_pickle=True)
  _refused(path, 'no NPY file of numbers')


def test_animation(tmp_path):
  path = tmp_path / 'foil.png'
  frames = [Image.fromarray(_GREY), Image.fromarray(_GREY[::-1].copy())]
  frames[0].save(path, save_all=True, append_images=frames[1:])
  _refused(path, 'animation of 2 images')


def test_large_images_do_not_meet_pillows_limit(tmp_path, monkeypatch):
  monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 10)
  for name in ('foil.png', 'foil.jpg'):
    Image.fromarray(_GREY).save(tmp_path / name)
    # In this process, of which the limit is.
    (frame,) = frames_of(tmp_path / name)
    assert frame.values.shape == _GREY.shape
  assert Image.MAX_IMAGE_PIXELS == 10


def test_absurd_sizes_are_refused_before_memory_is_asked_for(tmp_path):
  path = tmp_path / 'foil.png'
  Image.fromarray(_GREY).save(path)
  content = bytearray(path.read_bytes())
  content[16:24] = (2**17).to_bytes(4, 'big') * 2
  path.write_bytes(content)
  _refused(path, 'foil.png: the image is 131072 x 131072')
