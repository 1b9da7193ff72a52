"""Files that are whole or not there, and a lock that goes with its process."""

import csv
import errno
import fcntl
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

import pytest
from tiny import ROOT

from defectseg_jax import disk, files, locks
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.csv_files import read_csv

HOLDER = """
import pathlib, sys
from defectseg_jax import locks
with locks.lock(pathlib.Path(sys.argv[1])):
  print('held', flush=True)
  sys.stdin.read()
"""


@pytest.fixture
def held_elsewhere(tmp_path):
  """A process that holds the lock of tmp_path/lock, and the path."""
  path = tmp_path / 'lock'
  process = subprocess.Popen(
    [sys.executable, '-c', HOLDER, str(path)],
    cwd=ROOT,
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
  )
  assert process.stdout.readline() == 'held\n'
  yield process, path
  process.kill()
  process.communicate()


def test_who_holds_a_lock_is_said(held_elsewhere):
  process, path = held_elsewhere
  with pytest.raises(locks.LockHeldError) as caught, locks.lock(path):
    pass
  holder = f'process {process.pid} on {socket.gethostname()} (since 20'
  assert str(caught.value).startswith(holder)


def test_a_lock_goes_with_its_process(held_elsewhere):
  process, path = held_elsewhere
  process.kill()
  process.wait()
  with locks.lock(path) as held:
    assert held


class Clock:
  """Stands in for the module time: it goes on only where somebody sleeps."""

  def __init__(self, meanwhile=lambda: None):
    self.now = 0.0
    self._meanwhile = meanwhile

  def monotonic(self):
    return self.now

  def sleep(self, seconds):
    self.now += seconds
    self._meanwhile()


def test_a_lock_is_waited_for_as_long_as_was_said(held_elsewhere, monkeypatch):
  _, path = held_elsewhere
  clock = Clock()
  monkeypatch.setattr(locks, 'time', clock)
  with pytest.raises(locks.LockHeldError), locks.lock(path, wait_s=0.3):
    pass
  assert 0.3 <= clock.now < 0.5


def test_a_lock_that_becomes_free_is_taken(held_elsewhere, monkeypatch):
  process, path = held_elsewhere

  def end_the_holder():
    process.kill()
    process.wait()

  clock = Clock(end_the_holder)
  monkeypatch.setattr(locks, 'time', clock)
  with locks.lock(path, wait_s=60) as held:
    assert held
  assert 0 < clock.now < 1


