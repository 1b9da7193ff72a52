"""One process of a search: it trains trials until none is left.

Every worker runs this same loop: under the lock of the study it draws what is
to be tried, claims one trial that nobody is at, and trains it as any run is
trained. What is drawn follows from the results so far (rounds.py), so that the
number of workers changes nothing but the time.
"""

import contextlib
import pathlib
import shutil
import time
from collections.abc import Iterator, Sequence
from typing import NoReturn

import jax
import ml_collections
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.files import new_folder
from defectseg_jax.runs.fit import fit
from defectseg_jax.runs.test_set import evaluate
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import MayStop
from defectseg_jax.runtime.leases import DEAD_AFTER_S, Leases
from defectseg_jax.search import report
from defectseg_jax.search.outcomes import Outcome
from defectseg_jax.search.pruning import MedianRule
from defectseg_jax.search.rounds import Plan, Trial, plan, ranking
from defectseg_jax.search.seat import ALONE, Seat
from defectseg_jax.search.study import Study
from defectseg_jax.training.loop import Diverged

_LOOK_AGAIN_S = 2.0
# By eye: who looks at the page of a search under way sees no older one. Drawing
# it takes seconds, as a trial on a GPU does.
_REPORT_AGAIN_S = 60.0


class Worker:
  """One process of a search."""

  def __init__(
    self,
    study: Study,
    leases: Leases,
    console: Console,
    interruption: MayStop,
    *,
    seat: Seat = ALONE,
  ) -> None:
    """Joins a study; trains nothing yet.

    Args:
      study: that others may work on, too.
      leases: of this worker.
      console: where the progress goes.
      interruption: asked after each step whether to stop.
      seat: among the workers of this process.
    """
    self._study = study
    self._leases = leases
    self._console = console
    self._interruption = interruption
    self._seconds: list[float] = []
    self._seat = seat

  def train_all(self) -> Plan:
    """Trains what nobody is at, until there is nothing left to train.

    Returns:
      The plan, which is finished.
    """
    waited_for = None
    while True:
      with self._lock():
        self._study.tell_missing()
        ious = self._study.ious()
        current = plan(self._study.settings, ious)
        self._study.draw(current.trials)
        open_trials = [t for t in current.trials if t.number not in ious]
        claimed = self._claim(self._seat.choose(current.trials, open_trials))
      if current.finished:
        return current
      if claimed is not None:
        self._train(claimed, current)
        waited_for = None
        continue
      numbers = [trial.number for trial in open_trials]
      if self._seat.speaks and waited_for != numbers:
        self._say(report.waiting_text(numbers))
      waited_for = numbers
      self._seat.pause(_LOOK_AGAIN_S)

  def score_best(self, finished: Plan) -> Trial:
    """Copies the best run to best/ and scores its test set, if nobody did.

    Args:
      finished: what `train_all` returned.

    Returns:
      The best trial.

    Raises:
      InputError: every trial failed.
    """
    ranked = ranking(self._study.ious())
    if not ranked:
      raise InputError(report.all_failed_text(self._study))
    best = finished.trials[ranked[0]]
    workdir, told = Workdir(self._study.best), False
    while not workdir.report.exists():
      with self._lock():
        ours = self._leases.take(self._study.path)
      if not ours:
        if not told:
          self._say(
            'Waiting for another worker, which scores trial '
            f'{best.number}; one that died is given up after '
            f'{DEAD_AFTER_S:.0f} s at most.'
          )
        told = True
        time.sleep(_LOOK_AGAIN_S)
        continue
      with self._lock():
        # The last trials are not in it yet.
        report.write_report(self._study, finished.trials)
      self._copy_run(best)
      if not workdir.report.exists():
        self._say(f'The best trial, {best.number}, on the test set:')
        evaluate(self._study.trial_config(best), workdir, self._console)
      with self._lock():
        self._leases.give_back(self._study.path)
    return best

  @contextlib.contextmanager
  def _lock(self) -> Iterator[None]:
    """The lock of the study; what is done under it is done to its end."""
    with self._study.lock():
      # While it waits for the lock, nothing would be lost.
      self._interruption.defer_exit()
      yield
    self._interruption.allow_exit()

  def _claim(self, trials: Sequence[Trial]) -> Trial | None:
    """The first that nobody is at, and is ours now."""
    for trial in trials:
      if self._leases.take(self._study.folder(trial.number)):
        return trial
    return None

  def _train(self, trial: Trial, current: Plan) -> None:
    config = self._study.trial_config(trial)
    self._say(report.heading_text(trial, config, self._study.space))
    started = time.monotonic()
    with self._seat.at(trial, self._console) as console:
      outcome = self._fit(trial, config, console)
      if outcome is None:
        self._give_back_unfinished(trial)
      else:
        self._seconds.append(time.monotonic() - started)
        self._tell(trial, outcome, current)

  def _give_back_unfinished(self, trial: Trial) -> NoReturn:
    with self._study.lock():
      self._leases.give_back(self._study.folder(trial.number))
    self._interruption.allow_exit()
    raise AssertionError('only an interruption leaves a trial unfinished')

  def _tell(self, trial: Trial, outcome: Outcome, current: Plan) -> None:
    study = self._study
    with self._lock():
      study.tell(trial.number, outcome)
      self._leases.give_back(study.folder(trial.number))
      if _is_old(study.page):
        report.write_report(study, current.trials)
      text = report.progress_text(
        current.trials,
        study.ious(),
        round_number=trial.round,
        busy=self._is_busy,
        seconds=self._seconds,
      )
    self._say(text)

  def _fit(
    self, trial: Trial, config: ml_collections.ConfigDict, console: Console
  ) -> Outcome | None:
    """How the trial ended; None if it was interrupted."""
    rule = MedianRule(self._study.settings, self._study.complete_trials)
    try:
      fitted = fit(
        config,
        Workdir(self._study.folder(trial.number)),
        console,
        self._interruption,
        give_up=rule,
        make_train_step=self._seat.make_train_step,
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
    if rule.pruned_after:
      return Outcome('pruned', epochs=rule.pruned_after)
    return None

  def _copy_run(self, best: Trial) -> None:
    if not self._study.best.exists():
      with new_folder(self._study.best) as folder:
        shutil.copytree(
          self._study.folder(best.number),
          folder,
          ignore=lambda _, names: {n for n in names if n.startswith('.')},
          dirs_exist_ok=True,
        )

  def _is_busy(self, trial: Trial) -> bool:
    """Whether another worker is at a trial."""
    return self._leases.has_other_worker(self._study.folder(trial.number))

  def _say(self, text: str) -> None:
    self._console.print(text, soft_wrap=True)


def _is_old(page: pathlib.Path) -> bool:
  """Whether no worker has written the page of late."""
  try:
    return abs(time.time() - page.stat().st_mtime) > _REPORT_AGAIN_S
  except FileNotFoundError:
    return True
