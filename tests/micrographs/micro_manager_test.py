"""Stacks of Micro-Manager, which go on from file to file."""

import json
import struct

import numpy as np
import pytest
import tifffile

from defectseg_jax.micrographs.reading import read_micrographs

_SIDE = 8
# Micro-Manager has pixels this far behind the beginning of a directory.
_DIRECTORY_BYTES = 162
_METADATA = b'{"Frame":0}\0'


def write_stack(path, values, *, first, frames):
  """A file of a stack, with the frames from `first` on, each of one grey value.

  Layout: micro-manager.org/Micro-Manager_File_Formats.
  """
  summary = json.dumps(
    {
      'MicroManagerVersion': '2.0.0',
      'Prefix': 'run_1',
      **{'Channels': 1, 'Slices': 1, 'Positions': 1, 'Frames': frames},
    }
  ).encode()
  summary += b' ' * (-len(summary) % 4)
  index = 8 + 32 + len(summary)
  rational = index + 8 + 20 * len(values)
  begin = rational + 8 + len(_METADATA)
  page_bytes = _DIRECTORY_BYTES + _SIDE**2
  begins = [begin + page_bytes * i for i in range(len(values))]
  content = struct.pack('<2sHI', b'II', 42, begin)
  content += struct.pack(
    '<8I', 54773648, index, 0, 0, 0, 0, 2355492, len(summary)
  )
  content += summary + struct.pack('<II', 3453623, len(values))
  for place, at in enumerate(begins, start=first):
    content += struct.pack('<5I', 0, 0, place, 0, at)
  content += struct.pack('<II', 1, 1) + _METADATA
  for at, value in zip(begins, values, strict=True):
    last = at == begins[-1]
    content += _directory(at, rational, 0 if last else at + page_bytes)
    content += bytes([value]) * _SIDE**2
  path.write_bytes(content)


def write_ndtiff(path, value):
  """A file of NDTiff 3 with one frame; where its pixels begin.

  Layout: github.com/micro-manager/NDTiffStorage.
  """
  summary = b'{"PixelSize_um": 1}'
  content = struct.pack('<5I', 483729, 3, 0, 2355492, len(summary)) + summary
  rational = 8 + len(content)
  at = rational + 8 + len(_METADATA)
  content = struct.pack('<2sHI', b'II', 42, at) + content
  content += struct.pack('<II', 1, 1) + _METADATA
  content += _directory(at, rational, 0) + bytes([value]) * _SIDE**2
  # As of a stack of more pages than one, which tifffile looks for.
  path.write_bytes(content + bytes(3 * _SIDE**2))
  return at + _DIRECTORY_BYTES


def ndtiff_index(pixels, *names):
  """NDTiff.index, with a frame of each file."""
  content = b''
  for time, name in enumerate(names):
    for text in (json.dumps({'time': time}), name):
      content += struct.pack('<I', len(text)) + text.encode()
    content += struct.pack('<I7i', pixels, _SIDE, _SIDE, *[0] * 5)
  return content


def test_an_index_beside_a_file_names_no_other_that_is_read(tmp_path):
  folder = tmp_path / 'session'
  folder.mkdir()
  pixels = write_ndtiff(folder / 'a.tif', 7)
  write_ndtiff(tmp_path / 'secret.tif', 200)
  (folder / 'NDTiff.index').write_bytes(
    ndtiff_index(pixels, 'a.tif', '../secret.tif')
  )
  with tifffile.TiffFile(folder / 'a.tif') as alone:
    assert alone.series[0].asarray().max() == 200, 'the file is none of NDTiff'
  (one,) = read_micrographs(folder / 'a.tif')
  assert one.pixels.max() == 7


def _directory(at, rational, following):
  """Thirteen tags, the last of which is Micro-Manager's."""
  entries = [
    *((256, 4, _SIDE), (257, 4, _SIDE), (258, 3, 8), (259, 3, 1), (262, 3, 1)),
    *((273, 4, at + _DIRECTORY_BYTES), (277, 3, 1), (278, 4, _SIDE)),
    *((279, 4, _SIDE**2), (282, 5, rational), (283, 5, rational), (296, 3, 1)),
  ]
  packed = struct.pack('<H', len(entries) + 1)
  for tag, kind, value in entries:
    packed += struct.pack('<HHII', tag, kind, 1, value)
  packed += struct.pack('<HHII', 51123, 2, len(_METADATA), rational + 8)
  return packed + struct.pack('<I', following)


def grey_values(path):
  return [int(np.unique(one.pixels).item()) for one in read_micrographs(path)]


@pytest.mark.parametrize('parts', [[[1, 2], [3, 4]], [[1], [2], [3]], [[5, 6]]])
def test_each_file_of_a_stack_has_its_own_images(tmp_path, parts):
  count, paths = sum(map(len, parts)), []
  for number, values in enumerate(parts):
    end = f'_{number}' if number else ''
    paths.append(tmp_path / f'run_1_MMStack_Pos0{end}.ome.tif')
    first = sum(map(len, parts[:number]))
    write_stack(paths[-1], values, first=first, frames=count)
  assert [grey_values(path) for path in paths] == parts


def test_a_file_whose_neighbours_are_missing(tmp_path):
  path = tmp_path / 'run_1_MMStack_Pos0_1.ome.tif'
  write_stack(path, [3, 4], first=2, frames=6)
  assert grey_values(path) == [3, 4]
