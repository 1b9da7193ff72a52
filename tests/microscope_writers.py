"""Small files as the programs of microscopes write them.

What RosettaSciIO reads, but cannot write, or writes only well-formed: from the
same public descriptions of the formats as any reader.
"""

import json
import struct

import numpy as np

UNCALIBRATED = (1.0, '')


def write_dm(
  path,
  data,
  *,
  x=UNCALIBRATED,
  y=None,
  stack=UNCALIBRATED,
  signal='',
  kind=None,
  mode='IMAGING',
):
  """DigitalMicrograph's .dm3 or .dm4, as the suffix says.

  x, y and stack are (scale, unit); `kind` overrides DigitalMicrograph's number
  for the type of the pixels.
  """
  kinds = {
    'i1': 9,
    'i2': 1,
    'f4': 2,
    'c8': 3,
    'u1': 6,
    'i4': 7,
    'u2': 10,
    'u4': 11,
  }
  codes = {
    'i1': 10,
    'i2': 2,
    'i4': 3,
    'u2': 4,
    'u4': 5,
    'f4': 6,
    'u1': 10,
    'c8': 12,
  }
  number = data.dtype.str[1:]
  axes = [x, y or x, stack][: data.ndim]
  image = {
    'ImageData': {
      'Calibrations': {
        'Brightness': {'Origin': 0.0, 'Scale': 1.0, 'Units': ''},
        'Dimension': [
          {'Origin': 0.0, 'Scale': scale, 'Units': unit} for scale, unit in axes
        ],
      },
      'Data': ('array', codes[number], data.size, data.tobytes()),
      'DataType': kind or kinds[number],
      'Dimensions': list(data.shape[::-1]),
    },
    'ImageTags': {
      'Meta Data': {'Signal': signal},
      'Microscope Info': {'Operation Mode': mode},
    },
  }
  version = 3 if path.suffix == '.dm3' else 4
  body = _dm_group({'ImageList': [image]}, version)
  head = struct.pack('>i' + 'iq'[version - 3], version, len(body))
  path.write_bytes(head + struct.pack('>i', 1) + body + bytes(8))
  return path


def write_dm5(path, data, *, x=UNCALIBRATED, y=None, stack=None, signal=''):
  """DigitalMicrograph's .dm5, with a thumbnail before the image."""
  import h5py

  def add(images, place, pixels, axes):
    group = images.create_group(f'[{place}]/ImageData')
    group['Data'] = pixels
    for index, (scale, unit) in enumerate(axes):
      axis = group.create_group(f'Calibrations/Dimension/[{index}]')
      axis.attrs.update({'Origin': 0.0, 'Scale': scale, 'Units': unit.encode()})

  with h5py.File(path, 'w') as file:
    images = file.create_group('ImageList')
    add(images, 0, data[..., ::2], [UNCALIBRATED] * data.ndim)
    axes = [x, y or x, stack or UNCALIBRATED][: data.ndim]
    add(images, 1, data, axes)
    tags = images['[1]'].create_group('ImageTags/Meta Data')
    tags.attrs['Signal'] = signal.encode()
    file.create_group('Thumbnails/[0]').attrs['ImageIndex'] = 0
  return path


def _dm_group(content, version):
  number = '>' + 'iq'[version - 3]
  named = (
    content.items()
    if isinstance(content, dict)
    else (('', one) for one in content)
  )
  tags = [_dm_tag(name, value, version) for name, value in named]
  return bytes(2) + struct.pack(number, len(tags)) + b''.join(tags)


def _dm_tag(name, value, version):
  number = '>' + 'iq'[version - 3]
  is_group = isinstance(value, dict | list)
  if is_group:
    body = _dm_group(value, version)
  else:
    if isinstance(value, str):
      info, raw = (20, 4, len(value)), value.encode('utf-16-le')
    elif isinstance(value, tuple):
      _, code, length, raw = value
      info = (20, code, length)
    elif isinstance(value, float):
      info, raw = (6,), struct.pack('<f', value)
    else:
      info, raw = (5,), struct.pack('<I', value)
    numbers = b''.join(struct.pack(number, one) for one in (len(info), *info))
    body = b'%%%%' + numbers + raw
  head = struct.pack('>BH', 20 if is_group else 21, len(name)) + name.encode()
  if version == 4:
    head += struct.pack('>q', len(body))
  return head + body


def write_mrc(path, data, *, size_nm=None, extended=b'', mode=None):
  """MRC: data [H, W] or [images, H, W]; size_nm of the pixels, x and y."""
  modes = {'u1': 0, 'i2': 1, 'f4': 2, 'c8': 4, 'u2': 6}
  stack = data if data.ndim == 3 else data[np.newaxis]
  sections, rows, columns = stack.shape
  x_nm, y_nm = size_nm or (0.0, 0.0)
  mode = modes[data.dtype.str[1:]] if mode is None else mode
  head = bytearray(1024)
  struct.pack_into('<4i', head, 0, columns, rows, sections, mode)
  struct.pack_into('<3i', head, 28, columns, rows, sections)
  struct.pack_into('<3f', head, 40, columns * x_nm * 10, rows * y_nm * 10, 0.0)
  struct.pack_into('<I', head, 92, len(extended))
  head[208:216] = b'MAP DD\0\0'
  path.write_bytes(bytes(head) + extended + data.tobytes())
  return path


