"""Fixtures: a folder of small foils, the command of a run on it, a browser."""

import shutil
import sys

import pytest
import tiny
from tiny import TINY, write_foil


@pytest.fixture(scope='module')
def browser():
  """Chromium; where there is none its tests are skipped."""
  sync_api = pytest.importorskip('playwright.sync_api')
  path = shutil.which('chromium') or shutil.which('chromium-browser')
  if path is None:
    pytest.skip('chromium is not installed')
  with sync_api.sync_playwright() as started:
    opened = started.chromium.launch(executable_path=path)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path):
  """Three micrographs, one for each split."""
  made = tmp_path / 'foils'
  for seed, name in enumerate(('a', 'b', 'c')):
    write_foil(made, name, seed)
  made.joinpath('splits.csv').write_text(
    'file,split\na.png,train\nb.png,dev\nc.png,test\n'
  )
  return made


@pytest.fixture
def command(folder, tmp_path):
  """Makes the command line of a tiny run: `command(workdir, field=value)`."""

  def make(workdir, *flags, config='configs/voids.py', **fields):
    fields = {
      **TINY,
      'data.dir': folder,
      'data.cache_dir': tmp_path / 'cache',
      **{name.replace('__', '.'): value for name, value in fields.items()},
    }
    return [
      *(sys.executable, '-m', 'defectseg_jax.main'),
      *(f'--config={config}', f'--workdir={workdir}'),
      *(f'--config.{name}={value}' for name, value in fields.items()),
      *flags,
    ]

  return make


@pytest.fixture(scope='session')
def trained_run(tmp_path_factory):
  """The workdir of a run of three epochs."""
  folder = tmp_path_factory.mktemp('run')
  for seed, name in enumerate('abc'):
    tiny.write_foil(folder / 'foils', name, seed)
  (folder / 'foils' / 'splits.csv').write_text(
    'file,split\na.png,train\nb.png,dev\nc.png,test\n'
  )
  fields = {
    **tiny.TINY,
    'training.epochs': 6,
    'data.dir': folder / 'foils',
    'data.cache_dir': folder / 'cache',
  }
  done = tiny.run(
    [
      *(sys.executable, '-m', 'defectseg_jax.main'),
      *('--config=configs/voids.py', f'--workdir={folder / "run"}'),
      *(f'--config.{name}={value}' for name, value in fields.items()),
    ]
  )
  assert done.returncode == 0, done.stderr
  return folder / 'run'
