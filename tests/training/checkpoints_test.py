import dataclasses
import functools
import os
import shutil

import jax
import numpy as np
import optax
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.training import checkpoints, schedules, state
from defectseg_jax.training.checksums import unverified_text
from defectseg_jax.training.progress import Progress

MODEL = ModelSettings(dropout_rate=0.0)


@pytest.fixture(scope='module')
def fresh():
  made = state.create_train_state(
    create_model(MODEL),
    optimizer=optax.scale_by_adam(),
    plateau=schedules.plateau_decay(factor=0.5, patience_epochs=3),
    seed=0,
  )
  return jax.device_get(made)


def at(fresh, step):
  """A state that differs from others in every array, as its fields do."""
  made = jax.tree.map(
    lambda x: (x + step).astype(x.dtype), fresh.replace(step=np.int32(0))
  )
  return made.replace(
    moving_average=jax.tree.map(lambda x: x + 1, made.moving_average)
  )


def test_what_comes_back_is_what_was_saved(fresh, tmp_path):
  saved = checkpoints.Checkpoints(tmp_path)
  assert saved.restore_latest(fresh) is None
  progress = Progress(fingerprint='f', epochs=1, losses=[0.1, 1 / 3])
  saved.save(at(fresh, 7), progress)
  found, found_progress = checkpoints.Checkpoints(tmp_path).restore_latest(
    fresh
  )
  assert found_progress == progress
  jax.tree.map(np.testing.assert_array_equal, found, at(fresh, 7))


def test_a_checkpoint_is_on_the_disk_once_it_is_saved(
  fresh, tmp_path, monkeypatch
):
  synced, fsync = [], os.fsync

  def note(file):
    synced.append(os.fstat(file).st_ino)
    fsync(file)

  monkeypatch.setattr(os, 'fsync', note)
  saved = checkpoints.Checkpoints(tmp_path)
  saved.save(at(fresh, 7), Progress(fingerprint='f', epochs=1))
  for path in (tmp_path / 'checkpoints').rglob('*'):
    assert path.stat().st_ino in synced, path


def test_the_best_and_the_latest_are_kept(fresh, tmp_path):
  saved = checkpoints.Checkpoints(tmp_path)
  progress = Progress(fingerprint='f', best_step=2)
  for step in (1, 2, 3, 4):
    saved.save(at(fresh, step), dataclasses.replace(progress, epochs=step))
  kept = sorted(int(p.name) for p in (tmp_path / 'checkpoints').iterdir())
  assert kept == [2, 4]
  params, _ = checkpoints.restore_model(
    tmp_path, params=fresh.params, batch_stats=fresh.batch_stats
  )
  # What is scored is the average over steps.
  expected = at(fresh, 2).moving_average['params']
  jax.tree.map(np.testing.assert_array_equal, params, expected)


def test_a_step_is_saved_anew_once_it_is_evaluated(fresh, tmp_path):
  saved = checkpoints.Checkpoints(tmp_path)
  saved.save(at(fresh, 5), Progress(fingerprint='f', losses=[0.5]))
  saved = checkpoints.Checkpoints(tmp_path)
  saved.save(at(fresh, 5), Progress(fingerprint='f', epochs=1, best_step=5))
  assert checkpoints.read_progress(tmp_path).epochs == 1


class PowerCut(Exception):
  pass


def cut(folder):
  raise PowerCut


def tear(folder, size=0.5):
  """The name is on the disk, and not what it stands for."""
  for path in folder.rglob('*'):
    if path.is_file():
      os.truncate(path, int(size * path.stat().st_size))
  raise PowerCut


@pytest.mark.parametrize(
  ('where', 'fault'), [('_note_saving', cut), ('sync_tree', tear)]
)
def test_one_that_is_saved_anew_stands_until_the_new_one_does(
  fresh, tmp_path, monkeypatch, where, fault
):
  saved = checkpoints.Checkpoints(tmp_path)
  saved.save(at(fresh, 5), Progress(fingerprint='f'))
  saved = checkpoints.Checkpoints(tmp_path)
  place = saved if where == '_note_saving' else checkpoints
  whole = Progress(fingerprint='f', epochs=1, best_step=5)
  with monkeypatch.context() as patch, pytest.raises(PowerCut):
    patch.setattr(place, where, fault)
    saved.save(at(fresh, 5), whole)
  saved.close()
  assert '.before-5' in steps_of(tmp_path)
  saved = checkpoints.Checkpoints(tmp_path)
  found, progress = saved.restore_latest(fresh)
  assert progress.epochs == 0
  jax.tree.map(np.testing.assert_array_equal, found, at(fresh, 5))
  saved.save(at(fresh, 5), whole)
  assert steps_of(tmp_path) == ['5']
  assert checkpoints.read_progress(tmp_path).epochs == 1


def saved_twice(fresh, tmp_path, monkeypatch, sync_tree):
  """A run whose second checkpoint is being saved when `sync_tree` is called."""
  saved = checkpoints.Checkpoints(tmp_path)
  saved.save(at(fresh, 3), Progress(fingerprint='f', epochs=1, best_step=3))
  saved.save(at(fresh, 5), Progress(fingerprint='f', epochs=2, best_step=3))
  with monkeypatch.context() as patch, pytest.raises(PowerCut):
    patch.setattr(checkpoints, 'sync_tree', sync_tree)
    saved.save(at(fresh, 7), Progress(fingerprint='f', epochs=3, best_step=7))
  saved.close()


