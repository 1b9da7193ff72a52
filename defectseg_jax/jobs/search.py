"""--mode=search: random trials, then rounds of warm starts from the best.

Every worker runs this same loop: under the lock of the study it draws what is
to be tried, claims one trial that nobody is at, and trains it as any run is
trained. What is drawn follows from the results so far (search/rounds.py), so
that the number of workers changes nothing but the time.
"""

import contextlib
import math
import shutil
import time
from collections.abc import Mapping

import jax
import ml_collections
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.files import new_folder
from defectseg_jax.runs import config_checks
from defectseg_jax.runs.data import read_data
from defectseg_jax.runs.fit import fit, require_trainable
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.test_set import evaluate
from defectseg_jax.runs.workdir import Workdir, flat_fields
from defectseg_jax.runtime.interruption import Interruption
from defectseg_jax.search.leases import Claims
from defectseg_jax.search.pruning import Judge
from defectseg_jax.search.report import print_trials, value_text, write_report
from defectseg_jax.search.rounds import Plan, Planned, plan, ranking
from defectseg_jax.search.space import ends, search_space
from defectseg_jax.search.study import Outcome, Study
from defectseg_jax.training.loop import Diverged

_LOOK_AGAIN_S = 2.0


def search(
  config: ml_collections.ConfigDict,
  path: str,
  console: Console,
  interruption: Interruption,
  *,
  storage: str | None = None,
) -> None:
  """Searches, or joins the workers of a search, until it is done.

  Args:
    config: of the search; its section `search` says what is tried.
    path: of the study's folder.
    console: where the progress and the table go.
    interruption: asked after each step whether to stop.
    storage: URL of a database for Optuna; None for a journal in the folder.

  Raises:
    InputError: the config, the search space, the data or the study is at
      fault; or every trial of the first round failed.
  """
  _require_valid(config)
  # Before a study is made that another config could then not take over.
  with console.status('Preparing the micrographs'):
    read_data(run_settings(config), splits=('train', 'dev', 'test'))
  study = Study(path, config, storage=storage)
  worker = _Worker(study, Claims(), console, interruption)
  planned = worker.train_all()
  ious = ious_of(study.outcomes())
  ranked = ranking(ious)
  if not ranked:
    raise InputError(_all_failed(study))
  worker.score_once(planned, planned.trials[ranked[0]])
  console.print(_why_ended(config, planned, ious), soft_wrap=True)
  print_trials(study, planned, console)


def _require_valid(config):
  """Raises InputError for what some trial, or every one, could not use."""
  config_checks.require_valid_search(config.search)
  require_trainable(run_settings(config))
  for values in ends(search_space(config)):
    trial = config.copy_and_resolve_references()
    trial.update_from_flattened_dict(values)
    try:
      require_trainable(run_settings(trial))
    except InputError as error:
      raise InputError(f'config.search.space reaches {error}') from error


def ious_of(outcomes: Mapping[int, Outcome]) -> dict[int, float | None]:
  """What `rounds.plan` asks for."""
  return {number: outcome.dev_iu for number, outcome in outcomes.items()}


