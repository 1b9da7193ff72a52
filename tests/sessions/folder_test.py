"""A session's folder: whose it is, through kills, power cuts and other people.

Kills come at every single call that changes a name or brings something to the
disk: a process of its own forks for each, because a fork of this one has JAX's
threads.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tiny
from PIL import Image

from defectseg_jax import disk
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_values import AS_STORED
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions.corrections import Corrections
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import Done, read_index

WORK = """
import os, pathlib, shutil, signal, sys
from benchmarks import power_cut
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import Done

PROVENANCE = Provenance.from_json(PROVENANCE_JSON)
# What a kill leaves does not depend on it, and a disk takes its time.
os.fsync = lambda file: None

def work(path, version):
  folder = SessionFolder(path, overwrite=False)
  with folder.hold():
    folder.require_unchanged()
    folder.require_images(['x'])
    folder.begin(PROVENANCE)
    done = folder.record_of('x')
    files = ['masks/x.tif', 'images/x.tif']
    assert not folder.is_corrected(files[0]), 'taken for a correction'
    if not (done and done.key == version and folder.is_whole(done)):
      folder.claim(files)
      folder.put({one: lambda to: to.write_text(version) for one in files})
      folder.note_done('x', Done('x', version, version, None, files))
    with folder.new_results() as made:
      (made / 'rois').mkdir()
      assert not folder.is_corrected('rois/x.zip'), 'taken for a correction'
      (made / 'rois' / 'x.zip').write_text(version)
      (made / 'report.html').write_text(version)

def killed_at(number):
  left = number
  def hook(name):
    before = getattr(os, name)
    def call(*given, **named):
      nonlocal left
      left -= 1
      if not left:
        os.kill(os.getpid(), signal.SIGKILL)
      return before(*given, **named)
    setattr(os, name, call)
  for name in ('fsync', 'replace', 'unlink', 'mkdir', 'rmdir', 'ftruncate'):
    hook(name)

def run(path, version, number=0, notes=None):
  child = os.fork()
  if not child:
    if notes:
      power_cut.watch(notes)
    if number:
      killed_at(number)
    try:
      work(path, version)
    except BaseException as error:
      print(number, type(error).__name__, error, flush=True)
      os._exit(1)
    os._exit(0)
  return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def contents(path):
  return {
    str(one.relative_to(path)): one.is_file() and one.read_text()
    for one in path.rglob('*')
  }

root = pathlib.Path(sys.argv[1])
old, new = root / 'old', root / 'new'
assert run(old, '1') == run(new, '1') == run(new, '2') == 0
ended, kills = set(), 0
for number in range(1, 1000):
  # Anew by a kill, and over an older session by a power cut.
  for leaves in (None, 'mixed'):
    out, notes = root / f'{number}{leaves}', root / f'{number}{leaves}notes'
    notes.mkdir()
    if leaves:
      shutil.copytree(old, out)
    before = power_cut.files_of(out)
    if run(out, '2', number, notes) == 0:
      ended.add(leaves)
      continue
    kills += 1
    if leaves:
      power_cut.cut(out, notes, leaves, before=before)
    assert run(out, '2') == 0, (number, leaves)
    found, wanted = contents(out), contents(new)
    # It notes checksums in the order in which files were made.
    del found['session.json'], wanted['session.json']
    assert found == wanted, (number, leaves, found)
  if len(ended) == 2:
    break
