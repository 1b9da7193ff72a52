"""Small whole files of every kind that is read, to be damaged."""

import importlib
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import roifile
import tifffile
from PIL import Image

_TESTS = pathlib.Path(__file__).parents[1] / 'tests'
_GREY = np.random.default_rng(7).integers(0, 200, (24, 32)).astype(np.uint8)
_STACK = np.stack([_GREY, _GREY[::-1], _GREY[:, ::-1]])
_MASK = _GREY > 100
_CORNERS = [[2.0, 3.0], [20.0, 4.0], [18.0, 19.0], [3.0, 15.0]]


class Sample(NamedTuple):
  """An image or a mask, and which of its files is damaged: mostly itself."""

  path: pathlib.Path
  damaged: pathlib.Path


def write_samples(folder: pathlib.Path) -> Iterator[Sample]:
  """Writes them.

  Args:
    folder: to write into.
  """
  for write in (_tiffs, _pictures, _microscopes, _masks):
    for path in write(folder):
      yield Sample(path, path)
  yield from _of_several_files(folder)


def _tiffs(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  options: dict[str, dict[str, Any]] = {
    'plain': {},
    'deflate': {'compression': 'zlib', 'predictor': True},
    'lzw': {'compression': 'lzw'},
    'zstd': {'compression': 'zstd'},
    'tiles': {'compression': 'zlib', 'tile': (16, 16)},
    'big': {'bigtiff': True},
    'imagej': {'imagej': True, 'metadata': {'unit': 'nm'}},
    'big_endian': {'byteorder': '>', 'rowsperstrip': 5},
  }
  for name, more in options.items():
    path = folder / f'tiff_{name}.tif'
    values = _STACK.astype(np.uint16)
    more = {'photometric': 'minisblack', 'resolutionunit': 3, **more}
    tifffile.imwrite(path, values, resolution=(2e7, 2e7), **more)
    yield path
  path = folder / 'tiff_ome.ome.tif'
  sizes = {f'PhysicalSize{axis}': 0.5 for axis in 'XY'}
  units = {f'PhysicalSize{axis}Unit': 'nm' for axis in 'XY'}
  metadata = {'axes': 'ZYX', **sizes, **units}
  tifffile.imwrite(path, _STACK, photometric='minisblack', metadata=metadata)
  yield path
  pillow = {
    'jpeg': (Image.fromarray(_GREY), {'compression': 'jpeg'}),
    'group4': (Image.fromarray(_MASK), {'compression': 'group4'}),
    'palette': (Image.fromarray(_GREY).convert('P'), {}),
  }
  for name, (image, more) in pillow.items():
    path = folder / f'tiff_{name}.tif'
    image.save(path, **more)
    yield path


def _pictures(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  grey = Image.fromarray(_GREY)
  palette, colours = grey.convert('P'), np.dstack([_GREY] * 3)
  images = {
    'png_grey.png': (grey, {'dpi': (300, 300)}),
    'png_16.png': (Image.fromarray(_GREY.astype(np.uint16) * 300), {}),
    'png_1.png': (Image.fromarray(_MASK), {}),
    'png_palette.png': (palette, {'transparency': b'\xff' * 200}),
    'png_rgb.png': (Image.fromarray(colours), {'transparency': (1, 2, 3)}),
    'jpeg_grey.jpg': (grey, {'quality': 90}),
    'jpeg_progressive.jpg': (Image.fromarray(colours), {'progressive': True}),
    'bmp_grey.bmp': (grey, {}),
    'bmp_1.bmp': (Image.fromarray(_MASK), {}),
  }
  for name, (image, more) in images.items():
    image.save(folder / name, **more)
    yield folder / name
  np.save(folder / 'npy_u2.npy', _STACK.astype(np.uint16))
  yield folder / 'npy_u2.npy'
  np.save(folder / 'npy_f4.npy', _GREY.astype(np.float32))
  yield folder / 'npy_f4.npy'


def _microscopes(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  # RosettaSciIO writes few of them; a test's writers do.
  sys.path.append(str(_TESTS))
  writers = importlib.import_module('microscope_writers')
  nm = (0.5, 'nm')
  values = _STACK.astype(np.uint16)
  for kind in ('dm3', 'dm4'):
    yield writers.write_dm(folder / f'{kind}.{kind}', values, x=nm)
  yield writers.write_dm5(folder / 'dm5.dm5', values, x=nm)
  yield writers.write_mrc(folder / 'mrc.mrc', values, size_nm=(0.5, 0.5))
  yield writers.write_ser(folder / 'ser.ser', list(values))
  axes = [('y', *nm, False), ('x', *nm, False)]
  for name, more in (('hspy', {}), ('hspy_gzip', {'compression': 'gzip'})):
    yield writers.write_hspy(folder / f'{name}.hspy', _GREY, axes, **more)
  axes = [(name, *nm) for name in 'yx']
  yield writers.write_berkeley(folder / 'berkeley.emd', a=(_GREY, axes))
  velox = [(_GREY[..., np.newaxis], 1e-9, 'm')]
  yield writers.write_velox(folder / 'velox.emd', velox)


def _masks(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  labelme = {
    'version': '5.0',
    'shapes': [{'label': 'void', 'points': _CORNERS, 'shape_type': 'polygon'}],
    'imagePath': 'labelme.png',
    'imageHeight': 24,
    'imageWidth': 32,
  }
  coco = {
    'images': [{'id': 1, 'file_name': 'a.png', 'height': 24, 'width': 32}],
    'categories': [{'id': 1, 'name': 'void'}],
    'annotations': [
      {
        'id': 1,
        'image_id': 1,
        'category_id': 1,
        'segmentation': [[number for corner in _CORNERS for number in corner]],
      },
      {
        'id': 2,
        'image_id': 1,
        'category_id': 1,
        'iscrowd': 1,
        'segmentation': {'size': [24, 32], 'counts': [700, 20, 48]},
      },
    ],
  }
  for name, content in (('labelme', labelme), ('coco', coco)):
    path = folder / f'{name}.json'
    path.write_text(json.dumps(content))
    yield path
  rois = [
    roifile.ImagejRoi.frompoints(np.array(_CORNERS) + shift, name=f'{shift}')
    for shift in range(3)
  ]
  rois[0].tofile(folder / 'region.roi')
  yield folder / 'region.roi'
  roifile.roiwrite(folder / 'regions.zip', rois)
  yield folder / 'regions.zip'


def _of_several_files(folder: pathlib.Path) -> Iterator[Sample]:
  writers = importlib.import_module('microscope_writers')
  path = writers.write_emi(folder / 'emi.emi')
  writers.write_ser(folder / 'emi_1.ser', [_GREY.astype(np.uint16)])
  yield Sample(path, path)
  path = writers.write_ome_zarr(folder / 'zarr.zarr', _STACK[:1, :, :])
  for part in sorted(path.rglob('*')):
    if part.is_file():
      yield Sample(path, part)
  texts = {
    'hitachi.txt': '[SemImageFile]\nPixelSize=0.5\nDataSize=32x24\n',
    'jeol.txt': '$$SM_MICRON_BAR 100\n$$SM_MICRON_MARKER 50nm\n',
    'tescan.hdr': '[MAIN]\nPixelSizeX=5e-10\nPixelSizeY=5e-10\n',
  }
  for name, text in texts.items():
    beside = folder / name
    beside.write_text(text, encoding='utf-16')
    Image.fromarray(_GREY).save(beside.with_suffix('.bmp'))
    yield Sample(beside.with_suffix('.bmp'), beside)
