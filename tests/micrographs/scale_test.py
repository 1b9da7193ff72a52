"""The scale of an image, from wherever a program wrote it."""

import pathlib

import numpy as np
import pytest
import tifffile
from microscope_writers import write_hspy
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
from defectseg_jax.micrographs.formats import units

_CASES = pathlib.Path(__file__).parents[2].parent / 'shared/data/cases'
_GREY = np.random.default_rng(7).integers(1, 256, (30, 40), dtype=np.uint8)


def _only(path):
  (micrograph,) = reading.read_micrographs(path)
  return micrograph


def _check(path, nm, doubt=''):
  """Reads, and checks the scale and what is said about it."""
  micrograph = _only(path)
  expected = nm if nm is None else pytest.approx(nm, rel=1e-6)
  assert micrograph.pixel_size_nm == expected
  if doubt:
    assert doubt in micrograph.scale_doubt
  else:
    assert micrograph.scale_doubt == ''


def _tiff(path, *tags, **options):
  return write_tiff(path, _GREY, *tags, **options)


# What others wrote.


_NM = {
  **{f'micrographs/fei_{tag}.tif': 0.826823 for tag in (34680, 34682)},
  'micrographs/zeiss_34118.tif': 1.0,
  'micrographs/zeiss_34118_pm.tif': 0.5582,
  'micrographs/jeol_sightx_mag.tif': 1.8207885,
  **{
    f'micrographs/imagej_unit_{unit}.tif': 0.5
    for unit in ('NM', 'Nm', 'nanometers', 'nanometres', 'nms')
  },
  'micrographs/imagej_unit_ang.tif': 0.05,
  'micrographs/imagej_unit_micrometers.tif': 500.0,
  'micrographs/imagej_unit_mu.tif': 500.0,
  'folders/hitachi/images/a.tif': 0.992188,
  'folders/jeol/images/a.tif': 1.1904762,
  'folders/tescan/images/a.tif': 1.5,
}
_UNKNOWN = {
  'micrographs/imagej_unit_deg.tif': 'degree',
  'micrographs/imagej_unit_in.tif': 'a pixel',
  'micrographs/imagej_unit_inch.tif': 'a pixel',
  'micrographs/imagej_mm_300dpi.tif': 'dots per inch',
}


@pytest.mark.skipif(not _CASES.is_dir(), reason=f'no case is at {_CASES}')
@pytest.mark.parametrize('name', [*_NM, *_UNKNOWN])
def test_cases(name):
  _check(_CASES / name, _NM.get(name), _UNKNOWN.get(name, ''))


# Units.


@pytest.mark.parametrize(
  ('words', 'nm'),
  [
    ('pm PM picometers picometre', 1e-3),
    ('A a Å \u212b ang Angs angstrom Angstroms Ångström', 0.1),
    ('nm NM Nm nms n_m [n_m] nanometer Nanometres nm/px nm/Pixel', 1.0),
    ('um UM µm \u03bcm µ mu u micron Microns micrometre \\u00B5m [u_m]', 1e3),
    ('mm MM Mm millimetres', 1e6),
    ('cm centimeter', 1e7),
    ('in inch Inches "', 25.4e6),
    ('m metre METERS', 1e9),
    ('1/nm s degree V counts km', None),
  ],
)
def test_units(words, nm):
  for word in words.split():
    assert units.nm_per_unit(word) == nm, word


def test_units_of_no_calibration_and_of_diffraction_patterns():
  for word in ('', '[]', 'pixels', 'px', '<undefined>', 'reference frame'):
    assert units.is_no_unit(word), word
  words = [
    '1/nm',
    '1/[n_m]',
    'nm^-1',
    'nm-1',
    'Å⁻¹',
    'mrad',
    '[n_m^-1]',
    'A**-1',
  ]
  for word in (*words, '1 / nm'):
    assert units.is_reciprocal(word), word
  for word in ('nm', 'mm', 'degree', 'm', 'rod'):
    assert not units.is_reciprocal(word), word


# What is not believed.


def _imagej(path, unit, per_unit):
  tifffile.imwrite(
    path, _GREY, imagej=True, resolution=per_unit, metadata={'unit': unit}
  )
  return path


@pytest.mark.parametrize(
  ('unit', 'size', 'nm'),
  [
    ('cm', 2.54 / 72, None),
    ('mm', 0.002, None),
    ('um', 25400 / 96, None),  # ImageJ turns centimetres into micrometres.
    ('inch', 1 / 600, None),
    ('mm', 0.00002, 20.0),
    ('inch', 1e-6, 25.4),
    ('um', 2.5, 2500.0),  # No printer has 10160 dots per inch.
    ('m', 2.0, None),
  ],
)
def test_printers_resolution_is_not_believed(tmp_path, unit, size, nm):
  path = _imagej(tmp_path / 'foil.tif', unit, (1 / size, 1 / size))
  _check(path, nm, '' if nm else 'a pixel')