class _Worker:
  """One process of a search."""

  def __init__(self, study, claims, console, interruption):
    self._study = study
    self._claims = claims
    self._console = console
    self._interruption = interruption
    self._seconds = []

  def train_all(self) -> Plan:
    """Trains what nobody is at, until there is nothing left to train."""
    waited_for = None
    while True:
      with self._locked():
        self._study.settle()
        outcomes = self._study.outcomes()
        planned = plan(self._study.config.search, ious_of(outcomes))
        self._study.draw(planned.trials)
        open_trials = [t for t in planned.trials if t.number not in outcomes]
        claimed = self._claimed(open_trials)
      if planned.finished:
        return planned
      if claimed is not None:
        self._train(claimed, planned)
        waited_for = None
        continue
      if waited_for != (waited_for := [t.number for t in open_trials]):
        self._console.print(
          f'Waiting for other workers: {_listed(waited_for)}.', soft_wrap=True
        )
      time.sleep(_LOOK_AGAIN_S)

  def score_once(self, planned: Plan, best: Planned) -> None:
    """Copies the best run to best/ and scores its test set, if nobody did."""
    workdir = Workdir(self._study.best)
    while not workdir.report.exists():
      with self._locked():
        ours = self._claims.take(self._study.path)
      if not ours:
        time.sleep(_LOOK_AGAIN_S)
        continue
      # The worker of the last trial may have died before it could.
      write_report(self._study, planned.trials)
      if not self._study.best.exists():
        with new_folder(self._study.best) as folder:
          shutil.copytree(
            self._study.folder(best.number),
            folder,
            ignore=lambda _, names: {n for n in names if n.startswith('.')},
            dirs_exist_ok=True,
          )
      if not workdir.report.exists():
        self._console.print(
          f'The best trial, {best.number}, on the test set:', soft_wrap=True
        )
        evaluate(self._study.trial_config(best), workdir, self._console)
      with self._locked():
        self._claims.give_back(self._study.path)

  @contextlib.contextmanager
  def _locked(self):
    """The lock of the study, which a signal must not leave behind."""
    with self._study.lock():
      # While it waits for the lock, nothing would be lost.
      self._interruption.defer_exit()
      yield
    self._interruption.allow_exit()

  def _claimed(self, trials):
    """The first that nobody is at."""
    for trial in trials:
      if self._claims.take(self._study.folder(trial.number)):
        return trial
    return None

  def _train(self, trial, planned):
    study, console = self._study, self._console
    config = study.trial_config(trial)
    console.print(_heading(trial, config, study.space), soft_wrap=True)
    started = time.monotonic()
    outcome = self._outcome(trial, config)
    if outcome is None:
      with study.lock():
        self._claims.give_back(study.folder(trial.number))
      self._interruption.allow_exit()
      raise AssertionError('only an interruption leaves a trial unfinished')
    self._seconds.append(time.monotonic() - started)
    with self._locked():
      study.tell(trial.number, outcome)
      self._claims.give_back(study.folder(trial.number))
      outcomes = study.outcomes()
      write_report(study, planned.trials)
    console.print(self._so_far(trial, planned, outcomes), soft_wrap=True)

  def _so_far(self, trial, planned, outcomes):
    """Where the round is after a trial, and what is left of it."""
    of_round = [t for t in planned.trials if t.round == trial.round]
    left = [t for t in of_round if t.number not in outcomes]
    ranked = ranking(ious_of(outcomes))
    best = (
      f'best development IU {outcomes[ranked[0]].dev_iu:.4f} (trial '
      f'{ranked[0]})'
      if ranked
      else 'none has succeeded'
    )
    said = (
      f'Round {trial.round}: {len(of_round) - len(left)} of {len(of_round)} '
      f'trials done, {best}.'
    )
    if not left:
      return said
    working = 1 + sum(
      self._claims.others(self._study.folder(t.number)) for t in left
    )
    mean_s = sum(self._seconds) / len(self._seconds)
    minutes = mean_s * math.ceil(len(left) / working) / 60
    workers = 'worker' if working == 1 else 'workers'
    return (
      f'{said} About {minutes:.0f} min left of the round, for {working} '
      f'{workers}.'
    )

  def _outcome(self, trial, config):
    """None if it was interrupted."""
    judge = Judge(self._study)
    try:
      fitted = fit(
        config,
        Workdir(self._study.folder(trial.number)),
        self._console,
        self._interruption,
        give_up=judge,
      )
    except Diverged as error:
      return Outcome('failed', reason=str(error))
    except jax.errors.JaxRuntimeError as error:
      # It would end every worker that takes it; others may fit the device.
      if 'RESOURCE_EXHAUSTED' not in str(error):
        raise
      return Outcome('failed', reason=str(error).splitlines()[0])
    if fitted is not None:
      progress = fitted.progress
      return Outcome(
        'complete',
        dev_iu=progress.best_iu,
        best_epoch=progress.best_epoch,
        threshold=progress.threshold,
        epochs=progress.epochs,
      )
    if judge.hopeless:
      return Outcome('pruned', epochs=judge.hopeless)
    return None


def _heading(trial, config, space):
  origin = (
    'from random weights'
    if trial.parent is None
    else f'from trial {trial.parent}'
  )
  flat = flat_fields(config)
  drawn = ', '.join(f'{name} {value_text(flat[name])}' for name in space)
  return f'\nTrial {trial.number}, round {trial.round}, {origin}: {drawn}'


def _why_ended(config, planned, ious):
  last = planned.trials[-1].round
  best = planned.trials[ranking(ious)[0]]
  if best.round < last:
    return (
      f'Round {last} brought no better development IU than '
      f'{ious[best.number]:.4f}, of trial {best.number} in round {best.round}: '
      'the search ends.'
    )
  return (
    f'Round {last} was the last of '
    f'config.search.max_rounds={config.search.max_rounds}.'
  )


def _all_failed(study):
  reason = study.outcomes()[0].reason
  return (
    f'{study.path}: every trial failed, the first with: {reason}; see '
    f'{study.table}, narrow config.search.space and give another --workdir'
  )


def _listed(numbers):
  shown = ', '.join(map(str, numbers[:8])) + (', ...' if numbers[8:] else '')
  return f'{"trial" if len(numbers) == 1 else "trials"} {shown}'
