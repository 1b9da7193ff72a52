import os
import threading
import time

import pytest

from defectseg_jax import disk
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
    cache.folder_to_build(tmp_path / 'file' / 'cache', tmp_path / 'final'),
  ):
    pass


def test_what_a_killed_process_left_is_swept_and_what_others_build_is_not(
  tmp_path,
):
  left, others = (tmp_path / disk.temporary_name(n) for n in ('final', 'b'))
  for folder in (left, others):
    folder.mkdir()
    folder.joinpath('half').touch()
  with cache.folder_to_build(tmp_path, tmp_path / 'final') as folder:
    assert folder.is_dir()
    assert not left.exists() and others.exists()
  assert not folder.exists()


@pytest.mark.parametrize('damage', ['cut', 'other', 'lost', 'noted'])
def test_what_was_damaged_is_made_anew(tmp_path, damage):
  final = tmp_path / 'data' / 'final'

  def build():
    with cache.folder_to_build(tmp_path, final) as folder:
      if folder is not None:
        folder.joinpath('images').mkdir()
        folder.joinpath('images', 'a').write_text('whole')
        cache.move_into_place(folder, final)
      return folder is not None

  assert build() and cache.is_whole(final) and not build()
  image = final / 'images' / 'a'
  if damage == 'lost':
    image.unlink()
  elif damage == 'noted':
    final.joinpath('.checksums.json').write_text('')
  else:
    image.write_text({'cut': 'who', 'other': 'whale'}[damage])
  assert not cache.is_whole(final)
  assert build() and cache.is_whole(final)
  assert image.read_text() == 'whole'


def test_the_first_to_finish_stays(tmp_path):
  final = tmp_path / 'data' / 'final'
  for text in ('first', 'second'):
    made = tmp_path / text
    made.mkdir()
    made.joinpath('whole').write_text(text)
    cache.move_into_place(made, final)
  assert final.joinpath('whole').read_text() == 'first'


def test_one_builds_and_the_others_wait(tmp_path):
  final, built = tmp_path / 'final', []

  def build():
    with cache.folder_to_build(tmp_path, final) as folder:
      if folder is not None:
        made = folder / 'made'
        made.mkdir()
        time.sleep(0.1)
        cache.move_into_place(made, final)
        built.append(folder)

  # Two openings of a file lock each other out within a process as well.
  builders = [threading.Thread(target=build) for _ in range(4)]
  for builder in builders:
    builder.start()
  for builder in builders:
    builder.join()
  assert len(built) == 1
  assert os.listdir(tmp_path) == ['final']


def test_who_fails_lets_the_next_one_build(tmp_path):
  with (
    pytest.raises(ZeroDivisionError),
    cache.folder_to_build(tmp_path, tmp_path / 'a'),
  ):
    _ = 1 / 0
  with cache.folder_to_build(tmp_path, tmp_path / 'a') as folder:
    assert folder.is_dir()
  assert not os.listdir(tmp_path)
