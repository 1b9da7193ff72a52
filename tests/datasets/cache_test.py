import os
import time

import pytest

from defectseg_jax.datasets import cache
from defectseg_jax.errors import InputError


def test_the_config_then_xdg_then_home_say_where(tmp_path, monkeypatch):
  assert cache.cache_dir(str(tmp_path / 'given')) == tmp_path / 'given'
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'xdg'))
  assert cache.cache_dir('') == tmp_path / 'xdg' / 'defectseg_jax'
  monkeypatch.delenv('XDG_CACHE_HOME')
  monkeypatch.setenv('HOME', str(tmp_path / 'home'))
  assert cache.cache_dir('') == tmp_path / 'home/.cache/defectseg_jax'


def test_a_cache_that_cannot_be_made_is_named(tmp_path):
  tmp_path.joinpath('file').touch()
  with (
    pytest.raises(InputError, match=r'file/cache: .*data.cache_dir'),
    cache.scratch(tmp_path / 'file' / 'cache'),
  ):
    pass


def test_what_a_killed_process_left_is_swept_and_what_is_new_is_not(tmp_path):
  old, new = tmp_path / 'building-old', tmp_path / 'building-new'
  for folder in (old, new):
    folder.mkdir()
    folder.joinpath('half').touch()
  yesterday = time.time() - 25 * 3600
  os.utime(old, (yesterday, yesterday))
  with cache.scratch(tmp_path) as folder:
    assert folder.is_dir()
    assert not old.exists() and new.exists()
  assert not folder.exists()


def test_the_first_to_finish_stays(tmp_path):
  final = tmp_path / 'data' / 'final'
  for text in ('first', 'second'):
    made = tmp_path / text
    made.mkdir()
    made.joinpath('whole').write_text(text)
    cache.placed(made, final)
  assert final.joinpath('whole').read_text() == 'first'
