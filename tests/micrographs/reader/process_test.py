"""Files that crash, hang or bloat whoever reads them cost one file each."""

import logging
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import reading, stacks
from defectseg_jax.micrographs.reader import pool, process
from defectseg_jax.micrographs.reader.limits import limits_of

ROOT = pathlib.Path(__file__).parents[3]
BROKEN = ROOT.parent / 'shared' / 'data' / 'cases' / 'broken'
# Takes a while to unpack, and 128 MiB of memory.
_SIDE_PX = 8192


@pytest.fixture
def whole(tmp_path):
  path = tmp_path / 'whole.tif'
  tifffile.imwrite(path, np.arange(12, dtype=np.uint16).reshape(3, 4))
  return path


@pytest.fixture(scope='module')
def large(tmp_path_factory):
  path = tmp_path_factory.mktemp('large') / 'large.png'
  pixels = np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
  Image.fromarray(pixels).save(path, compress_level=1)
  return path


def _check_whole(path):
  (frame,) = reading.read_frames(path)
  np.testing.assert_array_equal(frame.values.ravel(), np.arange(12))


def _pid():
  return pool._idle[0]._process.pid


def _refused(path, words):
  with pytest.raises(InputError, match=words) as caught:
    reading.read_frames(path)
  assert str(caught.value).startswith(f'{path}: ')
  assert '\n' not in str(caught.value)


@pytest.mark.skipif(not BROKEN.exists(), reason='needs ../shared')
@pytest.mark.parametrize(
  ('name', 'words'),
  [
    ('hdf5_hang.hspy', 'do not fit'),
    ('hdf5_segfault.hspy', r'crashes the library that reads it \(SIGSEGV\)'),
    ('npy_structured_mask_typeerror.npy', 'array is of'),
    ('npy_unicode_mask_systemerror.npy', 'array is of'),
    ('png_300_of_1000_rows.png', '300300 bytes of 1001000'),
    ('png_80_bytes_2GB.png', 'bytes of 318765488'),
    ('png_iccp_indexerror.png', 'damaged'),
    ('png_transparency_indexerror.png', 'damaged'),
    ('tiff_height_minus1_hang.tif', '-1 x 40'),
    ('tiff_palette_indexerror.tif', 'palette'),
    ('tiff_zstd.tif', 'damaged'),
  ],
)
def test_a_broken_file_costs_no_other(whole, name, words):
  if name.endswith('.hspy'):
    pytest.importorskip('rsciio')
  _check_whole(whole)
  _refused(BROKEN / name, words)
  _check_whole(whole)


def test_files_are_read_by_one_process(whole, tmp_path):
  _check_whole(whole)
  pid = _pid()
  (tmp_path / 'x.png').write_bytes(b'x')
  _refused(tmp_path / 'x.png', 'neither PNG')
  _check_whole(whole)
  assert _pid() == pid


def test_one_that_was_ended_meanwhile_costs_no_file(whole):
  _check_whole(whole)
  before = _pid()
  os.kill(before, signal.SIGKILL)
  pool._idle[0]._process.wait()
  _check_whole(whole)
  assert _pid() != before


def _limit(monkeypatch, **limits):
  monkeypatch.setattr(
    process, 'limits_of', lambda path: limits_of(path)._replace(**limits)
  )


@pytest.mark.parametrize(
  ('limits', 'words'),
  [
    ({'processor_s': 0.03}, 'not read after 0 s of computing'),
    ({'seconds': 0.03}, 'not read after 0 s;'),
    ({'memory_bytes': 2**27}, 'more memory than a file of its size may take'),
  ],
)
def test_a_file_takes_no_more_than_its_due(
  whole, large, monkeypatch, limits, words
):
  _check_whole(whole)
  with monkeypatch.context() as patch:
    _limit(patch, **limits)
    _refused(large, words)
  _check_whole(whole)


def test_all_images_together_are_counted(tmp_path, whole, monkeypatch):
  path = tmp_path / 'stack.npy'
  np.save(path, np.ones((9, 1024, 1024), np.uint8))
  assert len(reading.read_frames(path)) == 9
  with monkeypatch.context() as patch:
    _limit(patch, memory_bytes=2**23)
    _refused(path, 'images need more memory')
  _check_whole(whole)


def test_what_is_packed_is_not_read_ahead_twice(tmp_path, whole, monkeypatch):
  packed = tmp_path / 'packed.tif'
  pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
  tifffile.imwrite(packed, pixels, compression='zlib')
  ahead, read_ahead = [], process.read_ahead
  monkeypatch.setattr(
    process, 'read_ahead', lambda path: ahead.append(path) or read_ahead(path)
  )
  for path in (whole, whole, packed, packed, packed, whole, whole):
    _check_whole(path)
  assert ahead[-3:] == [whole, packed, whole]


def test_images_that_are_the_same_bytes_are_two_arrays(tmp_path):
  path = tmp_path / 'a.tif'
  pixels = np.arange(2 * 4096, dtype=np.uint16).reshape(2, 64, 64)
  tifffile.imwrite(path, pixels, photometric='minisblack', metadata=None)
  with tifffile.TiffFile(path, mode='r+') as file:
    first, second = (page.tags['StripOffsets'] for page in file.pages)
    second.overwrite(first.value)
  frames = reading.read_frames(path)
  frames[0].values[:] = 7
  np.testing.assert_array_equal(frames[1].values, pixels[0])


