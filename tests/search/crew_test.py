"""Trials whose steps are one program, from the claim to the outcome."""

import io

import pytest
import tiny
from rich.console import Console

from configs import voids
from defectseg_jax.jobs.search import search
from defectseg_jax.search.crew import (
  Crew,
  Program,
  _Ended,
  places,
  program_of,
)
from defectseg_jax.search.rounds import Trial
from defectseg_jax.search.study import Study
from defectseg_jax.search.worker import Worker
from defectseg_jax.training.loop import Diverged
from tests.search.worker_test import Never

TRIALS = 2


class Ended(Exception):
  """In the place of the end of the process."""


class After(Never):
  """Asks to stop after so many steps, or other work that must be ended."""

  def __init__(self, steps):
    self._steps = steps

  def should_stop(self):
    return self._steps <= 0

  def defer_exit(self):
    self._steps -= 1

  def allow_exit(self):
    if self.should_stop():
      raise Ended


@pytest.fixture(scope='module')
def config(tmp_path_factory):
  """Of a round of two trials of two epochs, both at once."""
  path = tmp_path_factory.mktemp('crew')
  found = voids.get_config()
  found.update_from_flattened_dict(
    {
      **tiny.TINY,
      'model.name': 'shallow',
      'training.epochs': 2,
      'data.dir': str(tiny.write_folder(path / 'foils')),
      'data.cache_dir': str(path / 'cache'),
      'search.trials': TRIALS,
      'search.max_rounds': 1,
      'search.parallel': 2,
    }
  )
  return found


@pytest.fixture(scope='module')
def whole(config, tmp_path_factory):
  """A study by a crew that nobody stopped, and what it said."""
  study = Study(tmp_path_factory.mktemp('whole') / 'study', config)
  said = io.StringIO()
  console = Console(file=said, width=200)
  assert Crew(study, console, Never()).train_all().finished
  return study, said.getvalue()


class Left(Exception):
  """In the place of the end of the process, with its exit code."""


class Sent(After):
  """Has been sent a signal."""

  def exit_code(self):
    return 143

  def leave(self, exit_code=None, *, last=lambda: None):
    last()
    raise Left(exit_code or self.exit_code())


def test_a_worker_ends_as_the_process_does(config, tmp_path):
  """Of a crew, what its run asks is what the process was sent."""
  study = Study(tmp_path / 'study', config)
  crew = Crew(study, Console(quiet=True), Sent(0))
  own, other = (worker._interruption for worker in crew._workers)
  assert own.should_stop() and own.exit_code() == 143
  told = []
  with pytest.raises(Left, match='130'):
    own.leave(130, last=lambda: told.append(1))
  assert told == [1]
  # One that has nothing to save waits for another one that has.
  own.defer_exit()
  other.defer_exit()
  with pytest.raises(_Ended):
    own.allow_exit()
  assert crew.deferred == {1}
  with pytest.raises(Ended):
    other.allow_exit()


def bits_of(study):
  """All that must not depend on whether a search was stopped."""
  paths = [study.folder(number) for number in range(TRIALS)]
  names = ['history.csv', 'outcome.json', 'seen_sizes.json']
  checksums = [
    path.read_bytes()
    for folder in paths
    for path in sorted(folder.glob('checkpoints/*/checksums/metadata'))
  ]
  assert len(checksums) >= TRIALS
  files = [(path / name).read_bytes() for path in paths for name in names]
  return files + checksums


@pytest.mark.slow
def test_each_trial_is_an_ordinary_run_with_lines_of_its_own(whole):
  study, said = whole
  outcomes = study.outcomes()
  assert sorted(outcomes) == [*range(TRIALS)]
  for number, outcome in outcomes.items():
    assert outcome.state == 'complete' and outcome.epochs == 2
    assert len(study.dev_ious(number)) == 2
    assert max(study.dev_ious(number)) == outcome.dev_iu
    assert f'\nTrial {number}, round 1, from random weights: ' in said
    for epoch in (1, 2):
      assert f'\nTrial {number}: epoch {epoch}/2  loss ' in said
    assert f'\nTrial {number}: Trained 2 epochs. Kept: epoch ' in said
  assert study.page.exists() and 'Round 1: 2 of 2 trials done' in said
  hidden = [p.name for p in study.path.rglob('.*') if p.name != '.lock']
  assert hidden == []
  # They took their steps at once.
  assert said.index('Trial 1: epoch 1/2') < said.index('Trial 0: epoch 2/2')
  assert said.index('Trial 0: epoch 1/2') < said.index('Trial 1: epoch 2/2')


