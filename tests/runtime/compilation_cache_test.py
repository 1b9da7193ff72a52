"""What JAX compiled is found again, computes the same, and never in the way."""

import json
import os
import subprocess
import sys
import warnings

import pytest
import tiny

from defectseg_jax.runtime.compilation_cache import keep_compiled

FOLDER = 'JAX_COMPILATION_CACHE_DIR'
OFF = 'JAX_ENABLE_COMPILATION_CACHE'
SIZE = 'JAX_COMPILATION_CACHE_MAX_SIZE'

# In one process, as if each turn were another one. A word before a turn says
# what happened to the folder before it.
PROGRAM = """
import hashlib, json, os, pathlib, shutil
from defectseg_jax.runtime.compilation_cache import keep_compiled
keep_compiled(wanted=True)
import jax
import jax.numpy as jnp
from jax.experimental.compilation_cache import compilation_cache
folder = pathlib.Path(os.environ['JAX_COMPILATION_CACHE_DIR'])
hits = []
jax.monitoring.register_event_listener(
  lambda event, **_: hits.append(event.endswith('compilation_cache/cache_hits'))
)
turns = {}
for turn in ('first', 'again', 'damaged', 'gone'):
  if turn == 'damaged':
    for path in folder.glob('*-cache'):
      path.write_bytes(path.read_bytes()[:99])
  if turn == 'gone':
    shutil.rmtree(folder)
    folder.write_text('a file in its place')
  compilation_cache.reset_cache()
  jax.clear_caches()
  hits.clear()
  x = jnp.linspace(0, 3, 999).reshape(27, 37)
  found = jax.jit(lambda x: jnp.sin(x) @ jnp.exp(x.T))(x)
  turns[turn] = [sum(hits), hashlib.sha256(bytes(found)).hexdigest()]
print(json.dumps(turns))
"""


@pytest.fixture
def clean(monkeypatch, tmp_path):
  """An environment where nobody has said anything of a cache."""
  monkeypatch.setattr(os, 'environ', dict(os.environ))
  for name in (FOLDER, OFF, SIZE):
    os.environ.pop(name, None)
  os.environ['XDG_CACHE_HOME'] = str(tmp_path)
  with warnings.catch_warnings():
    yield tmp_path / 'defectseg_jax' / 'compiled'


def test_it_lies_in_the_users_cache_and_is_bounded(clean):
  keep_compiled(wanted=True)
  assert os.environ[FOLDER] == str(clean)
  assert clean.stat().st_mode & 0o777 == 0o700
  assert 0 < int(os.environ[SIZE]) < 2**30


@pytest.mark.parametrize('given', ['', '/scratch/mine'])
def test_what_a_person_set_for_jax_stays(clean, given):
  os.environ[FOLDER] = given
  keep_compiled(wanted=True)
  assert os.environ[FOLDER] == given
  assert SIZE not in os.environ and not clean.exists()


def test_it_can_be_turned_off(clean):
  os.environ[FOLDER] = '/scratch/mine'
  keep_compiled(wanted=False)
  assert os.environ[OFF] == 'false' and not clean.exists()


@pytest.mark.parametrize('name', ['.', '..'])
def test_what_others_could_write_to_is_not_run(clean, name):
  """Nor what they could put another folder in the place of."""
  clean.mkdir(mode=0o700, parents=True)
  clean.parent.chmod(0o700)
  (clean / name).chmod(0o777)
  keep_compiled(wanted=True)
  assert FOLDER not in os.environ


def test_a_group_that_may_write_what_is_made_is_no_hindrance(clean):
  before = os.umask(0o002)
  try:
    keep_compiled(wanted=True)
  finally:
    os.umask(before)
  assert os.environ[FOLDER] == str(clean)


def test_a_relative_cache_is_ignored(clean, monkeypatch, tmp_path):
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(sys, 'platform', 'linux')
  os.environ.update(XDG_CACHE_HOME='here', HOME=str(tmp_path / 'home'))
  keep_compiled(wanted=True)
  place = tmp_path / 'home' / '.cache' / 'defectseg_jax' / 'compiled'
  assert os.environ[FOLDER] == str(place) and not (tmp_path / 'here').exists()


def test_a_folder_that_cannot_be_made_is_no_failure(clean):
  clean.parent.write_text('a file in its place')
  keep_compiled(wanted=True)
  assert FOLDER not in os.environ


def test_macos_has_another_place(clean, monkeypatch):
  del os.environ['XDG_CACHE_HOME']
  os.environ['HOME'] = str(clean.parents[1])
  monkeypatch.setattr(sys, 'platform', 'darwin')
  keep_compiled(wanted=True)
  place = clean.parents[1] / 'Library' / 'Caches' / 'defectseg_jax' / 'compiled'
  assert os.environ[FOLDER] == str(place) and place.is_dir()


@pytest.mark.slow
def test_what_is_found_again_has_the_same_bits_and_damage_is_not_told(clean):
  more = {'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0'}
  environment = {**tiny.environment(), **os.environ, **more}
  environment.pop(FOLDER, None)
  done = subprocess.run(
    [sys.executable, '-c', PROGRAM],
    env=environment,
    capture_output=True,
    text=True,
    check=True,
  )
  turns = json.loads(done.stdout)
  assert turns['first'][0] == turns['damaged'][0] == turns['gone'][0] == 0
  assert turns['again'][0] > 0
  assert len({bits for _, bits in turns.values()}) == 1
  assert done.stderr == ''


@pytest.mark.parametrize(
  'words, kept',
  [
    (('predict', '--network=nope', '--input=x.tif'), True),
    (('predict', '--network=nope', '--nocompilation_cache'), False),
    (('quantify', '--config=voids', '--output=x'), False),
  ],
)
def test_modes_that_may_need_jax_ask_for_it(clean, words, kept):
  environment = {**tiny.environment(), **os.environ}
  environment.pop(FOLDER, None)
  done = subprocess.run(
    [sys.executable, '-m', 'defectseg_jax.main', *words],
    env=environment,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 1 and done.stderr.startswith('error: ')
  assert clean.exists() == kept
