"""More members of the kinds of inputs in the shared cases.

Each is written by another program, in another spelling or order of bytes than
the file that stands for its kind. `cases_rows_test` says which is of which.
"""

import struct

import numpy as np
import pytest
import tifffile
from microscope_writers import write_dm, write_hspy, write_mrc
from PIL import Image
from tiff_tags import fei_text, jeol_xml, write_tiff, zeiss_text

import defectseg_jax as ds
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import reading
from defectseg_jax.micrographs.calibration_table import read_calibration_table
from defectseg_jax.micrographs.mask_files import MaskFile, image_of_mask
from defectseg_jax.micrographs.masks import read_masks, read_object_mask
from defectseg_jax.micrographs.selection import choose_images

_GREY = np.random.default_rng(5).integers(1, 256, (30, 40), dtype=np.uint8)
_COUNTS = _GREY.astype(np.uint16) * 200
# Two that touch, and one alone.
_IDS = np.zeros((30, 40), np.int64)
_IDS[2:9, 2:9], _IDS[2:9, 9:15], _IDS[15:25, 20:30] = 7, 4, 300


def _only(path):
  (micrograph,) = reading.read_micrographs(path)
  return micrograph


def _check(path, pixels, nm=None):
  found = _only(path)
  np.testing.assert_array_equal(found.pixels, pixels.astype(np.float32))
  assert found.pixel_size_nm == (nm if nm is None else pytest.approx(nm, 1e-5))


@pytest.mark.parametrize('way', ['mrc', 'imagej', 'ome', 'dm4'])
def test_an_image_at_032_nm_by_other_programs(tmp_path, way):
  if way == 'mrc':
    path = write_mrc(tmp_path / 'a.mrc', _COUNTS, size_nm=(0.32, 0.32))
  elif way == 'dm4':
    path = write_dm(tmp_path / 'a.dm4', _COUNTS, x=(0.32, 'nm'))
  else:
    path = tmp_path / 'a.tif'
    size = {'PhysicalSizeX': 3.2, 'PhysicalSizeXUnit': 'Å'}
    size |= {'PhysicalSizeY': 3.2, 'PhysicalSizeYUnit': 'Å'}
    tifffile.imwrite(
      path,
      _COUNTS,
      byteorder='>',
      imagej=way == 'imagej',
      ome=way == 'ome',
      **({'resolution': (3.125, 3.125)} if way == 'imagej' else {}),
      metadata={'unit': 'nm'} if way == 'imagej' else size,
    )
  _check(path, _COUNTS, 0.32)


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('big', [False, True])
@pytest.mark.parametrize(
  ('tag', 'text', 'nm'),
  [
    (34682, fei_text(1.25e-9, 40), 1.25),
    (34680, fei_text('1.25E-009', 40, section='EScan'), 1.25),
    (34118, zeiss_text('558.2 pm'), 0.5582),
    (270, jeol_xml(), 25.4e6 / 93 / 150000),
  ],
)
def test_tags_in_either_order_and_in_bigtiff(
  tmp_path, tag, text, nm, big, order
):
  options = {'byteorder': order, 'bigtiff': big}
  if tag == 270:
    options |= {'description': text, 'resolution': (93, 93)}
  tags = [] if tag == 270 else [(tag, text)]
  path = write_tiff(tmp_path / 'a.tif', _GREY, *tags, **options)
  _check(path, _GREY, nm)


@pytest.mark.parametrize(
  ('size', 'unit'),
  [(0.5, 'nm'), (5.0, 'Å'), (5e-4, 'µm'), (500.0, 'pm'), (5e-10, 'm')],
)
def test_units_of_other_programs(tmp_path, size, unit):
  axes = [(name, size, unit, False) for name in 'yx']
  _check(write_hspy(tmp_path / 'a.hspy', _COUNTS, axes), _COUNTS, 0.5)
  if unit in ('nm', 'µm'):
    path = write_dm(tmp_path / 'a.dm3', _COUNTS, x=(size, unit))
    _check(path, _COUNTS, 0.5)


@pytest.mark.parametrize('dpi', [72, 96, 300, 600])
@pytest.mark.parametrize('name', ['a.png', 'a.tif', 'a.jpg', 'a.bmp'])
def test_what_pillow_writes_for_printers_is_no_scale(tmp_path, name, dpi):
  Image.fromarray(_GREY).save(tmp_path / name, dpi=(dpi, dpi))
  assert _only(tmp_path / name).pixel_size_nm is None


