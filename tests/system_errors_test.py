"""What a system can say, and names that no file can be called after."""

import errno
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tiny
from PIL import Image

from defectseg_jax import main
from defectseg_jax.errors import InputError, system_error_text
from defectseg_jax.micrographs.files import image_files
from defectseg_jax.micrographs.selection import files_in, select_images
from defectseg_jax.simulation.domain.real_backgrounds import select_backgrounds


@pytest.mark.parametrize(
  'error, said',
  [
    (
      OSError(errno.ENOSPC, 'No space left on device', 'a.tif'),
      'a.tif: No space left on device; make room on that disk',
    ),
    (
      OSError(errno.EROFS, 'Read-only file system', 'b'),
      'b: Read-only file system; nothing can be written there: give another',
    ),
    (PermissionError(errno.EACCES, 'Permission denied', 'c'), 'c: Permission'),
    (
      OSError(errno.ENAMETOOLONG, 'File name too long', 'd'),
      'd: File name too',
    ),
    (
      ValueError('tensorstore: OS error 28: No space left on device'),
      'No space left on device; make room on that disk',
    ),
    (
      MemoryError('Unable to allocate 64.0 GiB'),
      'the memory does not suffice (Unable to allocate 64.0 GiB); close',
    ),
    (
      RuntimeError('RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes'),
      'the memory does not suffice (RESOURCE_EXHAUSTED',
    ),
  ],
)
def test_it_is_one_line_with_what_to_do(error, said, monkeypatch, capfd):
  text = system_error_text(error)
  assert text is not None and text.startswith(said)
  assert len(text.splitlines()) == 1

  def fails(*_, **__):
    raise error

  # pytest's own has no line buffering to set.
  monkeypatch.setattr(sys, 'stdout', open(os.devnull, 'w'))  # noqa: SIM115
  monkeypatch.setattr(main.app, 'run', fails)
  monkeypatch.setattr(sys, 'argv', ['defectseg', 'train'])
  with pytest.raises(SystemExit) as ended:
    main.run()
  assert ended.value.code == f'error: {text}'


def test_a_fault_of_the_program_keeps_its_traceback():
  for error in (KeyError('a'), ValueError('b'), OSError('no number')):
    assert system_error_text(error) is None


def write_image(path):
  Image.fromarray(np.zeros((64, 64), np.uint8)).save(path, format='TIFF')
  return path


@pytest.mark.parametrize(
  'name, said',
  [
    (b'...tif', 'its name begins with a dot'),
    (b'foil\xff.tif', 'is no text in UTF-8; give the file or folder another'),
    (b'foil\x1b[2J\n.tif', r'foil\x1b[2J .tif: its name has a control char'),
    (b'x' * 247 + b'.tif', 'its name has 247 bytes before the suffix; give it'),
  ],
)
def test_a_name_that_nothing_can_be_called_after(tmp_path, name, said):
  folder = tmp_path / 'images'
  folder.mkdir()
  path = write_image(pathlib.Path(os.fsdecode(bytes(folder) + b'/' + name)))
  for look in (
    lambda: image_files([str(path)]),
    lambda: files_in(folder) or image_files([str(path)]),
  ):
    with pytest.raises(InputError) as caught:
      look()
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_such_names_in_a_folder_cost_the_other_images_nothing(tmp_path):
  folder = tmp_path / 'images'
  folder.mkdir()
  good = write_image(folder / 'a.tif')
  for name in (b'foil\xff.tif', b'x' * 247 + b'.tif', b'notes\xff.txt'):
    write_image(pathlib.Path(os.fsdecode(bytes(folder) + b'/' + name)))
  for given in (folder, folder / '*.tif'):
    found = select_images([str(given)])
    assert found.paths == [good]
    assert sorted(found.refused) == ['foil\\udcff.tif', 'x' * 247 + '.tif']
    for reason in found.refused.values():
      assert 'give it a shorter' in reason or 'another name' in reason
  # What is learnt from is not fewer in silence.
  with pytest.raises(InputError, match='give '):
    select_backgrounds(folder)
  good.unlink()
  with pytest.raises(InputError, match='give '):
    select_images([str(folder)])


def test_a_long_name_and_one_of_other_letters_are_taken(tmp_path):
  for name in ('x' * 245 + '.tif', 'Ünïcode 名前.tif', 'a b.tif'):
    path = write_image(tmp_path / name)
    assert image_files([str(path)]) == [path]


@pytest.mark.parametrize('flag', [b'--output=', b'--workdir=', b'--input='])
def test_a_flag_that_is_no_text_is_said_at_once(flag):
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main', 'predict'),
      flag + b'f\xff',
    ],
    cwd=tiny.ROOT,
    env=tiny.environment(),
    capture_output=True,
    check=False,
    text=True,
  )
  assert done.returncode == 1
  (line,) = done.stderr.splitlines()
  assert 'is no text in UTF-8' in line