print('kills', kills)
"""


@pytest.mark.slow
def test_killed_anywhere_the_same_command_goes_on(tmp_path):
  made = repr(current_provenance().to_json())
  done = subprocess.run(
    [sys.executable, '-c', WORK.replace('PROVENANCE_JSON', made), tmp_path],
    cwd=tiny.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stdout + done.stderr
  assert int(done.stdout.split('kills ')[1]) > 60


def begun(path):
  """session.json of a session of one image."""
  folder = SessionFolder(path, overwrite=False)
  with folder.hold():
    folder.begin(current_provenance())
    folder.put({'masks/x.tif': lambda to: to.write_text('mask')})
    folder.note_done('x', Done('x', 'k', 'k', None, ['masks/x.tif']))
  return path / 'session.json'


def test_two_at_once_and_the_second_says_who(tmp_path):
  out = tmp_path / 'out'
  one, other = (SessionFolder(out, overwrite=False) for _ in range(2))
  with one.hold():
    one.begin(current_provenance())
    says = rf'out: process {os.getpid()} on .* \(since 20.* is at work here'
    with pytest.raises(InputError, match=says), other.hold():
      pass
    one.put({'masks/x.tif': lambda to: to.write_text('mask')})
    one.note_done('x', Done('x', 'k', 'k', None, ['masks/x.tif']))
  # What the first did meanwhile is known to whoever comes next.
  with other.hold():
    assert other.record_of('x')
  assert sorted(os.listdir(out)) == ['masks', 'session.json']


def test_a_folder_that_nothing_was_written_to_is_not_there(tmp_path):
  folder = SessionFolder(tmp_path / 'out', overwrite=False)
  with pytest.raises(ZeroDivisionError), folder.hold():
    _ = 1 / 0
  assert not list(tmp_path.iterdir())


def test_what_a_dead_process_left_is_no_reason_to_refuse(tmp_path):
  for name in (disk.LOCK, f'{disk.temporary_name()}.json'):
    (tmp_path / name).touch()
  folder = SessionFolder(tmp_path, overwrite=False)
  with folder.hold():
    assert os.listdir(tmp_path) == [disk.LOCK]
  (tmp_path / '.part-of-my-thesis').touch()
  with pytest.raises(InputError, match='not of a session'):
    SessionFolder(tmp_path, overwrite=False)


@pytest.mark.parametrize('field', ['written', 'results', 'images'])
@pytest.mark.parametrize('file', ['../precious', '/PRECIOUS', 'a/../..', '.'])
def test_a_record_that_names_files_outside_is_refused(tmp_path, field, file):
  precious = tmp_path / 'precious'
  precious.write_text('mine')
  file = file.replace('/PRECIOUS', str(precious))
  index = begun(tmp_path / 'out')
  content = json.loads(index.read_text())
  if field == 'written':
    content['written'][file] = ['0' * 64]
  elif field == 'results':
    content['results'].append(file)
  else:
    content['images']['x']['files'].append(file)
  index.write_text(json.dumps(content))
  for overwrite in (False, True):
    with pytest.raises(InputError, match='outside of the folder'):
      SessionFolder(index.parent, overwrite=overwrite)
  assert precious.read_text() == 'mine'


def test_a_correction_that_is_a_link_to_elsewhere_is_not_read(tmp_path):
  out = tmp_path / 'out'
  begun(out)
  secret = tmp_path / 'secret.png'
  Image.fromarray(np.eye(4, dtype=np.uint8)).save(secret)
  (out / 'masks' / 'x.png').symlink_to(secret)
  folder = SessionFolder(out, overwrite=False)
  with pytest.raises(InputError, match='outside of the folder'):
    Corrections(folder, ['x'], AS_STORED).find('x', (4, 4))


def test_links_that_lead_out_are_not_followed(tmp_path):
  precious = tmp_path / 'precious'
  precious.mkdir()
  out = tmp_path / 'out'
  index = begun(out)
  (out / 'images').symlink_to(precious)
  folder = SessionFolder(out, overwrite=True)
  refused = pytest.raises(InputError, match=r"'images/x\.tif' would be outs")
  with folder.hold(), refused:
    folder.put({'images/x.tif': lambda to: to.write_text('image')})
  with folder.hold(), refused, folder.new_results() as made:
    (made / 'images').mkdir()
    (made / 'images' / 'x.tif').write_text('image')
  assert not list(precious.iterdir())
  index.rename(precious / 'session.json')
  index.symlink_to(precious / 'session.json')
  with pytest.raises(InputError, match=r"'session\.json' would be outs"):
    read_index(index)


@pytest.mark.parametrize(
  'damage',
  [
    {'images': {'x': {'stem': 1, 'key': '', 'mask_key': '', 'files': []}}},
    {'images': {'x': {'stem': '', 'key': '', 'mask_key': '', 'files': 'ab'}}},
    {'images': []},
    {'results': 'abc'},
    {'written': {'masks/x.tif': 'abc'}},
    [[]],
    '[' * 100_000,
    '\ud800',
  ],
)
def test_a_damaged_record_is_said_in_one_line(tmp_path, damage):
  index = begun(tmp_path / 'out')
  if isinstance(damage, dict):
    damage = json.loads(index.read_text()) | damage
  if not isinstance(damage, str):
    damage = json.dumps(damage)
  index.write_text(damage, errors='surrogatepass')
  with pytest.raises(InputError, match=r'session\.json: is damaged') as caught:
    read_index(index)
  assert len(str(caught.value).splitlines()) == 1


def test_a_record_that_is_no_file_is_not_waited_for(tmp_path):
  os.mkfifo(tmp_path / 'session.json')
  with pytest.raises(InputError, match=r'session\.json: is damaged'):
    SessionFolder(tmp_path, overwrite=False)
  assert pathlib.Path(tmp_path / 'session.json').exists()
