"""What a session notes while it works is known to whoever comes next."""

import contextlib
import os
import pathlib

import pytest

from defectseg_jax import files
from defectseg_jax.errors import InputError
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions import index_file
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import Done, read_index
from defectseg_jax.sessions.index_log import log_of


@pytest.fixture(scope='module')
def made():
  return current_provenance()


@pytest.fixture
def folder(tmp_path, made):
  folder = SessionFolder(tmp_path / 'out', overwrite=False)
  folder.begin(made)
  return folder


def add(folder, name, text='mask'):
  file = f'masks/{name}.tif'
  folder.put({file: lambda to: to.write_text(text)})
  folder.note_done(name, Done(name, 'k', 'k', 0.5, [file], signs={'a': 1.0}))


def index_of(folder):
  return folder.path / 'session.json'


def is_known(folder):
  """What another process knows, and that it is what this one does."""
  found, wanted = read_index(index_of(folder)), folder._all()
  assert found._replace(done={}) == wanted._replace(done={})
  assert list(found.done) == list(wanted.done)
  return list(found.done)


def test_what_is_new_stands_beside_it(folder):
  before = index_of(folder).read_bytes()
  for name in 'ab':
    add(folder, name)
  add(folder, 'a', 'again')
  assert index_of(folder).read_bytes() == before
  assert is_known(folder) == ['a', 'b']
  assert len(read_index(index_of(folder)).written['masks/a.tif']) == 1
  again = SessionFolder(folder.path, overwrite=False)
  again.require_unchanged()
  assert again.record_of('a') == Done(
    *('a', 'k', 'k', 0.5, ['masks/a.tif']), zooms=[1.0], signs={'a': 1.0}
  )


def test_all_of_it_is_written_seldom(folder, monkeypatch):
  """Thousands of images take no longer each than tens."""
  monkeypatch.setattr(index_file, '_MOST_LINES', 10)
  sizes = []
  write_whole = files.write_whole

  def watched(path, **more):
    if path == index_of(folder):
      sizes.append(len(folder.names))
    return write_whole(path, **more)

  monkeypatch.setattr(index_file, 'write_whole', watched)
  for number in range(30):
    add(folder, f'{number}')
    assert len(is_known(folder)) == number + 1
  # Each eleventh of two notes an image.
  assert sizes == [5, 11, 16, 22, 27]


def test_what_was_removed_stays_away(folder):
  for name in 'ab':
    add(folder, name)
  folder.drop(['masks/a.tif'])
  add(folder, 'b', 'again')
  assert 'masks/a.tif' not in read_index(index_of(folder)).written
  is_known(folder)


@pytest.mark.parametrize('stopped', [False, True])
def test_whoever_leaves_leaves_one_file(folder, made, stopped):
  with contextlib.suppress(InputError), folder.hold():
    folder.begin(made)
    add(folder, 'a')
    assert log_of(index_of(folder)).exists()
    if stopped:
      raise InputError('stopped')
  assert sorted(os.listdir(folder.path)) == ['masks', 'session.json']
  assert is_known(folder) == ['a']


def test_a_log_of_an_older_one_counts_no_more(folder, made):
  """As where a process was killed before it removed it."""
  add(folder, 'a')
  older = log_of(index_of(folder)).read_bytes()
  folder.drop(['masks/a.tif'])
  folder.begin(made)
  log_of(index_of(folder)).write_bytes(older)
  assert not read_index(index_of(folder)).written
  add(folder, 'b')
  assert list(read_index(index_of(folder)).written) == ['masks/b.tif']


@pytest.mark.parametrize(
  'line',
  [
    '{"images": {}, "written"',
    '{"images": {}}',
    '{"images": {"a": 5}, "written": {}}',
    '[]',
    '{"images": {}, "written": {"../out.txt": []}}',
  ],
)
def test_a_damaged_log_is_refused_in_one_line(folder, line):
  add(folder, 'a')
  with log_of(index_of(folder)).open('a') as log:
    log.write(line + '\n')
  with pytest.raises(InputError, match=r'session\.json'):
    SessionFolder(folder.path, overwrite=False)


def test_a_log_elsewhere_is_not_read(folder, tmp_path):
  add(folder, 'a')
  log = log_of(index_of(folder))
  elsewhere = tmp_path / 'elsewhere'
  log.rename(elsewhere)
  log.symlink_to(elsewhere)
  with pytest.raises(InputError, match='outside of the folder'):
    read_index(index_of(folder))
  assert pathlib.Path(elsewhere).exists()
