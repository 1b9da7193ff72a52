"""A worker that lives keeps what it claimed; one that died gives it back."""

import json
import subprocess
import sys
import time

import pytest
from tiny import HANGS_S, ROOT

from defectseg_jax.runtime import leases
from defectseg_jax.runtime.leases import Leases

CLAIMER = """
import pathlib, sys, time
from defectseg_jax.runtime import leases
leases.BEAT_S = 0.05
one = leases.Leases(sys.argv[2] or None)
assert one.take(pathlib.Path(sys.argv[1]))
print('claimed', flush=True)
time.sleep(60)
"""


class Clock:
  """Stands in for the module time; goes on where a test says so."""

  now = 0.0
  sleep = staticmethod(time.sleep)

  def monotonic(self):
    return self.now


def count_of(folder):
  """What the worker that claimed the folder has counted to."""
  return json.loads((folder / '.worker').read_text())['beats']


@pytest.fixture
def start():
  """Starts workers that claim a folder; ends them."""
  started = []

  def claiming(folder, machine=''):
    process = subprocess.Popen(
      [sys.executable, '-c', CLAIMER, str(folder), machine],
      cwd=ROOT,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
    )
    started.append(process)
    assert process.stdout.readline() == 'claimed\n', process.stderr.read()
    return process

  yield claiming
  for process in started:
    process.kill()
    process.communicate()


def test_a_folder_has_one_worker(tmp_path):
  one, other = Leases(), Leases()
  assert one.take(tmp_path / 'a')
  assert not other.take(tmp_path / 'a')
  assert not one.take(tmp_path / 'a')
  assert other.has_other_worker(tmp_path / 'a')
  assert not one.has_other_worker(tmp_path / 'a')
  assert other.take(tmp_path / 'b')


def test_what_was_given_back_can_be_taken(tmp_path):
  one, other = Leases(), Leases()
  assert one.take(tmp_path)
  one.give_back(tmp_path)
  assert list(tmp_path.iterdir()) == []
  assert other.take(tmp_path)


def test_a_worker_killed_on_this_machine_is_known_at_once(tmp_path, start):
  process = start(tmp_path)
  mine = Leases()
  assert not mine.take(tmp_path)
  process.kill()
  process.wait()
  assert mine.take(tmp_path)


def test_a_worker_of_another_machine_lives_while_it_counts(
  tmp_path, start, monkeypatch
):
  """Where its lock cannot be seen, as if the file system had none."""
  monkeypatch.setattr(leases, '_is_ours_or_has_no_lock', lambda file: True)
  clock = Clock()
  monkeypatch.setattr(leases, 'time', clock)
  process = start(tmp_path, 'elsewhere')
  mine = Leases()
  for _ in range(4):
    before = count_of(tmp_path)
    while count_of(tmp_path) == before:
      assert process.poll() is None
      time.sleep(0.01)
    clock.now += 1000 * leases.DEAD_AFTER_S
    assert not mine.take(tmp_path)
  process.kill()
  process.wait()
  # Seen a moment ago: it must first stand still for long enough.
  assert not mine.take(tmp_path)
  clock.now += leases.DEAD_AFTER_S
  assert not mine.take(tmp_path)
  clock.now += 1
  assert mine.take(tmp_path)


def test_a_worker_that_was_taken_for_dead_stops(tmp_path, start, monkeypatch):
  """Two would write the same run."""
  monkeypatch.setattr(leases, '_is_ours_or_has_no_lock', lambda file: True)
  monkeypatch.setattr(leases, 'DEAD_AFTER_S', 0.0)
  # It counts after this has looked twice.
  process = start(tmp_path, 'elsewhere')
  monkeypatch.setattr(leases, 'BEAT_S', 60.0)
  mine = Leases()
  taken = False
  while not taken:
    taken = mine.take(tmp_path)
  _, said = process.communicate(timeout=HANGS_S)
  assert process.returncode == 1
  assert 'another worker took this over' in said
  assert said.count('\n') == 1
  assert json.loads((tmp_path / '.worker').read_text())['worker'] == (
    mine._worker
  )


@pytest.mark.parametrize('content', ['', '{"machine', '[]', 'null'])
def test_a_damaged_file_does_not_keep_a_folder_for_good(
  tmp_path, content, monkeypatch
):
  monkeypatch.setattr(leases, 'DEAD_AFTER_S', 0.01)
  (tmp_path / '.worker').write_text(content)
  mine = Leases()
  mine.take(tmp_path)
  time.sleep(0.02)
  if content:
    assert mine.take(tmp_path)
  assert mine.has_other_worker(tmp_path) is False