def test_printers_resolution_in_ome_is_not_believed(tmp_path):
  path = tmp_path / 'foil.tif'
  metadata = {'PhysicalSizeX': 25400 / 300, 'PhysicalSizeY': 25400 / 300}
  tifffile.imwrite(path, _GREY, ome=True, metadata=metadata)
  _check(path, None, '300 dots per inch')
  metadata = {'PhysicalSizeX': 1.0, 'PhysicalSizeY': 1.0}
  tifffile.imwrite(path, _GREY, ome=True, metadata=metadata)
  _check(path, None, 'nobody calibrated')


def test_printers_resolution_in_hspy_is_not_believed(tmp_path):
  path = tmp_path / 'foil.hspy'
  for size, unit, nm in (
    *((25400 / 300, 'um', None), (25.4 / 72, 'mm', None)),
    *((2.5, 'um', 2500.0), (3e-6, 'm', 3000.0)),
  ):
    axes = [(name, size, unit, False) for name in 'yx']
    _check(write_hspy(path, _GREY, axes), nm, '' if nm else 'dots per inch')


def test_zero_and_negative_sizes_are_unknown(tmp_path):
  path = tmp_path / 'foil.tif'
  _check(_imagej(path, 'nm', (0, 0)), None, 'inf nm')
  for xml, doubt in (('0', '0 nm'), ('-1', '-1000 nm'), ('a', "'a'")):
    text = f'<OME><Pixels PhysicalSizeX="{xml}"/></OME>'
    _check(_tiff(path, description=text), None, doubt)
  for scale in (0.0, -1.0):
    tags = [(65003 + axis, 's', 0, 'nm', True) for axis in range(2)]
    tags += [(65009 + axis, 'd', 1, scale, True) for axis in range(2)]
    tifffile.imwrite(path, _GREY, extratags=tags, metadata=None)
    _check(path, None, 'makes a pixel')


def test_contradictions_are_said_and_not_used(tmp_path):
  path = tmp_path / 'foil.tif'
  tags = [(65003 + axis, 's', 0, 'nm', True) for axis in range(2)]
  tags += [(65009 + axis, 'd', 1, 0.5, True) for axis in range(2)]
  for per_nm, nm, doubt in (
    (2.0, 0.5, ''),
    (1.0, None, 'DigitalMicrograph says 0.5 nm a pixel, ImageJ says 1 nm'),
  ):
    tifffile.imwrite(
      path,
      _GREY,
      imagej=True,
      resolution=(per_nm, per_nm),
      metadata={'unit': 'nm'},
      extratags=tags,
    )
    _check(path, nm, doubt)
  (tmp_path / 'foil.txt').write_text('[SemImageFile]\nPixelSize=0.6\n')
  _imagej(path, 'nm', (2, 2))
  _check(path, None, 'the text beside it says 0.6 nm')


# Private tags.


def test_fei(tmp_path):
  path = tmp_path / 'foil.tif'
  _check(_tiff(path, (34682, fei_text(2e-9, 40))), 2.0)
  _check(
    _tiff(path, (34680, fei_text('3.5e-09', 40, section='EScan'))),
    3.5,
  )
  # The ion beam's scan was the one.
  text = fei_text(
    2e-9, 40, section='IScan', Beam='Scan=IScan', EScan='PixelWidth=9e-9'
  )
  _check(_tiff(path, (34682, text)), 2.0)
  # Without a size of pixels, by the width of the field.
  for field in (
    *('[IRBeam]\nHFW=4e-7', '[Scan]\nHorFieldsize=4e-7'),
    '[Beam]\nBeam=IBeam\n[IBeam]\nHFW=4e-7',
  ):
    text = f'{field}\n[Image]\nResolutionX=40\n'
    _check(_tiff(path, (34682, text)), 10.0)
  _check(_tiff(path, (34682, fei_text(0, 40))), None, '0 nm')
  _check(_tiff(path, (34682, fei_text('', 40))), None)
  _check(_tiff(path, (34682, fei_text(2e-9, 80))), 2.0, 'was resized')
  text = fei_text(2e-9, 40, Beam='Scan=EScan', EScan='PixelWidth=9e-9')
  _check(_tiff(path, (34682, text)), None, '[Scan] says 2 nm')


def test_fei_xml(tmp_path):
  path = tmp_path / 'foil.tif'
  text = '<FeiImage><pixelWidth unit="{}">{}</pixelWidth></FeiImage>'
  for unit, size, nm in (('um', 0.0125, 12.5), ('m', 4e-9, 4.0)):
    _check(_tiff(path, (34683, text.format(unit, size))), nm)


