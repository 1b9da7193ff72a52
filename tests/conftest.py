"""Fixtures: a folder of small foils, the command of a run on it, a browser."""

import shutil

import drawn_once
import pytest
import tiny
import tiny_network  # noqa: F401
import unprinted
from devices import take_one_device

# To import it takes from Python what Windows has not.
collect_ignore_glob = ['like_windows/*']


@pytest.fixture
def printed(monkeypatch):
  """Sessions have their figures for print, and draw all of them anew."""
  name = 'defectseg_jax.sessions.paper_figures.write_figure'
  monkeypatch.setattr(name, unprinted.write_figure)
  drawn_once.draw_each_time(monkeypatch)


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
  return tiny.write_folder(tmp_path / 'foils')


@pytest.fixture
def command(folder, tmp_path):
  """Makes the command line of a tiny run: `command(workdir, field=value)`."""

  def make(workdir, *flags, config='configs/voids.py', **fields):
    fields = {
      **tiny.TINY,
      'data.dir': folder,
      'data.cache_dir': tmp_path / 'cache',
      **{name.replace('__', '.'): value for name, value in fields.items()},
    }
    return tiny.command_line(workdir, *flags, fields=fields, config=config)

  return make


@pytest.fixture
def one_device(monkeypatch):
  take_one_device(monkeypatch)


@pytest.fixture(scope='session')
def trained_run(tmp_path_factory):
  """The workdir of a run of six epochs."""
  folder = tmp_path_factory.mktemp('run')
  fields = {
    **tiny.TINY,
    'training.epochs': 6,
    'data.dir': tiny.write_folder(folder / 'foils'),
    'data.cache_dir': folder / 'cache',
  }
  done = tiny.run(tiny.command_line(folder / 'run', fields=fields))
  assert done.returncode == 0, done.stderr
  return folder / 'run'


# The longest first, so that no worker is left alone with one at the end.
_LONGEST = ('slurm', 'search', 'predict')


def pytest_collection_modifyitems(items):
  """Begins with the groups that take longest, then with what is slow."""

  def rank(item):
    marker = item.get_closest_marker('xdist_group')
    group = marker.args[0] if marker and marker.args else None
    if group in _LONGEST:
      return _LONGEST.index(group)
    return len(_LONGEST) + (item.get_closest_marker('slow') is None)

  items.sort(key=rank)