def test_one_at_a_time_although_each_removes_the_file(tmp_path):
  path, inside, most = tmp_path / 'lock', [], []

  def enter():
    for _ in range(5):
      with locks.lock(path, wait_s=60):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        path.unlink()

  threads = [threading.Thread(target=enter) for _ in range(4)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert len(most) == 20 and max(most) == 1
  assert not path.exists()


def test_an_error_in_the_block_frees_the_lock(tmp_path):
  with pytest.raises(ZeroDivisionError), locks.lock(tmp_path / 'lock'):
    _ = 1 / 0
  before = len(os.listdir('/proc/self/fd'))
  with locks.lock(tmp_path / 'lock') as held:
    assert held
  assert len(os.listdir('/proc/self/fd')) == before


def test_a_file_system_without_locks(tmp_path, monkeypatch):
  def refuse(*_):
    raise OSError(errno.ENOLCK, 'No locks available')

  monkeypatch.setattr(fcntl, 'flock', refuse)
  with locks.lock(tmp_path / 'lock') as held:
    assert not held


def test_a_file_is_whole_or_what_it_was(tmp_path):
  path = tmp_path / 'folder' / 'a.csv'
  with files.write_whole(path) as temporary:
    assert temporary.suffix == '.csv'
    temporary.write_text('first')
    assert not path.exists()
  with pytest.raises(ZeroDivisionError), files.write_whole(path) as temporary:
    temporary.write_text('sec')
    _ = 1 / 0
  assert path.read_text() == 'first'
  assert os.listdir(path.parent) == ['a.csv']


class Disk:
  """What the system was asked to do, in order, and what a power cut leaves."""

  def __init__(self, monkeypatch):
    self.done = []
    self._noting(monkeypatch, disk, 'sync')
    self._noting(monkeypatch, pathlib.Path, 'replace')

  def _noting(self, monkeypatch, owner, name):
    before = getattr(owner, name)

    def note(path, *given):
      self.done.append((name, path.name.startswith('.'), path.is_dir()))
      return before(path, *given)

    monkeypatch.setattr(owner, name, note)


def test_content_is_on_the_disk_before_its_name_and_that_before_the_end(
  tmp_path, monkeypatch
):
  seen = Disk(monkeypatch).done
  with files.write_whole(tmp_path / 'a.csv') as temporary:
    temporary.write_text('text')
  file, folder = (True, False), (False, True)
  assert seen == [('sync', *file), ('replace', *file), ('sync', *folder)]
  seen.clear()
  with files.new_folder(tmp_path / 'new') as made:
    (made / 'b.csv').write_text('text')
  whole, name = ('sync', True, True), ('replace', True, True)
  assert seen == [('sync', False, False), whole, name, ('sync', *folder)]


def test_a_new_folder_is_worked_on_by_one_and_the_other_says_who(tmp_path):
  new = tmp_path / 'new'
  left = tmp_path / disk.temporary_name('new')
  others = tmp_path / disk.temporary_name('newer')
  for one in (left, others):
    one.mkdir()
    (one / 'half').touch()
  with files.new_folder(new) as made:
    assert not left.exists() and others.exists()
    says = f'new: process {os.getpid()} on .* is at work here; wait for it'
    with pytest.raises(InputError, match=says), files.new_folder(new):
      pass
    assert made.is_dir()
  assert sorted(os.listdir(tmp_path)) == [others.name, 'new']
  with (
    pytest.raises(InputError, match='is there already'),
    files.new_folder(tmp_path / 'newer'),
  ):
    (tmp_path / 'newer' / 'meanwhile').mkdir(parents=True)


def test_new_files_come_together_and_the_one_that_is_named_last(
  tmp_path, monkeypatch
):
  path = tmp_path / 'net.onnx'
  left, others = (
    tmp_path / disk.temporary_name(name) for name in ('net.onnx', 'net')
  )
  for one in (left, others):
    one.mkdir()
  (tmp_path / 'net.json').write_text('of before')
  with files.new_files(path) as made:
    assert not left.exists() and others.exists()
    made.write_text('weights')
    made.with_suffix('.json').write_text('card')
    assert (tmp_path / 'net.json').read_text() == 'of before'
    with pytest.raises(InputError, match='is at work here; wait for it'):
      files.new_files(path).__enter__()
    seen = Disk(monkeypatch).done
  assert (tmp_path / 'net.json').read_text() == 'card'
  assert path.read_text() == 'weights'
  assert sorted(os.listdir(tmp_path)) == [others.name, 'net.json', 'net.onnx']
  # All of it is on the disk before a name is, the others before the last.
  file, folder = (False, False), (False, True)
  assert seen[:2] == [('sync', *file)] * 2
  renamed, told = ('replace', *file), ('sync', *folder)
  assert seen[-4:] == [renamed, told, renamed, told]
  with pytest.raises(InputError, match='is there already'):
    files.new_files(path).__enter__()


def test_new_files_of_a_block_that_fails_leave_nothing(tmp_path):
  path = tmp_path / 'net.onnx'
  with pytest.raises(ZeroDivisionError), files.new_files(path) as made:
    made.write_text('weights')
    _ = 1 / 0
  assert not os.listdir(tmp_path)


def test_a_link_in_the_place_of_a_lock_is_not_written_to(tmp_path):
  outside = tmp_path / 'precious'
  outside.write_text('mine')
  run = tmp_path / 'run'
  run.mkdir()
  (run / disk.LOCK).symlink_to(outside)
  (run / 'figures').symlink_to(tmp_path / 'elsewhere')
  (tmp_path / 'elsewhere').mkdir()
  kept = tmp_path / 'elsewhere' / disk.temporary_name()
  kept.touch()
  with (
    pytest.raises(InputError, match='cannot be written to'),
    files.claim(run, flag='--workdir'),
  ):
    pass
  assert outside.read_text() == 'mine'
  (run / disk.LOCK).unlink()
  with files.claim(run, flag='--workdir'):
    assert kept.exists()


def test_what_a_spreadsheet_would_run_is_text_and_read_as_it_was(tmp_path):
  names = ['=cmd|x', '+a', '-a', '@a', "'a", "'=a", 'a', '-1.5', '']
  text = files.csv_text(
    [{'file': name, 'pixel_size_nm': -2.5} for name in names], digits=3
  )
  path = tmp_path / 'table.csv'
  path.write_text(text)
  assert [row['file'] for row in read_csv(path).rows] == names
  with path.open(newline='') as stream:
    cells = list(csv.DictReader(stream))
  assert not [c for c in cells if c['file'][:1] in ('=', '+', '@')]
  assert {cell['pixel_size_nm'] for cell in cells} == {'-2.5'}
  assert cells[2]['file'] == "'-a" and cells[7]['file'] == '-1.5'
