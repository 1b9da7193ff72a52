"""A study's folder: whose it is, what it holds, how it is read again."""

import json
import os

import optuna
import pytest

from configs import common
from defectseg_jax import disk, locks
from defectseg_jax.errors import InputError
from defectseg_jax.runtime import worker_lock
from defectseg_jax.search.outcomes import Outcome
from defectseg_jax.search.rounds import Trial, plan
from defectseg_jax.search.settings import search_settings
from defectseg_jax.search.study import Study

FIRST = [Trial(number, 1, None) for number in range(3)]


@pytest.fixture
def config():
  found = common.get_config()
  found.defect = 'voids'
  found.search.trials = 3
  return found


def drawn(study, trials=FIRST):
  with study.lock():
    study.draw(trials)
  return [study.trial_config(trial).to_json() for trial in trials]


def test_two_workers_draw_the_same_trials_once(tmp_path, config):
  one, other = Study(tmp_path / 's', config), Study(tmp_path / 's', config)
  assert drawn(one, FIRST[:2]) == drawn(other)[:2]
  assert drawn(one) == drawn(other) == drawn(Study(tmp_path / 't', config))
  journal = optuna.storages.JournalStorage(
    optuna.storages.journal.JournalFileBackend(str(tmp_path / 's/journal.log'))
  )
  kept = optuna.load_study(study_name='search', storage=journal)
  assert len(kept.trials) == 3


def test_two_workers_that_no_lock_keeps_apart_are_found(
  tmp_path, config, monkeypatch
):
  """As on file systems whose locks do not reach other machines."""
  one, other = Study(tmp_path / 's', config), Study(tmp_path / 's', config)
  drawn(other, FIRST[:1])
  monkeypatch.setattr(one._optuna, 'get_trials', lambda **_: [])
  with pytest.raises(InputError, match='two workers drew trial 0 at once'):
    drawn(one, FIRST[:1])


def test_a_lock_that_is_never_given_back_is_said(tmp_path, config, monkeypatch):
  monkeypatch.setattr(worker_lock, '_WAIT_S', 0.1)
  one, other = Study(tmp_path / 's', config), Study(tmp_path / 's', config)
  says = f'lock: process {os.getpid()} on .* remove the file and give the same'
  with one.lock(), pytest.raises(InputError, match=says), other.lock():
    pass
  with other.lock():
    pass


def test_without_locks_of_the_file_system_a_link_keeps_others_out(
  tmp_path, config, monkeypatch
):
  monkeypatch.setattr(locks, 'try_lock', lambda file: None)
  study = Study(tmp_path / 's', config)
  with study.lock():
    (link,) = (p for p in study.path.iterdir() if p.is_symlink())
  assert not link.is_symlink()


def test_a_trials_config_is_the_searchs_with_what_was_drawn(tmp_path, config):
  config.seed = 2**31 - 1
  study = Study(tmp_path / 's', config)
  drawn(study)
  trial = study.trial_config(FIRST[1])
  assert trial.seed == 0
  assert trial.init_from == ''
  assert 1e-5 <= trial.training.learning_rate <= 1e-2
  assert trial.training.learning_rate != config.training.learning_rate
  assert trial.training.epochs == config.training.epochs


def test_a_warm_start_has_its_parents_weights_and_architecture(
  tmp_path, config
):
  config.search.space.model.name = ('choice', 'unet_350k', 'fcn8s_350k')
  study = Study(tmp_path / 's', config)
  drawn(study)
  for trial in FIRST:
    study.folder(trial.number).mkdir(parents=True)
    made = study.trial_config(trial)
    (study.folder(trial.number) / 'config.json').write_text(made.to_json())
  warm = [Trial(number, 2, number - 3) for number in range(3, 6)]
  drawn(study, [*FIRST, *warm])
  for trial in warm:
    made = study.trial_config(trial)
    assert made.init_from == str(study.folder(trial.parent))
    assert made.model.name == study.trial_config(FIRST[trial.parent]).model.name
  assert {study.trial_config(t).model.name for t in FIRST} == {
    'unet_350k',
    'fcn8s_350k',
  }


