"""The tables of docs/formats.md, made from files that are written and read.

  PYTHONPATH=.:tests python tests/formats_table.py

from the root of the repository writes them anew. Each file is written by
another library, or byte by byte as the format is defined, with known pixels and
a known scale; a cell says what came back of them.
"""

import dataclasses
import pathlib
import struct
import tempfile
from collections.abc import Callable

import numpy as np
import tifffile
from microscope_writers import (
  write_berkeley,
  write_dm,
  write_dm5,
  write_emi,
  write_hspy,
  write_mrc,
  write_ome_zarr,
  write_ser,
  write_velox,
)
from PIL import Image
from tiff_tags import (
  fei_text,
  jeol_xml,
  tvips_header,
  write_olympus,
  write_tiff,
  zeiss_text,
)

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import reading

PAGE = pathlib.Path(__file__).parents[1] / 'docs' / 'formats.md'
BEGIN, END = '<!-- tests/formats_table.py: {} -->', '<!-- end -->'

_TYPES = ('u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'f2', 'f4', 'f8')
_WORDS = {'u': 'unsigned', 'i': 'signed', 'f': 'float'}
_NM = 0.25
_GREY = np.random.default_rng(7).integers(0, 200, (24, 32))


@dataclasses.dataclass(frozen=True)
class _Kind:
  """A program's file; `write` takes a folder, pixels [..., H, W] and nm."""

  program: str
  suffix: str
  scale: str
  write: Callable[[pathlib.Path, np.ndarray, float], pathlib.Path]
  exact: bool = True


def _tags(*numbers):
  """A TIFF with tags of a program; each is (number, text of nm and columns)."""

  def write(folder, pixels, nm):
    tags = [(tag, text(nm, pixels.shape[-1])) for tag, text in numbers]
    options = {'photometric': 'minisblack'} if pixels.ndim > 2 else {}
    return write_tiff(folder / 'a.tif', pixels, *tags, **options)

  return write


def _tifffile(name='a.tif', **options):
  def write(folder, pixels, nm):
    given = {key: value(nm) for key, value in options.items()}
    given.setdefault('photometric', lambda nm: 'minisblack')
    given['photometric'] = 'minisblack'
    tifffile.imwrite(folder / name, pixels, **given)
    return folder / name

  return write


def _beside(name, text, suffix='tif'):
  def write(folder, pixels, nm):
    (folder / name).write_text(text(nm), encoding='utf-16')
    path = folder / f'a.{suffix}'
    if suffix == 'tif':
      return write_tiff(path, pixels, photometric='minisblack')
    return _pillow(suffix)(folder, pixels, nm)

  return write


def _pillow(suffix):
  def write(folder, pixels, nm):
    # Pillow would make one image of a stack.
    Image.fromarray(pixels).save(folder / f'a.{suffix}')
    return folder / f'a.{suffix}'

  return write


def _digitalmicrograph_tags(folder, pixels, nm):
  tags = [(65003 + axis, 's', 0, 'nm', True) for axis in range(2)]
  tags += [(65009 + axis, 'd', 1, nm, True) for axis in range(2)]
  options = {'extratags': tags, 'metadata': None, 'photometric': 'minisblack'}
  tifffile.imwrite(folder / 'a.tif', pixels, **options)
  return folder / 'a.tif'


def _jeol(folder, pixels, nm):
  resolution = (93, 93)
  magnification = 25.4e6 / 93 / nm
  return write_tiff(
    folder / 'a.tif',
    pixels,
    description=jeol_xml(value=magnification),
    resolution=resolution,
    photometric='minisblack',
  )


def _mrc(folder, pixels, nm):
  is_signed = pixels.dtype == np.int8
  path = write_mrc(
    folder / 'a.mrc',
    pixels.view('u1') if is_signed else pixels,
    size_nm=(nm, nm),
  )
  content = bytearray(path.read_bytes())
  # IMOD's stamp, and whether bytes have a sign.
  struct.pack_into('<2i', content, 152, 1146047817, is_signed)
  path.write_bytes(content)
  return path


def _mrc_of_fei(folder, pixels, nm):
  record = bytearray(128)
  record[44:48] = np.float32(nm * 1e-9).tobytes()
  return write_mrc(folder / 'a.mrc', pixels, extended=bytes(record) * 1024)


def _ser(folder, pixels, nm):
  images = list(pixels) if pixels.ndim > 2 else [pixels]
  return write_ser(folder / 'a_1.ser', images, size_m=(nm * 1e-9,) * 2)


def _emi(folder, pixels, nm):
  _ser(folder, pixels, nm)
  return write_emi(folder / 'a.emi')


def _berkeley(folder, pixels, nm):
  dims = [(name, nm, '[n_m]') for name in 'zyx'[-pixels.ndim :]]
  return write_berkeley(folder / 'a.emd', a=(pixels, dims))


def _velox(folder, pixels, nm):
  frames = pixels if pixels.ndim > 2 else pixels[np.newaxis]
  data = np.moveaxis(frames, 0, -1)
  return write_velox(folder / 'a.emd', [(data, nm * 1e-9, 'm')])


def _hspy(folder, pixels, nm):
  axes = [('z', 1.0, 's', True), ('y', nm, 'nm', False), ('x', nm, 'nm', False)]
  return write_hspy(folder / 'a.hspy', pixels, axes[-pixels.ndim :])


def _npy(folder, pixels, nm):
  np.save(folder / 'a.npy', pixels)
  return folder / 'a.npy'


def _zarr(folder, pixels, nm):
  import zarr

  zarr.create_array(folder / 'a.zarr', data=pixels)
  return folder / 'a.zarr'


def _gatan(suffix, write):
  return lambda folder, pixels, nm: write(
    folder / f'a.{suffix}', pixels, x=(nm, 'nm')
  )


_KINDS = (
  _Kind(
    *('ImageJ, Fiji', '.tif', '`unit` and XResolution'),
    _tifffile(
      imagej=lambda nm: True,
      resolution=lambda nm: (1 / nm, 1 / nm),
      metadata=lambda nm: {'unit': 'nm'},
    ),
  ),
  _Kind(
    *('OME-TIFF', '.tif', 'PhysicalSizeX'),
    _tifffile(
      'a.ome.tif',
      metadata=lambda nm: {
        **{'PhysicalSizeX': nm, 'PhysicalSizeXUnit': 'nm'},
        **{'PhysicalSizeY': nm, 'PhysicalSizeYUnit': 'nm'},
      },
    ),
  ),
  _Kind(
    *('DigitalMicrograph', '.tif', 'tags 65003 to 65010'),
    _digitalmicrograph_tags,
  ),
  _Kind(
    *('FEI, Thermo Fisher SEM and FIB', '.tif', 'tag 34682, PixelWidth'),
    _tags((34682, lambda nm, columns: fei_text(nm * 1e-9, columns))),
  ),
  _Kind(
    *('FEI, older', '.tif', 'tag 34680, PixelWidth'),
    _tags((34680, lambda nm, columns: fei_text(nm * 1e-9, columns))),
  ),
  _Kind(
    *('Phenom, MAPS', '.tif', 'tag 34683, pixelWidth'),
    _tags(
      (
        34683,
        lambda nm, _: f'<FeiImage><pixelWidth unit="nm">{nm}</pixelWidth>',
      )
    ),
  ),
  _Kind(
    *('Zeiss SmartSEM', '.tif', 'tag 34118, Image Pixel Size'),
    _tags((34118, lambda nm, _: zeiss_text(f'{nm * 1000} pm'))),
  ),
  _Kind(
    *('TESCAN', '.tif', 'tag 50431, PixelSizeX'),
    _tags((50431, lambda nm, _: f'PixelSizeX={nm}e-9\n'.encode())),
  ),
  _Kind(*('JEOL SightX', '.tif', 'magnification and resolution'), _jeol),
  _Kind(
    *('Olympus SIS', '.tif', 'tag 33560'),
    lambda folder, pixels, nm: write_olympus(
      *(folder / 'a.tif', pixels, -9, nm, nm),
      photometric='minisblack',
    ),
  ),
  _Kind(
    *('TVIPS EM-MENU', '.tif', 'tag 37706, PixelSizeX'),
    _tags((37706, lambda nm, _: tvips_header(nm))),
  ),
  _Kind(
    *('Micro-Manager', '.tif', 'tag 51123, PixelSizeUm'),
    _tags((51123, lambda nm, _: f'{{"PixelSizeUm": {nm / 1000}}}')),
  ),
  _Kind(
    *('any other TIFF', '.tif', 'XResolution, finer than 1 um a pixel'),
    _tifffile(
      resolution=lambda nm: (1e7 / nm, 1e7 / nm),
      resolutionunit=lambda nm: 'CENTIMETER',
      metadata=lambda nm: None,
    ),
  ),
  _Kind(
    *('Hitachi', '.tif, .bmp, .jpg', 'the text beside it, PixelSize'),
    _beside('a.txt', lambda nm: f'[SemImageFile]\nPixelSize={nm}\n'),
  ),
  _Kind(
    *('JEOL SEM', '.tif, .bmp, .jpg', 'the text beside it, the micron bar'),
    _beside(
      'a.txt',
      lambda nm: f'$$SM_MICRON_BAR 100\n$$SM_MICRON_MARKER {100 * nm}nm\n',
    ),
  ),
  _Kind(
    *('TESCAN', '.tif, .png, .jpg', 'the .hdr beside it, PixelSizeX'),
    _beside('a-tif.hdr', lambda nm: f'[MAIN]\nPixelSizeX={nm}e-9\n'),
  ),
  _Kind('PNG', '.png', '', _pillow('png')),
  _Kind('JPEG', '.jpg', '', _pillow('jpg'), exact=False),
  _Kind('BMP', '.bmp', '', _pillow('bmp')),
  _Kind('NumPy', '.npy', '', _npy),
  _Kind('DigitalMicrograph', '.dm3', 'its axes', _gatan('dm3', write_dm)),
  _Kind('DigitalMicrograph', '.dm4', 'its axes', _gatan('dm4', write_dm)),
  _Kind('DigitalMicrograph', '.dm5', 'its axes', _gatan('dm5', write_dm5)),
  _Kind('Velox', '.emd', 'PixelSize', _velox),
  _Kind("Berkeley's EMD, py4DSTEM", '.emd', 'its axes', _berkeley),
  _Kind('MRC2014, IMOD, SerialEM', '.mrc', 'the cell, in A', _mrc),
  _Kind('MRC by FEI', '.mrc', 'the extended header', _mrc_of_fei),
  _Kind('TIA', '.ser', 'its axes', _ser),
  _Kind('TIA', '.emi', 'that of the .ser files beside it', _emi),
  _Kind('HyperSpy', '.hspy', 'its axes', _hspy),
  _Kind('Zarr', '.zarr', '', _zarr),
  _Kind(
    *('OME-Zarr', '.zarr', 'coordinateTransformations'),
    lambda folder, pixels, nm: write_ome_zarr(
      folder / 'a.zarr', pixels, size=nm
    ),
  ),
)


def read_table() -> str:
  """What is read of each program's files."""
  head = ('program', 'file', 'pixels', 'scale', 'from', 'several images')
  rows = [
    (
      *(kind.program, kind.suffix, _pixels_cell(kind)),
      *(_scale_cell(kind), kind.scale or '-', _stack_cell(kind)),
    )
    for kind in _KINDS
  ]
  return _table(head, rows)


def _read(kind, pixels):
  """The images that come back; none where a format has no such pixels."""
  with tempfile.TemporaryDirectory() as folder:
    try:
      path = kind.write(pathlib.Path(folder), pixels, _NM)
    except Exception:
      # Each library has exceptions of its own for what its format has not.
      return []
    try:
      found = reading.read_micrographs(path)
    except InputError:
      return []
  images = pixels.reshape(-1, *pixels.shape[-2:])
  same = len(found) == len(images) and all(
    not kind.exact or np.array_equal(one.pixels, expected)
    for one, expected in zip(found, images, strict=True)
  )
  return found if same else []


def _values(name):
  """Half of them negative where a type has a sign."""
  return (_GREY - 100 if name[0] == 'i' else _GREY).astype(name)


def _pixels_cell(kind):
  found = [name for name in _TYPES if _read(kind, _values(name))]
  assert found, kind.program
  words = []
  for letter, word in _WORDS.items():
    bits = [str(8 * int(name[1])) for name in found if name[0] == letter]
    if bits:
      words.append(f'{word} {", ".join(bits)}')
  return '; '.join(words) + ('' if kind.exact else ' (with losses)')


def _scale_cell(kind):
  images = _read(kind, _GREY.astype('u1')) or _read(kind, _GREY.astype('u2'))
  size = images[0].pixel_size_nm
  if size is None:
    return '-'
  assert abs(size / _NM - 1) < 1e-6, kind.program
  return 'read'


def _stack_cell(kind):
  stack = np.stack([_GREY, _GREY[::-1], _GREY[:, ::-1]]).astype('u2')
  return 'read' if _read(kind, stack) else '-'


_REFUSED = (
  (
    'an image in 1/nm, in any format',
    lambda folder: write_dm(
      folder / 'a.dm4', _GREY.astype('u2'), x=(0.1, '1/nm')
    ),
  ),
  (
    'SightX in DIFF mode',
    lambda folder: write_tiff(
      folder / 'a.tif', _GREY.astype('u1'), description=jeol_xml(mode='DIFF')
    ),
  ),
  (
    'spectra',
    lambda folder: write_hspy(
      folder / 'a.hspy',
      _GREY.astype('f4'),
      [('y', 1.0, 'nm', True), ('E', 1.0, 'eV', False)],
      signal_type='EELS',
    ),
  ),
  (
    'pixels that are not square',
    lambda folder: write_dm(
      folder / 'a.dm4', _GREY.astype('u2'), x=(1.0, 'nm'), y=(1.5, 'nm')
    ),
  ),
  (
    'complex numbers',
    lambda folder: write_dm(folder / 'a.dm4', _GREY.astype('c8')),
  ),
  (
    'colours, without `--config.data.rgb=luminance`',
    lambda folder: _colours(folder / 'a.png'),
  ),
  (
    'a file that is cut off',
    lambda folder: _cut(write_tiff(folder / 'a.tif', _GREY.astype('u1'))),
  ),
  (
    'big-endian MRC',
    lambda folder: _big_endian(write_mrc(folder / 'a.mrc', _GREY.astype('u2'))),
  ),
  (
    'an OME-Zarr plate',
    lambda folder: _plate(folder / 'a.zarr'),
  ),
)


def _colours(path):
  colours = np.stack([_GREY, _GREY, 199 - _GREY], axis=-1)
  Image.fromarray(colours.astype('u1')).save(path)
  return path


def _cut(path):
  path.write_bytes(path.read_bytes()[:-100])
  return path


def _big_endian(path):
  content = bytearray(path.read_bytes())
  content[212] = 0x11
  path.write_bytes(content)
  return path


def _plate(path):
  import zarr

  zarr.open_group(path, mode='w').attrs['ome'] = {'plate': {}}
  return path


def refusal_table() -> str:
  """What is refused, in the program's own words."""
  rows = []
  for what, write in _REFUSED:
    with tempfile.TemporaryDirectory() as folder:
      path = write(pathlib.Path(folder))
      try:
        reading.read_micrographs(path)
      except InputError as error:
        message = str(error).replace(str(path.parent), '')[1:]
        rows.append((what, f'`{message}`'))
  assert len(rows) == len(_REFUSED)
  return _table(('what', 'message'), rows)


def _table(head, rows):
  lines = [head, ['---'] * len(head), *rows]
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'


TABLES = {'read': read_table, 'refused': refusal_table}


def page_with_tables(text: str) -> str:
  """The page, its tables made anew."""
  for name, make in TABLES.items():
    begin = BEGIN.format(name)
    before, _, rest = text.partition(begin)
    assert rest, begin
    _, _, after = rest.partition(END)
    text = f'{before}{begin}\n\n{make()}\n{END}{after}'
  return text


if __name__ == '__main__':
  PAGE.write_text(page_with_tables(PAGE.read_text()))
