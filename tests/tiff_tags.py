"""Private tags of TIFF, as the programs of microscopes write them."""

import struct

import numpy as np
import tifffile


def write_tiff(path, pixels, *tags, **options):
  """A TIFF with private tags: (number, bytes or text)."""
  options = {'metadata': None, 'resolution': (72, 72)} | options
  extra = [
    (number, 's' if isinstance(content, str) else 'B', 0, content, True)
    if isinstance(content, str)
    else (number, 'B', len(content), content, True)
    for number, content in tags
  ]
  tifffile.imwrite(path, pixels, extratags=extra, **options)
  return path


def fei_text(width, columns, section='Scan', **sections):
  """Tags 34680 and 34682; width in metres."""
  lines = [f'[{section}]', f'PixelWidth={width}', f'PixelHeight={width}']
  lines += ['[Image]', f'ResolutionX={columns}', 'ResolutionY=28']
  for name, line in sections.items():
    lines += [f'[{name}]', line]
  return '\r\n'.join(lines)


def zeiss_text(image=None, at_1024=None, unnamed=None):
  """Tag 34118."""
  # Gwyddion: of the numbers without a name the fourth is metres a pixel.
  lines = ['0', '0', '0', f'{unnamed or 0:.6e}', '100000', '6']
  if at_1024:
    lines += ['AP_PIXEL_SIZE', f'Pixel Size = {at_1024}']
  if image:
    lines += ['AP_IMAGE_PIXEL_SIZE', f'Image Pixel Size = {image}']
  lines += ['AP_MAG', 'Mag = 100.00 K X']
  return '\r\n'.join(lines)


def jeol_xml(mode='MAG', eos='eosTEM', value=150000):
  """SightX's description."""
  return (
    '<?xml version="1.0"?>\r\n<TemReporter><Eos><EosMode>'
    f'{eos}</EosMode></Eos><ImageFormingSystem><ModeString>{mode}</ModeString>'
    f'<SelectorValue>{value}</SelectorValue></ImageFormingSystem></TemReporter>'
  )


def _olympus(exponent, x, y):
  """SIS0: one block, of which a record gives the place of general data."""
  head = struct.pack('<4s6xhhhhh6x32sH', b'SIS0', 0, 0, 1, 0, 120, b'foil', 1)
  record = struct.pack('<10xhdd8xd2x34s32s', exponent, x, y, 1e5, b'V', b'T')
  return head, record


def write_olympus(path, pixels, *numbers, **options):
  """Tag 33560; numbers are the exponent of metres, and x and y in it."""
  head, record = _olympus(*numbers)
  body = head + bytes(8) + record
  # Places in SIS are counted from the begin of the file.
  write_tiff(path, pixels, (33560, body), **options)
  content = path.read_bytes()
  start = content.index(b'SIS0')
  entry = struct.pack('<hhI', 1, 1, start + len(head) + 8)
  path.write_bytes(content.replace(body, head + entry + record))
  return path


def tvips_header(size):
  """EM-MENU's tag 37706; nanometres."""
  tiff = tifffile.TIFF
  first = np.zeros(1, np.dtype(tiff.TVIPS_HEADER_V1))
  second = np.zeros(1, np.dtype(tiff.TVIPS_HEADER_V2))
  first['Version'], second['Magic'] = 2, 0xAAAAAAAA
  second['PixelSizeX'] = second['PixelSizeY'] = size
  return first.tobytes() + second.tobytes()
