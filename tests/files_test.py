"""Files that are whole or not there, and a lock that goes with its process."""

import errno
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from tiny import ROOT

from defectseg_jax import files

HOLDER = """
import pathlib, sys, time
from defectseg_jax import files
with files.lock(pathlib.Path(sys.argv[1])):
  print('held', flush=True)
  time.sleep(60)
"""


@pytest.fixture
def held_elsewhere(tmp_path):
  """A process that holds the lock of tmp_path/lock, and the path."""
  path = tmp_path / 'lock'
  process = subprocess.Popen(
    [sys.executable, '-c', HOLDER, str(path)],
    cwd=ROOT,
    stdout=subprocess.PIPE,
    text=True,
  )
  assert process.stdout.readline() == 'held\n'
  yield process, path
  process.kill()
  process.communicate()


def test_who_holds_a_lock_is_said(held_elsewhere):
  process, path = held_elsewhere
  with pytest.raises(files.LockHeldError) as caught, files.lock(path):
    pass
  holder = f'process {process.pid} on {socket.gethostname()}'
  assert str(caught.value) == holder


def test_a_lock_goes_with_its_process(held_elsewhere):
  process, path = held_elsewhere
  process.kill()
  process.wait()
  with files.lock(path) as held:
    assert held


def test_a_lock_is_waited_for_as_long_as_was_said(held_elsewhere):
  process, path = held_elsewhere
  began = time.monotonic()
  with pytest.raises(files.LockHeldError), files.lock(path, wait_s=0.3):
    pass
  assert time.monotonic() - began >= 0.3
  killer = threading.Timer(0.2, process.kill)
  killer.start()
  with files.lock(path, wait_s=60) as held:
    assert held
  killer.join()


def test_one_at_a_time_although_each_removes_the_file(tmp_path):
  path, inside, most = tmp_path / 'lock', [], []

  def enter():
    for _ in range(5):
      with files.lock(path, wait_s=60):
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
  with pytest.raises(ZeroDivisionError), files.lock(tmp_path / 'lock'):
    _ = 1 / 0
  before = len(os.listdir('/proc/self/fd'))
  with files.lock(tmp_path / 'lock') as held:
    assert held
  assert len(os.listdir('/proc/self/fd')) == before


def test_a_file_system_without_locks(tmp_path, monkeypatch):
  def refuse(*_):
    raise OSError(errno.ENOLCK, 'No locks available')

  monkeypatch.setattr(fcntl, 'flock', refuse)
  with files.lock(tmp_path / 'lock') as held:
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