def test_zeiss(tmp_path):
  path, screen = tmp_path / 'foil.tif', 40 / 1024
  text = zeiss_text('11.17 nm', unnamed=11.17e-9 * screen)
  _check(_tiff(path, (34118, text)), 11.17)
  _check(
    _tiff(path, (34118, zeiss_text('1.117 µm').encode('cp1252'))),
    1117.0,
  )
  _check(_tiff(path, (34118, zeiss_text(unnamed=3e-9 * screen))), 3.0)
  _check(_tiff(path, (34118, zeiss_text('0.0 nm'))), None, '0 nm')
  # Where Windows writes decimal commas; and what only one of two can mean.
  _check(_tiff(path, (34118, zeiss_text('558,2 pm'))), 0.5582)
  _check(_tiff(path, (34118, zeiss_text('1,117.5 nm'))), None, "'1,117.5'")
  text = zeiss_text('5.0 nm', f'{2.5e3 * screen} pm', 2.5e-9 * screen)
  _check(_tiff(path, (34118, text)), 5.0, 'cropped or resized')


def test_tescan(tmp_path):
  path = tmp_path / 'foil.tif'
  # Blocks of text behind a thumbnail.
  text = b'\x01\0\xff\xd8\xff\xe0\0\0PixelSizeX=1.5e-009\r\nPixelSizeY=1.5e-009'
  _check(_tiff(path, (50431, text + b'\r\nWD=0.005\r\n\0\0')), 1.5)
  text = b'\0[MAIN]\nPixelSizeX = 2,5e-8\nPixelSizeY = 2,5e-8\n'
  _check(_tiff(path, (50431, text)), 25.0)
  _check(_tiff(path, (50431, b'\0\0PixelSizeX=0\n')), None, '0 nm')
  _check(_tiff(path, (50431, b'\0\0Magnification=1\n')), None)


def test_jeol_sightx(tmp_path):
  path = tmp_path / 'foil.tif'

  def write(resolution=(93, 93), **of_mode):
    write_tiff(
      path, _GREY, description=jeol_xml(**of_mode), resolution=resolution
    )
    return path

  _check(write(), 25.4e6 / 93 / 150000)
  _check(write(value=2000, mode='LOWMAG'), 25.4e6 / 93 / 2000)
  path = write()
  tifffile.imwrite(
    path,
    _GREY,
    description=jeol_xml(),
    resolution=(40, 40),
    resolutionunit='CENTIMETER',
    metadata=None,
  )
  _check(path, 1e7 / 40 / 150000)
  _check(write(eos='modeASID'), None)
  _check(write(value=0), None, 'neither magnification')
  with pytest.raises(InputError, match='diffraction pattern'):
    _only(write(mode='DIFF', value=200))


def test_olympus(tmp_path):
  path = tmp_path / 'foil.tif'
  _check(write_olympus(path, _GREY, -9, 0.75, 0.75), 0.75)
  _check(write_olympus(path, _GREY, -6, 0.0021, 0.0021), 2.1)
  _check(write_olympus(path, _GREY, -9, 0.0, 0.0), None, '0 nm')
  _check(write_olympus(path, _GREY, 0, 1.0, 1.0), None, '1e+09 nm')


def test_tvips(tmp_path):
  path = tmp_path / 'foil.tif'
  for size, nm in ((0.25, 0.25), (12.5, 12.5), (0.0, None)):
    _check(_tiff(path, (37706, tvips_header(size))), nm)
  # What EM-MENU does not know may stand in the resolution: pixels in 1 cm.
  _tiff(
    path,
    (37706, tvips_header(0.0)),
    resolution=(2e7, 2e7),
    resolutionunit='CENTIMETER',
  )
  _check(path, 0.5)


def test_micro_manager(tmp_path):
  path = tmp_path / 'foil.tif'
  for size, nm in ((0.004, 4.0), (0.0, None), (1.0, None)):
    _check(_tiff(path, (51123, f'{{"PixelSizeUm": {size}}}')), nm)


# Texts beside the image.