def _bmp(path, bits, compression, content, palette=b'', height=2):
  """A BMP of 4 columns, byte by byte."""
  start = 14 + 40 + len(palette)
  path.write_bytes(
    struct.pack('<2sIHHI', b'BM', start + len(content), 0, 0, start)
    + struct.pack('<IiiHHII', 40, 4, height, 1, bits, compression, len(content))
    + struct.pack('<iiII', 2835, 2835, len(palette) // 4, 0)
    + palette
    + content
  )
  return path


def test_bmp_of_other_programs(tmp_path):
  """Packed by Windows, in 4 bits, and with the first row first."""
  greys = b''.join(bytes([n, n, n, 0]) for n in range(256))
  # The last row first: 3 times 9 and 7; then 5, 5, 200, 1.
  packed = bytes([3, 9, 1, 7, 0, 0, 2, 5, 1, 200, 1, 1, 0, 0, 0, 1])
  rows = np.array([[5, 5, 200, 1], [9, 9, 9, 7]])
  _check(_bmp(tmp_path / 'rle.bmp', 8, 1, packed, greys), rows)
  few = b''.join(bytes([17 * n] * 3 + [0]) for n in range(16))
  nibbles = bytes([0x12, 0x34, 0, 0, 0xF0, 0x0F, 0, 0])
  rows = 17 * np.array([[15, 0, 0, 15], [1, 2, 3, 4]])
  _check(_bmp(tmp_path / 'four.bmp', 4, 0, nibbles, few), rows)
  content = bytes(range(8))
  rows = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
  _check(_bmp(tmp_path / 'down.bmp', 8, 0, content, greys, height=-2), rows)


@pytest.mark.parametrize('compression', ['zlib', 'lzw', 'zstd', 'packbits'])
@pytest.mark.parametrize('order', ['<', '>'])
def test_compressed_tiles_in_either_order(tmp_path, compression, order):
  path = tmp_path / 'a.tif'
  tifffile.imwrite(
    path,
    _COUNTS,
    byteorder=order,
    bigtiff=True,
    tile=(16, 16),
    compression=compression,
    predictor=compression != 'packbits',
  )
  _check(path, _COUNTS)


def _labels(path, ids):
  if path.suffix == '.npy':
    np.save(path, ids.astype('>i8'))
  elif path.suffix == '.mrc':
    write_mrc(path, ids.astype(np.float32))
  elif path.suffix == '.png':
    Image.fromarray(ids.astype(np.uint16)).save(path)
  else:
    tifffile.imwrite(
      path, ids.astype(np.uint32), ome=True, byteorder='>', compression='zlib'
    )
  return path


@pytest.mark.parametrize('name', ['a.npy', 'a.mrc', 'a.png', 'a.ome.tif'])
def test_numbers_of_objects_by_other_programs(tmp_path, name):
  """napari and StarDist, IMOD, Cellpose, QuPath."""
  found = read_object_mask(_labels(tmp_path / name, _IDS))
  np.testing.assert_array_equal(found.mask, _IDS > 0)
  assert len(np.unique(found.ids)) == 4
  np.testing.assert_array_equal(found.ids[5] > 0, _IDS[5] > 0)
  assert found.ids[5, 8] != found.ids[5, 9]


@pytest.mark.parametrize(
  'kind', ['1 bit', '16 bit', 'palette', 'white is zero']
)
def test_black_on_white_of_other_programs_is_doubted(tmp_path, kind):
  background = np.ones((200, 300), bool)
  for row, column in ((20, 20), (60, 200), (150, 90), (120, 250)):
    background[row : row + 14, column : column + 14] = False
  path = tmp_path / ('a.tif' if 'bit' in kind or 'white' in kind else 'a.png')
  if kind == '1 bit':
    Image.fromarray(background).save(path, compression='group4')
  elif kind == '16 bit':
    tifffile.imwrite(path, background.astype('>u2') * 65535)
  elif kind == 'palette':
    image = Image.fromarray(background.astype(np.uint8))
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.save(path)
  else:
    pixels = background.astype(np.uint8) * 255
    tifffile.imwrite(path, pixels, photometric='miniswhite')
  scale = {'pixel_size_nm': 0.5, 'thickness_nm': 100.0}
  found = ds.measure(ds.read_mask(path), defect='voids', **scale)
  assert 'mask_inverted' in [one.name for one in found.warnings]


@pytest.mark.parametrize('way', ['npy', 'ome', 'imagej', 'mrc'])
def test_stacks_of_masks_by_other_programs(tmp_path, way):
  stack = np.stack([n < _IDS for n in (0, 5, 9)]).astype(np.uint8) * 255
  path = tmp_path / f'a.{way if way in ("npy", "mrc") else "tif"}'
  if way == 'npy':
    np.save(path, np.asfortranarray(stack))
  elif way == 'mrc':
    write_mrc(path, (stack > 0).astype(np.int16))
  else:
    tifffile.imwrite(
      path, stack, **{way: True}, metadata={'axes': 'ZYX'}, byteorder='>'
    )
  found = read_masks(MaskFile(path), images=3)
  for one, expected in zip(found, stack, strict=True):
    np.testing.assert_array_equal(one.mask, expected > 0)


@pytest.mark.parametrize(
  ('raw', 'picture'),
  [('a.mrc', 'a.png'), ('a.emd', 'a.tif'), ('a.zarr', 'a.jpg')],
)
def test_raw_files_of_other_programs_go_first(tmp_path, raw, picture):
  for name in (raw, picture):
    (tmp_path / name).touch()
  found = choose_images(sorted(tmp_path.iterdir()))
  assert [path.name for path in found.paths] == [raw]
  assert found.remarks == [
    f'Passed over, the raw file of the same name is taken: {picture} ({raw}).'
  ]


@pytest.mark.parametrize(
  ('suffix', 'text', 'encoding', 'nm'),
  [
    ('.TXT', '[SemImageFile]\nPixelSize=0.75\n', 'utf-16-be', 0.75),
    ('.txt', '[StemImageFile]\r\nPixelSize=0.75\r\n', 'cp932', 0.75),
    ('.txt', '$$SM_MICRON_BAR 40\n$$SM_MICRON_MARKER 30nm\n', 'ascii', 0.75),
    ('-tif.hdr', '[MAIN]\nPixelSizeX=7,5e-10\n', 'utf-8-sig', 0.75),
  ],
)
def test_texts_beside_in_other_spellings(tmp_path, suffix, text, encoding, nm):
  tifffile.imwrite(tmp_path / 'a.TIF', _GREY, metadata=None)
  (tmp_path / f'a{suffix}').write_bytes(text.encode(encoding))
  _check(tmp_path / 'a.TIF', _GREY, nm)


@pytest.mark.parametrize(
  'content',
  [
    # Excel's "Unicode text", LibreOffice in German, a Mac of old, R, pandas.
    'File name\tPixel size (nm)\r\nC:\\x\\a.tif\t0,5\r\n'.encode('utf-16'),
    b'"file";"pixel_size_nm"\n"a.tif";"0,5"\n',
    b'file,pixel_size_nm\ra.tif,0.5\r',
    b'"","file","pixel_size_nm"\n"1","a.tif",0.5\n',
    b',file,pixel_size_nm\n0,a.tif,5e-1\n',
  ],
)
def test_tables_of_other_programs(tmp_path, content):
  path = tmp_path / 'scales.csv'
  path.write_bytes(content)
  (row,) = read_calibration_table(path).items()
  assert row[0] == 'a.tif' and row[1].pixel_size_nm == 0.5


@pytest.mark.parametrize(
  ('name', 'image'),
  [
    ('a_cp_masks', 'a'),
    ('Mask of a', 'a'),
    ('a.ome_stardist', 'a.ome'),
    ('a-labels', 'a.ome'),
    ('a_Object Identities', 'a'),
  ],
)
def test_names_of_other_programs(name, image):
  assert image_of_mask(name, [image, 'b']) == image


def _damaged(path):
  """Files that a header promises too much of, or that never end."""
  if path.name == 'circle.tif':
    tifffile.imwrite(path, _GREY, bigtiff=True, byteorder='>', metadata=None)
    content = bytearray(path.read_bytes())
    (first,) = struct.unpack_from('>Q', content, 8)
    (count,) = struct.unpack_from('>Q', content, first)
    struct.pack_into('>Q', content, first + 8 + 20 * count, first)
  elif path.name == 'huge.tif':
    tifffile.imwrite(path, _GREY, compression='zlib', metadata=None)
    with tifffile.TiffFile(path) as file:
      place = file.pages[0].tags['ImageLength'].valueoffset
    content = bytearray(path.read_bytes())
    struct.pack_into('<i', content, place, -7)
  elif path.suffix == '.npy':
    np.save(path, np.array([{'a': 1}], object), allow_pickle=True)
    content = path.read_bytes()
  elif path.suffix == '.bmp':
    _bmp(path, 8, 0, bytes(8), bytes(1024), height=2**30)
    content = path.read_bytes()
  else:
    write_hspy(path, _COUNTS, [(name, 1.0, 'nm', False) for name in 'yx'])
    content = path.read_bytes()[:-900]
  path.write_bytes(content)
  return path


@pytest.mark.parametrize(
  'name', ['circle.tif', 'huge.tif', 'a.npy', 'a.bmp', 'a.hspy']
)
def test_other_damaged_files_are_one_line(tmp_path, name):
  path = _damaged(tmp_path / name)
  with pytest.raises(InputError) as caught:
    reading.read_micrographs(path)
  assert str(caught.value).startswith(f'{path}: ')
  assert '\n' not in str(caught.value)