@pytest.mark.slow
def test_a_search_that_was_stopped_ends_in_the_same_bits(
  config, whole, tmp_path, monkeypatch
):
  name = 'defectseg_jax.search.report.write_report'
  monkeypatch.setattr(name, lambda *_: None)
  study = Study(tmp_path / 'study', config)
  # Two claims, and four and a half pairs of steps: in the second epoch.
  stop = After(11)
  with pytest.raises(Ended):
    Crew(study, Console(quiet=True), stop).train_all()
  assert study.outcomes() == {}
  assert [len(study.dev_ious(number)) for number in range(TRIALS)] == [1, 1]
  assert list(study.path.glob('trials/*/checkpoints/*/progress'))
  again = Study(tmp_path / 'study', config)
  assert Crew(again, Console(quiet=True), Never()).train_all().finished
  assert bits_of(again) == bits_of(whole[0])


def test_the_mode_takes_a_crew_where_the_config_asks_for_one(
  config, tmp_path, monkeypatch
):
  module = 'defectseg_jax.jobs.search.'
  called = []
  for name in ('read_data', 'require_searchable', 'end_text', 'print_trials'):
    monkeypatch.setattr(f'{module}{name}', lambda *_, **__: '')
  monkeypatch.setattr(Crew, 'train_all', lambda crew: called.append('crew'))
  monkeypatch.setattr(Worker, 'train_all', lambda one: called.append('worker'))
  monkeypatch.setattr(Worker, 'score_best', lambda one, finished: None)
  for config.search.parallel in (2, 1):
    search(config, str(tmp_path / 'study'), Console(quiet=True), Never())
  config.search.parallel = 2
  assert called == ['crew', 'worker']


def test_what_one_raises_ends_all_once_the_others_have_saved(
  config, tmp_path, monkeypatch
):
  study = Study(tmp_path / 'study', config)
  stopped = []

  def fit(config, workdir, console, interruption, **_):
    if workdir.path.name == '0001':
      raise OSError('the disk is full')
    while not interruption.should_stop():
      crew.together.sleep(0.01)
    stopped.append(workdir.path.name)

  monkeypatch.setattr('defectseg_jax.search.worker.fit', fit)
  crew = Crew(study, Console(quiet=True), Never())
  with pytest.raises(OSError, match='disk is full'):
    crew.train_all()
  assert stopped == ['0000'] and study.outcomes() == {}


def test_trials_of_another_program_wait(config, tmp_path, monkeypatch):
  """The architecture of each third trial is another one."""
  config = config.copy_and_resolve_references()
  config.search.trials, config.search.parallel = 8, 3
  study = Study(tmp_path / 'study', config)
  trial_config = study.trial_config

  def some_others(trial):
    found = trial_config(trial)
    found.model.name = 'tiny' if trial.number % 3 == 2 else 'shallow'
    return found

  monkeypatch.setattr(study, 'trial_config', some_others)
  fitted = []

  def fit(config, workdir, *_, **__):
    number = int(workdir.path.name)
    fitted.append((number, {t.number for t in crew.under_way.values()}))
    crew.together.sleep(0.05)
    raise Diverged('step 1: the loss is nan')

  monkeypatch.setattr('defectseg_jax.search.worker.fit', fit)
  study.page.touch()  # It is not drawn again at once.
  crew = Crew(study, Console(quiet=True), Never())
  assert crew.train_all().finished
  assert sorted(number for number, _ in fitted) == [*range(8)]
  for number, beside in fitted:
    assert {other % 3 == 2 for other in beside} == {number % 3 == 2}
  assert max(len(beside) for _, beside in fitted) == 3


def test_a_place_follows_from_what_was_drawn():
  programs = [Program(name, True, 64, 4) for name in 'aabaabaa']
  trials = [Trial(number, 1, None) for number in range(8)]
  assert places(trials, lambda t: programs[t.number], 3) == {
    **{0: 0, 1: 1, 3: 2, 4: 0, 6: 1, 7: 2},
    **{2: 0, 5: 1},
  }


def test_numbers_are_no_part_of_a_program():
  base = voids.get_config()
  other = voids.get_config()
  other.update_from_flattened_dict(
    {
      'training.learning_rate': 1e-4,
      'training.l2': 0.1,
      'training.average_decay': 0.5,
      'training.positive_weight': 3.0,
      'training.epochs': 3,
      'training.plateau_patience_epochs': 3,
      'model.dropout_rate': 0.4,
      'model.batch_norm_momentum': 0.5,
      'preprocessing.invert': True,
    }
  )
  assert program_of(other) == program_of(base)
  for name, value in {
    'model.name': 'unet_350k',
    'model.dropout_rate': 0.0,
    'data.patch_px': 256,
    'training.batch_size': 8,
  }.items():
    other = voids.get_config()
    other.update_from_flattened_dict({name: value})
    assert program_of(other) != program_of(base)


def test_how_many_at_once_may_change_in_a_study(config, tmp_path):
  Study(tmp_path / 'study', config)
  other = config.copy_and_resolve_references()
  other.search.parallel = 1
  Study(tmp_path / 'study', other)
  assert 'parallel' not in (tmp_path / 'study' / 'search.json').read_text()