def test_outcomes_are_told_once_and_kept(tmp_path, config):
  study = Study(tmp_path / 's', config)
  drawn(study)
  complete = Outcome('complete', 0.5, best_epoch=2, threshold=0.25, epochs=3)
  failed = Outcome('failed', reason='step 3: the loss is nan')
  with study.lock():
    study.tell(2, complete)
    study.tell(2, failed)
    study.tell(0, failed)
    study.tell(1, Outcome('pruned', epochs=1))
  again = Study(tmp_path / 's', config)
  assert again.outcomes() == {
    2: complete,
    0: failed,
    1: Outcome('pruned', epochs=1),
  }
  assert again.ious() == {0: None, 1: None, 2: 0.5}
  assert again.complete_trials() == [[]]
  states = [trial.state.name for trial in again._optuna.trials]
  assert states == ['FAIL', 'PRUNED', 'COMPLETE']
  assert again._optuna.best_value == 0.5


def test_a_result_that_optuna_was_not_told_of_is_told_again(tmp_path, config):
  """A worker may die between the two."""
  study = Study(tmp_path / 's', config)
  drawn(study)
  study.folder(1).mkdir(parents=True)
  outcome = Outcome('complete', 0.5, best_epoch=2, threshold=0.25, epochs=3)
  (study.folder(1) / 'outcome.json').write_text(json.dumps(vars(outcome)))
  with study.lock():
    study.tell_missing()
  assert study._optuna.best_trial.number == 1


def test_a_database(tmp_path, config):
  url = f'sqlite:///{tmp_path}/studies.db'
  study = Study(tmp_path / 's', config, storage=url)
  assert drawn(study) == drawn(Study(tmp_path / 't', config))
  assert not (tmp_path / 's' / 'journal.log').exists()
  with study.lock():
    study.tell(0, Outcome('complete', 0.5, 1, 0.5, 1))
  assert Study(tmp_path / 's', config, storage=url)._optuna.best_value == 0.5


def test_of_another_config(tmp_path, config):
  Study(tmp_path / 's', config)
  config.search.trials = 4
  config.training.epochs = 7
  config.quantification.fill_holes = True
  with pytest.raises(InputError, match='another config') as caught:
    Study(tmp_path / 's', config)
  assert 'config.search.trials was 3 and is now 4' in str(caught.value)
  assert 'config.training.epochs was 100 and is now 7' in str(caught.value)
  assert 'quantification' not in str(caught.value)


@pytest.mark.parametrize('name', ['search.json', 'journal.log'])
def test_an_unreadable_study(tmp_path, config, name):
  drawn(Study(tmp_path / 's', config))
  path = tmp_path / 's' / name
  path.write_bytes(b'\x00rubbish\n' * 3 + path.read_bytes())
  with pytest.raises(InputError, match=f'{name}: cannot be read'):
    Study(tmp_path / 's', config)


def test_half_a_line_at_the_end_of_the_journal_is_cut_off(tmp_path, config):
  """A kill, a full disk; zeros are what a power cut leaves."""
  before = drawn(Study(tmp_path / 's', config))
  path = tmp_path / 's' / 'journal.log'
  whole = path.read_bytes()
  for torn in (
    b'{"op_code":',
    b'\0' * 9,
    whole[-30:-1],
  ):
    path.write_bytes(whole + torn)
    again = Study(tmp_path / 's', config)
    assert path.read_bytes().startswith(whole + b'{"op_code":0,')
    assert drawn(again) == before


def test_what_a_dead_worker_left_is_swept_and_what_others_write_is_not(
  tmp_path, config
):
  study = Study(tmp_path / 's', config)
  left = study.path / disk.temporary_name()
  # Whoever scores the best run holds its folder, and not the study's.
  others = study.best / disk.temporary_name()
  others.parent.mkdir()
  for path in (left, others):
    path.touch()
  Study(tmp_path / 's', config)
  assert not left.exists() and others.exists()


def test_a_database_that_is_not_there(tmp_path, config):
  with pytest.raises(InputError, match='--storage: cannot be read'):
    Study(tmp_path / 's', config, storage='sqlite:////no/such/folder/s.db')


def test_a_damaged_outcome(tmp_path, config):
  study = Study(tmp_path / 's', config)
  drawn(study)
  study.folder(0).mkdir(parents=True)
  (study.folder(0) / 'outcome.json').write_text('{"state"')
  with pytest.raises(InputError, match=r'0000/outcome.json: is damaged'):
    study.outcomes()


def test_somebody_elses_folder(tmp_path, config):
  (tmp_path / 'thesis.tex').write_text('')
  with pytest.raises(InputError, match=r'no search\.json'):
    Study(tmp_path, config)
  assert [path.name for path in tmp_path.iterdir()] == ['thesis.tex']


def test_a_plan_fits_the_config(config):
  assert plan(search_settings(config.search), {}).trials == FIRST