@pytest.mark.parametrize(
  ('name', 'content', 'nm'),
  [
    ('foil.txt', '[SemImageFile]\r\nPixelSize=4.96\r\n'.encode('utf-16'), 4.96),
    (
      'foil.TXT',
      b'[SemImageFile]\r\nSampleName=\x93\xfa\r\nPixelSize=2\r\n',
      2.0,
    ),
    ('foil.txt', b'\xef\xbb\xbf[TemImageFile]\nPixelSize=0,31\n', 0.31),
    ('foil.txt', b'$$SM_MICRON_BAR 100\n$$SM_MICRON_MARKER 1\xb5m\n', 10.0),
    ('foil.txt', b'$$SM_MICRON_BAR 64\r\n$$SM_MICRON_MARKER 10um\r\n', 156.25),
    ('foil.txt', '$$SM_MICRON_BAR 8\n$$SM_MICRON_MARKER 2 μm\n'.encode(), 250),
    ('foil.hdr', b'[MAIN]\nPixelSizeX=2e-9\nPixelSizeY=2e-9\n[SEM]\n', 2.0),
    ('foil-{}.hdr', b'[MAIN]\r\nPixelSizeX=7.5e-010\r\n', 0.75),
  ],
)
@pytest.mark.parametrize('suffix', ['tif', 'png', 'bmp', 'jpg'])
def test_text_beside(tmp_path, suffix, name, content, nm):
  path = tmp_path / f'foil.{suffix}'
  Image.fromarray(_GREY).save(path)
  (tmp_path / name.format(suffix)).write_bytes(content)
  _check(path, nm)


@pytest.mark.parametrize(
  ('text', 'nm', 'doubt'),
  [
    ('0 0.5 0.5 0.1 0.1\n', None, ''),  # boxes of some detector
    ('PixelSize=3\n', None, ''),
    ('[SemImageFile]\nMagnification=100\n', None, ''),
    ('[SemImageFile]\nPixelSize=0\n', None, '0 nm'),
    ('[SemImageFile]\nPixelSize=wide\n', None, "'wide'"),
    # Cut off: it may have been 1.19.
    ('[SemImageFile]\nPixelSize=1', None, ''),
    ('$$SM_MICRON_BAR 9\n$$SM_MICRON_MARKER 1u', None, 'bar'),
    ('[SemImageFile]\nPixelSize=3\nDataSize=40x30\n', 3.0, ''),
    ('[SemImageFile]\nPixelSize=3\nDataSize=80x60\n', 3.0, 'was resized'),
    ('$$SM_MICRON_BAR 0\n$$SM_MICRON_MARKER 1um\n', None, 'bar'),
    ('$$SM_MICRON_BAR 9\n$$SM_MICRON_MARKER\n', None, 'bar'),
  ],
)
def test_text_beside_of_little_use(tmp_path, text, nm, doubt):
  path = _tiff(tmp_path / 'foil.tif')
  (tmp_path / 'foil.txt').write_text(text)
  _check(path, nm, doubt)


# Each page its own.


def test_each_page_has_its_own_scale(tmp_path):
  path = tmp_path / 'foil.tif'
  with tifffile.TiffWriter(path) as writer:
    for size in (1e-9, 2e-9):
      tag = (34682, 's', 0, fei_text(size, 40), True)
      writer.write(_GREY, extratags=[tag], metadata=None)
    writer.write(_GREY, resolution=(2e7, 2e7), resolutionunit=3, metadata=None)
    writer.write(_GREY, metadata=None)
  sizes = [one.pixel_size_nm for one in reading.read_micrographs(path)]
  assert sizes == pytest.approx([1.0, 2.0, 0.5, None])


def _ome(*images):
  text = ''.join(
    f'<Image><Pixels PhysicalSizeX="{size}" PhysicalSizeXUnit="nm" SizeT="1">'
    f'{data}</Pixels></Image>'
    for size, data in images
  )
  return f'<OME>{text}</OME>'


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    (('<TiffData IFD="0"/>', '<TiffData IFD="1" PlaneCount="2"/>'), (1, 2, 2)),
    (('<TiffData IFD="2"/>', '<TiffData IFD="0"/>'), (2, None, 1)),
    (('', ''), (None, None, None)),
    (
      (
        '<TiffData IFD="0"><UUID FileName="foil.tif">a</UUID></TiffData>',
        '<TiffData IFD="0"><UUID FileName="other.tif">b</UUID></TiffData>',
      ),
      (1, None, None),
    ),
    (
      (
        '<TiffData IFD="0"><UUID FileName="old.tif">a</UUID></TiffData>',
        '<TiffData IFD="1"><UUID FileName="old.tif">a</UUID></TiffData>',
      ),
      (1, 2, None),
    ),
  ],
)
def test_each_image_of_ome_has_its_own_scale(tmp_path, data, expected):
  path = tmp_path / 'foil.tif'
  text = _ome(*zip((1.0, 2.0), data))
  with tifffile.TiffWriter(path) as writer:
    for _ in range(3):
      writer.write(_GREY, description=text, metadata=None, contiguous=False)
  found = reading.read_micrographs(path)
  assert tuple(one.pixel_size_nm for one in found) == expected
  for one in found:
    assert bool(one.scale_doubt) == (one.pixel_size_nm is None)
