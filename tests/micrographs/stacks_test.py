"""Images of a stack by their places, held or read again."""

import os

import numpy as np
import pytest
import tifffile

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import reading, stacks
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.mask_values import AS_STORED
from defectseg_jax.micrographs.masks import LastMasks, mask_at, read_masks

COUNT = 5


@pytest.fixture
def path(tmp_path):
  """Image i has i + 1 marked pixels in its first row."""
  pixels = np.zeros((COUNT, 8, 12), np.uint8)
  for place in range(COUNT):
    pixels[place, 0, : place + 1] = 255
  path = tmp_path / 'stack.tif'
  tifffile.imwrite(path, pixels, photometric='minisblack')
  return path


def marked(stack, place):
  return int((stack[place] > 0).sum())


@pytest.mark.parametrize('most_bytes', [1, 2**20])
def test_images_in_any_order(path, monkeypatch, most_bytes):
  monkeypatch.setattr(stacks, 'MOST_HELD_BYTES', most_bytes)
  passes = []
  iterate = reading.iterate_frames

  def counted(path):
    passes.append(path)
    return iterate(path)

  for module in (reading, stacks):
    monkeypatch.setattr(module, 'iterate_frames', counted)
  stack = stacks.Stack(path, lambda frame, name: frame.values)
  assert len(stack) == COUNT and stack.shapes == [(8, 12)] * COUNT
  found = [marked(stack, place) for place in (0, 1, 1, 3, 4)]
  assert found == [1, 2, 2, 4, 5]
  # In order it is read once more where it is not held.
  assert len(passes) == (2 if most_bytes == 1 else 1)
  assert marked(stack, 2) == 3
  assert len(passes) == (3 if most_bytes == 1 else 1)
  with pytest.raises(IndexError):
    stack[COUNT]
  with pytest.raises(IndexError):
    stack[-1]


@pytest.mark.parametrize('count', [2, COUNT])
def test_a_file_that_was_changed_meanwhile_is_one_line(
  path, monkeypatch, count
):
  monkeypatch.setattr(stacks, 'MOST_HELD_BYTES', 1)
  stack = stacks.Stack(path, lambda frame, name: frame.values)
  assert marked(stack, 0) == 1
  before = path.stat().st_mtime_ns
  tifffile.imwrite(path, np.zeros((count, 8, 12), np.uint8))
  # However coarse the clock of the disk is.
  os.utime(path, ns=(before + 10**9, before + 10**9))
  with pytest.raises(InputError, match='it was changed while'):
    stack[1]


@pytest.fixture
def late_colour(tmp_path):
  """A stack whose third image alone is refused."""
  path = tmp_path / 'late.tif'
  with tifffile.TiffWriter(path) as file:
    for place in range(4):
      colour = np.arange(3 * 96, dtype=np.uint8).reshape(8, 12, 3)
      one = colour if place == 2 else colour[..., 0]
      photometric = 'rgb' if place == 2 else 'minisblack'
      file.write(one, photometric=photometric, metadata=None)
  return path


def test_an_image_that_is_refused_late_gives_none_before(late_colour):
  with pytest.raises(InputError, match=r'late\.tif.*colour'):
    next(stacks.iterate_micrographs(late_colour))
  # By its place, it costs the others nothing.
  assert stacks.micrograph_stack(late_colour, rgb='refuse')[3].name == 'late[3]'


def test_micrographs_of_a_file_that_was_changed_meanwhile(path, monkeypatch):
  monkeypatch.setattr(stacks, 'MOST_HELD_BYTES', 1)
  micrographs = stacks.iterate_micrographs(path)
  first = next(micrographs)
  np.testing.assert_array_equal(first.pixels[0], [255.0] + 11 * [0.0])
  before = path.stat().st_mtime_ns
  # As many images, of other grey values.
  with path.open('r+b') as file:
    file.seek(-12, os.SEEK_END)
    file.write(bytes(range(12)))
  os.utime(path, ns=(before + 10**9, before + 10**9))
  line = r'^.*stack\.tif: it was changed while its images were read; give the '
  with pytest.raises(InputError, match=line):
    list(micrographs)


def test_a_file_that_is_changed_while_it_is_read_first(path, monkeypatch):
  iterate = reading.iterate_frames

  def changing(path):
    for place, frame in enumerate(iterate(path)):
      if place == 2:
        path.write_bytes(path.read_bytes() + b'more')
      yield frame

  monkeypatch.setattr(reading, 'iterate_frames', changing)
  with pytest.raises(InputError, match='it was changed while'):
    next(stacks.iterate_micrographs(path))


def test_a_chunk_of_a_folder_that_was_changed_meanwhile(tmp_path, monkeypatch):
  folder = tmp_path / 'a.zarr'
  chunk = folder / '0' / '1'
  chunk.parent.mkdir(parents=True)
  chunk.write_bytes(b'1')
  values = np.zeros((8, 12), np.uint8)

  def frames(path):
    return iter([Frame(values), Frame(values), Frame(values)])

  for module in (reading, stacks):
    monkeypatch.setattr(
      module, 'iterate_frames', lambda path: (frame for frame in frames(path))
    )
  monkeypatch.setattr(stacks, 'MOST_HELD_BYTES', 1)
  micrographs = stacks.iterate_micrographs(folder)
  assert next(micrographs).name == 'a[0]'
  chunk.write_bytes(b'12')
  with pytest.raises(InputError, match='it was changed while'):
    next(micrographs)


def test_a_file_that_is_gone_meanwhile_is_one_line(path, monkeypatch):
  monkeypatch.setattr(stacks, 'MOST_HELD_BYTES', 1)
  stack = stacks.Stack(path, lambda frame, name: frame.values)
  path.unlink()
  with pytest.raises(InputError, match='it cannot be opened'):
    stack[1]


def test_micrographs_are_named_as_ever(path):
  stack = stacks.micrograph_stack(path, rgb='refuse')
  assert stack[2].name == 'stack[2]' and stack[2].pixels[0, 2] == 255


def test_the_last_stack_is_read_once(path, monkeypatch):
  reads = []
  stack = stacks.Stack

  def counted(*arguments):
    reads.append(1)
    return stack(*arguments)

  monkeypatch.setattr('defectseg_jax.micrographs.masks.Stack', counted)
  last = LastMasks()
  for place in range(COUNT):
    masks = last.read(
      MaskFile(path), shape=(8, 12), images=place + 2, how=AS_STORED
    )
    assert mask_at(masks, place, path).mask.sum() == place + 1
  assert len(reads) == 1


def test_one_bad_mask_of_a_stack_costs_the_others_nothing(tmp_path):
  pixels = np.zeros((3, 8, 12), np.uint8)
  pixels[:, 2:4, 2:4] = 255
  pixels[1] = np.arange(96).reshape(8, 12)
  path = tmp_path / 'stack.tif'
  tifffile.imwrite(path, pixels, photometric='minisblack')
  masks = read_masks(MaskFile(path))
  assert masks[0].mask.sum() == masks[2].mask.sum() == 4
  with pytest.raises(InputError, match='a mask with'):
    mask_at(masks, 1, path)