def steps_of(tmp_path):
  return sorted(path.name for path in (tmp_path / 'checkpoints').iterdir())


@pytest.mark.parametrize('size', [0, 0.5])
def test_a_checkpoint_that_a_power_cut_tore_costs_its_steps_alone(
  fresh, tmp_path, monkeypatch, size
):
  fault = functools.partial(tear, size=size)
  saved_twice(fresh, tmp_path, monkeypatch, fault)
  assert steps_of(tmp_path) == ['.saving', '3', '5', '7']
  saved = checkpoints.Checkpoints(tmp_path)
  found, progress = saved.restore_latest(fresh)
  assert progress.epochs == 2
  jax.tree.map(np.testing.assert_array_equal, found, at(fresh, 5))
  assert steps_of(tmp_path) == ['3', '5']
  saved.save(at(fresh, 7), Progress(fingerprint='f', epochs=3, best_step=7))
  assert steps_of(tmp_path) == ['7']


def test_a_checkpoint_that_is_whole_is_gone_on_from(
  fresh, tmp_path, monkeypatch
):
  """Killed before the old ones were removed, which the next start does."""
  saved_twice(fresh, tmp_path, monkeypatch, cut)
  assert steps_of(tmp_path) == ['.saving', '3', '5', '7']
  progress = checkpoints.Checkpoints(tmp_path).restore_latest(fresh)[1]
  assert progress.epochs == 3 and steps_of(tmp_path) == ['7']


@pytest.mark.parametrize('step', ['../../elsewhere', 3.5, -1, True])
def test_a_record_leads_to_no_other_folder(fresh, tmp_path, step):
  saved = checkpoints.Checkpoints(tmp_path)
  progress = Progress(fingerprint='f', epochs=1)
  progress.best_step = step
  saved.save(at(fresh, 3), progress)
  with pytest.raises(InputError, match=r'its best_step is .* no number'):
    checkpoints.restore_model(
      tmp_path, params=fresh.params, batch_stats=fresh.batch_stats
    )


def test_a_damaged_checkpoint_is_named(fresh, tmp_path):
  saved = checkpoints.Checkpoints(tmp_path)
  saved.save(at(fresh, 3), Progress(fingerprint='f', epochs=1, best_step=3))
  for path in (tmp_path / 'checkpoints' / '3' / 'model').rglob('*'):
    if path.is_file():
      path.write_bytes(b'')
  with pytest.raises(InputError, match='checkpoints/3: is damaged'):
    checkpoints.Checkpoints(tmp_path).restore_latest(fresh)
  with pytest.raises(InputError, match='checkpoints/3: is damaged') as caught:
    checkpoints.restore_model(
      tmp_path, params=fresh.params, batch_stats=fresh.batch_stats
    )
  assert len(str(caught.value).splitlines()) == 1


def test_a_bit_that_has_changed_is_refused(fresh, tmp_path):
  """Wherever it is: in the weights, in what Adam keeps, in the best so far."""
  saved = checkpoints.Checkpoints(tmp_path)
  progress = Progress(fingerprint='f', epochs=1, best_step=3, threshold=0.5)
  saved.save(at(fresh, 3), progress)
  folder = tmp_path / 'checkpoints' / '3'
  shapes = {'params': fresh.params, 'batch_stats': fresh.batch_stats}
  for item, restore in (
    ('model', lambda: checkpoints.restore_model(tmp_path, **shapes)),
    ('model', lambda: saved.restore_latest(fresh)),
    ('trainer', lambda: saved.restore_latest(fresh)),
    ('progress', lambda: checkpoints.read_progress(tmp_path)),
    ('checksums', lambda: checkpoints.read_progress(tmp_path)),
  ):
    if item in ('model', 'trainer'):
      (path,) = (folder / item / 'd').iterdir()
      place = path.stat().st_size // 2
    else:
      path = folder / item / 'metadata'
      word = b'0.' if item == 'progress' else b'"progress": "'
      place = path.read_bytes().index(word) + len(word)
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[place] ^= 1
    path.write_bytes(changed)
    with pytest.raises(InputError) as caught:
      restore()
    said = str(caught.value)
    assert said.startswith(f'{folder}: is damaged ('), said
    assert 'remove that folder to go on' in said
    assert len(said.splitlines()) == 1
    path.write_bytes(whole)
  assert saved.restore_latest(fresh) is not None


def test_a_checkpoint_of_older_versions_is_taken_with_a_word(fresh, tmp_path):
  saved = checkpoints.Checkpoints(tmp_path)
  assert unverified_text(tmp_path) == ''
  saved.save(at(fresh, 3), Progress(fingerprint='f', epochs=1, best_step=3))
  assert unverified_text(tmp_path) == ''
  folder = tmp_path / 'checkpoints' / '3'
  shutil.rmtree(folder / 'checksums')
  assert checkpoints.read_progress(tmp_path).epochs == 1
  assert saved.restore_latest(fresh) is not None
  for path in (tmp_path, folder):
    assert f'{folder}: an older version wrote it' in unverified_text(path)


def test_before_the_first_epoch_there_is_nothing_to_use(fresh, tmp_path):
  with pytest.raises(InputError, match='holds no checkpoint'):
    checkpoints.read_progress(tmp_path)
  checkpoints.Checkpoints(tmp_path).save(at(fresh, 1), Progress(fingerprint=''))
  with pytest.raises(InputError, match='holds no checkpoint of a whole epoch'):
    checkpoints.read_progress(tmp_path)