def write_ser(path, images, *, size_m=(1e-9, 1e-9), kind=0x4122):
  """TIA's .ser, 32 bits, of images [H, W] of one shape; the last row first."""
  numbers = {'u1': 1, 'u2': 2, 'u4': 3, 'i1': 4, 'i2': 5, 'i4': 6, 'f4': 7}
  numbers |= {'c8': 9}
  head = struct.pack(
    '<HHHIIIIII', 0x4949, 0x0197, 0x0210, kind, 0x4152, len(images),
    len(images), 0, 1,
  )  # fmt: skip
  head += struct.pack('<IddIII', len(images), 0.0, 1.0, 0, 0, 0)
  begins, tags, body = [], [], b''
  for image in images:
    begins.append(len(head) + len(body))
    body += struct.pack('<ddIddI', 0.0, size_m[0], 0, 0.0, size_m[1], 0)
    body += struct.pack(
      '<HII', numbers[image.dtype.str[1:]], *image.shape[::-1]
    )
    body += image[::-1].tobytes()
    tags.append(len(head) + len(body))
    body += struct.pack('<HHI', 0x4152, 0, 0)
  places = struct.pack(f'<{2 * len(images)}I', *begins, *tags)
  head = head[:22] + struct.pack('<I', len(head + body)) + head[26:]
  path.write_bytes(head + body + places)
  return path


def write_emi(path, mode='TEM uP SA Zoom Image', images=1):
  """TIA's .emi, as far as anything reads it: a description of each image."""
  text = (
    '<ObjectInfo><AcquireInfo><CameraNamePath>BM</CameraNamePath></AcquireInfo>'
    '<ExperimentalDescription><Root><Data><Label>Mode</Label>'
    f'<Value>{mode}</Value><Unit></Unit></Data></Root>'
    '</ExperimentalDescription></ObjectInfo>'
  )
  path.write_bytes(b'JL\xff\x00' + text.encode() * images + b'\x00\x01')
  return path


def write_hspy(path, data, axes, *, signal_type='', **options):
  """HyperSpy's: axes are (name, scale, unit, navigate), as data's."""
  import h5py

  with h5py.File(path, 'w') as file:
    file.attrs['file_format'] = 'HyperSpy'
    file.attrs['file_format_version'] = '3.3'
    group = file.create_group('Experiments/__unnamed__')
    group.create_dataset('data', data=data, **options)
    for index, (name, scale, unit, navigate) in enumerate(axes):
      group.create_group(f'axis-{index}').attrs.update(
        {
          'name': name,
          'scale': scale,
          'offset': 0.0,
          'size': data.shape[index],
          'units': unit,
          'navigate': navigate,
        }
      )
    general = group.create_group('metadata/General')
    general.attrs['title'] = ''
    group.create_group('metadata/Signal').attrs['signal_type'] = signal_type
    group.create_group('original_metadata')
  return path


def write_berkeley(path, **images):
  """Berkeley's .emd: each image is (data, dims), a dim (name, scale, unit)."""
  import h5py

  with h5py.File(path, 'w') as file:
    file.attrs.update({'version_major': 0, 'version_minor': 2})
    for title, (data, dims) in images.items():
      group = file.create_group(f'data/{title}')
      group.attrs['emd_group_type'] = 1
      group.create_dataset('data', data=data)
      for index, (name, scale, unit) in enumerate(dims):
        dim = group.create_dataset(
          f'dim{index + 1}', data=scale * np.arange(data.shape[index])
        )
        dim.attrs.update({'name': name, 'units': unit})
  return path


def write_velox(path, images):
  """Velox' .emd: images are (data [H, W, frames], size, unit)."""
  import h5py

  with h5py.File(path, 'w') as file:
    version = json.dumps({'format': 'Velox', 'version': '10'}).encode()
    file.create_dataset('Version', data=[version])
    for index, (data, size, unit) in enumerate(images):
      group = file.create_group(f'Data/Image/{index:032x}')
      group.create_dataset('Data', data=data, chunks=(*data.shape[:2], 1))
      metadata = {
        'BinaryResult': {
          'PixelSize': {'width': size, 'height': size},
          'Offset': {'x': 0.0, 'y': 0.0},
          'PixelUnitX': unit,
          'PixelUnitY': unit,
          'DetectorIndex': 0,
        },
        'Detectors': {'Detector-0': {'DetectorName': 'BM-Ceta'}},
        'Scan': {'FrameTime': 1.0},
        'Acquisition': {'AcquisitionStartDatetime': {'DateTime': '0'}},
        'Instrument': {'InstrumentModel': 'Titan', 'InstrumentId': '1'},
      }
      text = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
      columns = np.repeat(text[:, np.newaxis], data.shape[2], axis=1)
      group.create_dataset('Metadata', data=columns)
  return path


def write_ome_zarr(
  path, data, *, unit='nanometer', size=0.5, version='0.5', axes=None
):
  """An image of OME-Zarr with a second level, half as large."""
  import zarr

  is_new = version == '0.5'
  group = zarr.open_group(path, mode='w', zarr_format=3 if is_new else 2)
  axes = axes or 'tczyx'[-data.ndim :]
  levels = []
  for level, factor in enumerate((1, 2)):
    scale = [size * factor if axis in 'xy' else 1.0 for axis in axes.lower()]
    levels.append(
      {
        'path': str(level),
        'coordinateTransformations': [{'type': 'scale', 'scale': scale}],
      }
    )
    part = data[..., ::factor, ::factor]
    group.create_array(str(level), data=part, chunks=part.shape)
  names = [
    {'name': axis, 'type': 'space', **({'unit': unit} if unit else {})}
    for axis in axes
  ]
  image = {'version': version, 'axes': names, 'datasets': levels}
  attributes = {'multiscales': [image]}
  group.attrs.update({'ome': attributes} if is_new else attributes)
  return path
