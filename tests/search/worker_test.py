"""Trials that fail, in a worker of this process."""

import os

import jax
import pytest
import tiny
from rich.console import Console

from configs import voids
from defectseg_jax.runtime.leases import Leases
from defectseg_jax.search import worker as worker_module
from defectseg_jax.search.outcomes import Outcome
from defectseg_jax.search.rounds import Trial
from defectseg_jax.search.study import Study
from defectseg_jax.search.worker import Worker


class Never:
  """Nobody interrupts."""

  def should_stop(self):
    return False

  def defer_exit(self):
    pass

  allow_exit = defer_exit


@pytest.fixture
def config(folder, tmp_path):
  """Of a search of one round of two trials of one epoch."""
  found = voids.get_config()
  found.update_from_flattened_dict(
    {
      **tiny.TINY,
      'training.epochs': 1,
      'data.dir': str(folder),
      'data.cache_dir': str(tmp_path / 'cache'),
      'search.trials': 2,
      'search.max_rounds': 1,
      # Each rate would be compiled for.
      'search.space.model.dropout_rate': (),
    }
  )
  return found


@pytest.fixture
def study(config, tmp_path):
  return Study(tmp_path / 'study', config)


@pytest.fixture
def worker(study):
  return Worker(study, Leases(), Console(quiet=True), Never())


def open_files(folder):
  """Files below a folder that this process has open, by path."""
  links = [f'/proc/self/fd/{number}' for number in os.listdir('/proc/self/fd')]
  paths = [os.readlink(link) for link in links if os.path.islink(link)]
  return [path for path in paths if path.startswith(str(folder))]


@pytest.mark.slow
def test_a_trial_that_diverges_closes_its_files_and_the_next_one_trains(
  study, worker, monkeypatch
):
  trial_config = study.trial_config

  def first_diverges(trial):
    config = trial_config(trial)
    config.training.learning_rate = 1e-3
    if not trial.number:
      config.model.name = 'exploding'
      config.training.learning_rate = 1e-2
    return config

  monkeypatch.setattr(study, 'trial_config', first_diverges)
  left_open = []
  tell = study.tell

  def tell_and_look(number, outcome):
    left_open.extend(open_files(study.folder(number) / 'events'))
    left_open.extend(open_files(study.folder(number) / 'checkpoints'))
    tell(number, outcome)

  monkeypatch.setattr(study, 'tell', tell_and_look)
  assert worker.train_all().finished
  outcomes = study.outcomes()
  assert outcomes[0].state == 'failed' and 'loss is' in outcomes[0].reason
  assert outcomes[1].state == 'complete' and outcomes[1].epochs == 1
  assert (study.folder(0) / 'events').is_dir()
  assert left_open == []


@pytest.mark.parametrize(
  ('error', 'fails'),
  [
    ('RESOURCE_EXHAUSTED: Out of memory\nof 80 GiB', True),
    ('INTERNAL: the driver was lost', False),
  ],
)
def test_a_trial_too_large_for_the_device_has_failed(
  study, worker, monkeypatch, error, fails
):
  def fit(*_, **__):
    raise jax.errors.JaxRuntimeError(error)

  monkeypatch.setattr(worker_module, 'fit', fit)
  if fails:
    worker.train_all()
    expected = Outcome('failed', reason='RESOURCE_EXHAUSTED: Out of memory')
    assert study.outcomes() == {0: expected, 1: expected}
  else:
    with pytest.raises(jax.errors.JaxRuntimeError, match='driver'):
      worker.train_all()
    assert study.outcomes() == {}


def test_the_page_is_not_drawn_after_each_trial(study, worker, monkeypatch):
  drawn = []

  def write_report(study, trials):
    drawn.append(len(study.outcomes()))
    study.page.touch()

  def fit(*_, **__):
    raise worker_module.Diverged('step 1: the loss is nan')

  monkeypatch.setattr(worker_module.report, 'write_report', write_report)
  monkeypatch.setattr(worker_module, 'fit', fit)
  worker.train_all()
  assert drawn == [1]
  monkeypatch.setattr(worker_module, '_REPORT_AGAIN_S', -1.0)
  study.folder(1).joinpath('outcome.json').unlink()
  worker.train_all()
  assert drawn == [1, 2]


def test_a_trial_that_a_worker_is_at_is_left_to_it(study, worker, monkeypatch):
  other, waited, fitted = Leases(), [], []

  def fit(config, workdir, *_, **__):
    fitted.append(workdir.path.name)
    raise worker_module.Diverged('step 1: the loss is nan')

  def finish_the_other(text):
    if text.startswith('Waiting'):
      waited.append(text)
      study.tell(0, Outcome('complete', 0.5, 1, 0.5, 1))
      other.give_back(study.folder(0))

  monkeypatch.setattr(worker, '_say', finish_the_other)
  monkeypatch.setattr(worker_module, '_LOOK_AGAIN_S', 0.0)
  monkeypatch.setattr(worker_module, 'fit', fit)
  study.draw([Trial(0, 1, None), Trial(1, 1, None)])
  assert other.take(study.folder(0))
  assert worker.train_all().finished
  assert fitted == ['0001']
  assert waited == ['Waiting for other workers: trial 0.']


def test_who_waits_for_the_best_to_be_scored_says_so(
  study, worker, monkeypatch
):
  other, waited = Leases(), []

  def finish_the_other(text):
    waited.append(text)
    study.best.mkdir()
    (study.best / 'report.html').touch()
    other.give_back(study.path)

  monkeypatch.setattr(worker, '_say', finish_the_other)
  monkeypatch.setattr(worker_module, '_LOOK_AGAIN_S', 0.0)
  study.draw([Trial(0, 1, None), Trial(1, 1, None)])
  for number, dev_iu in enumerate((0.5, 0.6)):
    study.tell(number, Outcome('complete', dev_iu, 1, 0.5, 1))
  assert other.take(study.path)
  assert worker.score_best(worker.train_all()).number == 1
  assert waited == [
    'Waiting for another worker, which scores trial 1; one that died is given '
    'up after 180 s at most.'
  ]
