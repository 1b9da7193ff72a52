"""--mode=predict --share: one session by several processes."""

import io
import json
import time

import pytest
import tiny
from programs import PROGRAM, Program
from rich.console import Console
from sessions import After, contents

from defectseg_jax.errors import InputError
from defectseg_jax.runtime.interruption import Stopped
from defectseg_jax.runtime.leases import Leases
from defectseg_jax.sessions import image_update, share_images
from defectseg_jax.sessions.shares import Shares

# As the other tests of predict: the run is trained once.
pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


@pytest.fixture
def looks(monkeypatch):
  """Names of the images that went through the network."""
  names = []

  def look_at(task, on_tiles):
    names.append(task.image.name)
    return look(task, on_tiles)

  look = image_update.look_at
  for module in (image_update, share_images):
    monkeypatch.setattr(module, 'look_at', look_at)
  return names


def record_of(out):
  """session.json, without date, command, and checksums of what has them."""
  content = json.loads((out / 'session.json').read_text())
  for name in ('date', 'command'):
    content['provenance'].pop(name)
  content['asked']['request'].pop('output')
  for name in ('report.html', 'summary.json'):
    content['written'].pop(name)
  return content


def same(out, whole):
  found, meant = contents(out), contents(whole)
  for one in (found, meant):
    one.pop('summary.json')
  assert found == meant
  assert record_of(out) == record_of(whole)
  assert {
    path.name for path in out.parent.iterdir() if path.name[0] == '.'
  } == (set())


def test_what_stopped_processes_looked_at_is_taken_from_there(
  predict, tmp_path, looks
):
  """Stopped in the first image, in the second, and while all is written."""
  out = tmp_path / 'out'
  assert predict(output=str(tmp_path / 'whole'))
  assert looks == ['x', 'y', 'z[0]', 'z[1]']
  for times in (1, 4, 8):
    with pytest.raises(Stopped):
      predict(share=True, interruption=After(times))
  assert looks[4:].count('x') == 2
  assert predict(share=True)
  # One that was stopped in an image began again; all else was done once.
  assert sorted(set(looks[4:])) == looks[:4]
  assert len(looks[4:]) <= 4 + 2
  same(out, tmp_path / 'whole')


def test_a_session_that_is_done_is_not_done_again(
  predict, predicted, finished, micrographs, looks
):
  assert predict(micrographs, share=True)
  assert looks == []
  same(predicted, finished)


def test_what_another_process_is_at_is_left_to_it(
  predict, micrographs, finished, tmp_path, looks, monkeypatch
):
  """It says for whom it waits, and takes the file once that one has died."""
  other = Shares(tmp_path / 'out', Leases())
  assert other.take([micrographs / 'y.tif']) == micrographs / 'y.tif'

  def dies(seconds):
    assert looks == ['x', 'z[0]', 'z[1]']
    if seconds:
      other.give_back(micrographs / 'y.tif', done=False)

  monkeypatch.setattr(share_images, 'time', type('time', (), {'sleep': dies}))
  console = Console(file=io.StringIO(), width=300)
  assert predict(micrographs, share=True, console=console)
  assert looks[3:] == ['y']
  assert 'which are at y.tif; one that died' in console.file.getvalue()
  same(tmp_path / 'out', finished)


def test_one_alone_writes_the_page(predict, session, tmp_path, looks):
  files = [session / f'{name}.tif' for name in 'xyz']
  other = Shares(tmp_path / 'out', Leases())
  console = Console(file=io.StringIO(), width=300)
  with other.page(files) as ours:
    assert ours
    assert predict(share=True, console=console)
    assert 'another process writes the page' in console.file.getvalue()
    assert len(looks) == 4
    assert not (tmp_path / 'out').exists()


def test_a_file_that_was_changed_since_is_looked_at_anew(
  predict, session, tmp_path, looks, monkeypatch
):
  """Between the network and the page."""
  page = Shares.page

  def change(self, files):
    (session / 'x.tif').write_bytes((session / 'y.tif').read_bytes())
    return page(self, files)

  monkeypatch.setattr(Shares, 'page', change)
  assert predict(share=True)
  assert looks == ['x', 'y', 'z[0]', 'z[1]', 'x']
  monkeypatch.undo()
  assert predict(output=str(tmp_path / 'whole'))
  same(tmp_path / 'out', tmp_path / 'whole')


def test_a_folder_of_somebody_else_is_said_first(predict, tmp_path, looks):
  out = tmp_path / 'out'
  out.mkdir()
  (out / 'letter.txt').touch()
  with pytest.raises(InputError, match='not of a session'):
    predict(share=True)
  assert looks == [] and [path.name for path in out.iterdir()] == ['letter.txt']


def test_three_processes_of_which_one_is_killed(
  trained_run, micrographs, finished, tmp_path
):
  out = tmp_path / 'out'
  words = [
    *(*PROGRAM, 'predict', '--share'),
    *(f'--workdir={trained_run}', '--thickness_nm=100'),
    *(f'--input={micrographs}', f'--output={out}'),
  ]
  claims = tmp_path / '.out.share' / 'claims'
  first, *others = (
    Program(words, cwd=tiny.ROOT, env=tiny.environment()) for _ in range(3)
  )
  until = time.monotonic() + tiny.HANGS_S
  while not list(claims.glob('*/.worker')) and time.monotonic() < until:
    time.sleep(0.01)
  first.kill()
  said = [one.communicate(timeout=tiny.HANGS_S) for one in others]
  assert [one.returncode for one in others] == [0, 0], said
  assert sum('Page: ' in words for words, _ in said) >= 1, said
  same(out, finished)