def test_a_stack_of_tiff_is_sized_before_it_is_unpacked(tmp_path):
  path = tmp_path / 'a.tif'
  tifffile.imwrite(path, np.zeros((64, 64), np.uint8), compression='zlib')
  content = bytearray(path.read_bytes())
  with tifffile.TiffFile(path) as file:
    for name, side in (('ImageWidth', 2**15), ('ImageLength', 2**15)):
      place = file.pages[0].tags[name].valueoffset
      content[place : place + 4] = side.to_bytes(4, 'little')
    place = file.pages[0].tags['BitsPerSample'].valueoffset
    content[place : place + 2] = (64).to_bytes(2, 'little')
  path.write_bytes(content)
  _refused(path, r'images unpack to 8\.0 GiB')


def test_a_long_stack_is_not_held(tmp_path, whole, monkeypatch):
  path = tmp_path / 'stack.npy'
  stack = np.arange(5 * 64, dtype=np.uint8).reshape(5, 8, 8)
  np.save(path, stack)
  np.save(tmp_path / 'one.npy', stack[0])
  held = list(stacks.iterate_micrographs(path))
  # Less than one image has.
  monkeypatch.setattr(stacks, 'MOST_HELD_BYTES', 1)
  first = None
  for place, one in enumerate(stacks.iterate_micrographs(path)):
    np.testing.assert_array_equal(one.pixels, held[place].pixels)
    assert one.name == held[place].name == f'stack[{place}]'
    # By another process, while the stack waits.
    _check_whole(whole)
    first = first or _pid()
    assert _pid() == first
  assert place == 4
  (one,) = stacks.iterate_micrographs(tmp_path / 'one.npy')
  assert one.name == 'one'


def test_a_stack_that_is_damaged_late_gives_no_image(tmp_path, monkeypatch):
  path = tmp_path / 'stack.tif'
  pixels = np.random.default_rng(0).integers(0, 9, (5, 40, 40), np.uint8)
  options = {'photometric': 'minisblack', 'compression': 'zlib'}
  tifffile.imwrite(path, pixels, **options)
  with tifffile.TiffFile(path) as file:
    place = file.pages[4].dataoffsets[0]
  content = bytearray(path.read_bytes())
  content[place : place + 9] = bytes(9)
  path.write_bytes(content)
  monkeypatch.setattr(stacks, 'MOST_HELD_BYTES', 1)
  with pytest.raises(InputError, match=r'stack\.tif: it is damaged'):
    next(stacks.iterate_micrographs(path))
  with pytest.raises(InputError, match=r'stack\.tif: it is damaged'):
    reading.read_micrographs(path)


@pytest.mark.parametrize('suffix', ['.tif', '.png', '.npy', '.hspy'])
def test_what_is_no_file_is_not_waited_for(tmp_path, suffix):
  pipe = tmp_path / f'pipe{suffix}'
  os.mkfifo(pipe)
  _refused(pipe, 'it is no file, but a device, a pipe or a socket')
  device = tmp_path / f'device{suffix}'
  device.symlink_to('/dev/zero')
  _refused(device, 'it is no file, but a device')
  folder = tmp_path / f'folder{suffix}'
  folder.mkdir()
  _refused(folder, 'it is a folder')


def test_names_that_are_no_text_and_relative_ones(whole, monkeypatch):
  monkeypatch.chdir(whole.parent)
  name = os.fsdecode(b'\xff\n.tif')
  whole.rename(name)
  _check_whole(name)


def test_what_libraries_log_is_passed_on(tmp_path, caplog):
  path = tmp_path / 'a.tif'
  tag = (65000, 2, 5, 'abcd', True)
  tifffile.imwrite(path, np.ones((9, 9), np.uint8), extratags=[tag])
  content = bytearray(path.read_bytes())
  kind = content.find((65000).to_bytes(2, 'little')) + 2
  content[kind] = 99
  path.write_bytes(content)
  with caplog.at_level(logging.WARNING):
    reading.read_frames(path)
  assert [record.name for record in caplog.records] == ['tifffile']
  assert 'invalid data type 99' in caplog.text


# A script: it does not guard its main part.
_SCRIPT = """
import os, signal, sys, time
from defectseg_jax.micrographs import reading, stacks
from defectseg_jax.micrographs.reader import pool
def read():
  assert reading.read_frames(sys.argv[1])[0].values.shape == (3, 4)
  return pool._idle[0]._process.pid
# As a terminal, or a batch system, which stops all processes of a job.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
  signal.signal(number, signal.SIG_IGN)
pool.start_reader()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
  os.killpg(0, number)
first = read()
assert read() == first
fork = os.fork()
if not fork:
  assert read() != first
  os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]) == 7
assert read() == first
print(first, flush=True)
if len(sys.argv) > 2:
  time.sleep(60)
"""


@pytest.mark.parametrize('killed', [False, True])
def test_it_serves_one_process_and_ends_with_it(tmp_path, whole, killed):
  script = tmp_path / 'script.py'
  script.write_text(_SCRIPT)
  with subprocess.Popen(
    [sys.executable, script, whole, *['wait'] * killed],
    env={**os.environ, 'PYTHONPATH': str(ROOT)},
    stdout=subprocess.PIPE,
    start_new_session=True,
  ) as started:
    assert started.stdout is not None
    reader = int(started.stdout.readline())
    if killed:
      started.kill()
  assert started.returncode == (-signal.SIGKILL if killed else 0)
  for _ in range(100):
    if not _is_alive(reader):
      break
    time.sleep(0.05)
  assert not _is_alive(reader)


def _is_alive(pid):
  try:
    state = pathlib.Path(f'/proc/{pid}/stat').read_text()
  except OSError:
    return False
  # Dead, and nobody has asked for its exit code yet.
  return state.rpartition(')')[2].split()[0] != 'Z'
