"""Several workers in one process, whose trials take their steps at once.

Each is a worker as any other, in a thread of its own: it claims a trial, trains
it, tells how it ended, and claims the next. Only the steps of their trials are
one program (training/together.py). A trial whose program differs, for instance
by its architecture, waits until none of the others is under way.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

from rich.console import Console

from defectseg_jax.runtime.interruption import MayStop
from defectseg_jax.runtime.leases import Leases
from defectseg_jax.search.named_lines import named_console
from defectseg_jax.search.rounds import Plan, Trial
from defectseg_jax.search.seat import Seat
from defectseg_jax.search.settings import SearchSettings
from defectseg_jax.search.study import Study
from defectseg_jax.search.worker import Worker
from defectseg_jax.training.step import TrainStep
from defectseg_jax.training.together import Together


class Program(NamedTuple):
  """What trials have in common whose steps can be one program.

  All else of a config is a number that the program takes, or is done outside
  of it: the data and their order, the epochs, the plateaus.

  Attributes:
    architecture: its name.
    dropout: whether there is any.
    patch_px: side of a patch.
    batch_size: patches in a step.
  """

  architecture: str
  dropout: bool
  patch_px: int
  batch_size: int


def program_of(config: Any) -> Program:
  """The program that a trial's steps need."""
  model, training = config.model, config.training
  return Program(
    architecture=model.name,
    dropout=model.dropout_rate > 0,
    patch_px=config.data.patch_px,
    batch_size=training.batch_size,
  )


def places(
  trials: Sequence[Trial], program: Callable[[Trial], Program], count: int
) -> dict[int, int]:
  """The place of each trial in its program, by its number.

  It follows from what was drawn alone, and not from who was free: at another
  place a trial might have other bits.

  Args:
    trials: all that are planned.
    program: of a trial.
    count: of the places of a program.
  """
  seen: dict[Program, int] = {}
  found = {}
  for trial in trials:
    rank = seen[program(trial)] = seen.get(program(trial), -1) + 1
    found[trial.number] = rank % count
  return found


class Crew:
  """The workers of one process."""

  def __init__(
    self, study: Study, console: Console, interruption: MayStop
  ) -> None:
    """Joins a study; trains nothing yet.

    Args:
      study: that others may work on, too.
      console: where the progress goes.
      interruption: asked after each step whether to stop.
    """
    self._study = study
    self._programs: dict[int, Program] = {}
    self._plans: list[Plan] = []
    self._errors: list[BaseException] = []
    # The trials that are trained, by place, and whose end must be waited for.
    self.under_way: dict[int, Trial] = {}
    self.deferred: set[int] = set()
    settings: SearchSettings = study.settings
    self.together = Together(settings.parallel)
    self.interruption = interruption
    self._workers = [
      Worker(
        *(study, Leases(), console, _Interruption(self, place)),
        seat=_Seat(self, place),
      )
      for place in range(self.together.count)
    ]

  def train_all(self) -> Plan:
    """As `Worker.train_all`, by all workers of the crew."""
    threads = [
      threading.Thread(target=self._work, args=[worker], daemon=True)
      for worker in self._workers
    ]
    self.together.expect(len(threads))
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    if self._errors:
      raise self._errors[0]
    return self._plans[0]

  def should_stop(self) -> bool:
    """Whether all are to save and end: one was asked to, or has failed."""
    return bool(self._errors) or self.interruption.should_stop()

  def program(self, trial: Trial) -> Program:
    """That the steps of a trial need, whose values were drawn."""
    if trial.number not in self._programs:
      config = self._study.trial_config(trial)
      self._programs[trial.number] = program_of(config)
    return self._programs[trial.number]

  def _work(self, worker: Worker) -> None:
    """What a thread does."""
    with self.together.work():
      try:
        self._plans.append(worker.train_all())
      except _Ended:
        pass
      # It is raised in the main thread, once the others have saved.
      except BaseException as error:
        self._errors.append(error)
    self.together.wake()


class _Ended(Exception):
  """A worker has saved its trial and ends, since all are to stop."""


class _Seat(Seat):
  """A place in the program of all."""

  def __init__(self, crew: Crew, place: int) -> None:
    self._crew = crew
    self._place = place
    self.speaks = place == 0

  def choose(
    self, trials: Sequence[Trial], open_trials: Sequence[Trial]
  ) -> Sequence[Trial]:
    """Those of this place, of the program that is under way."""
    crew = self._crew
    of_trials = places(trials, crew.program, crew.together.count)
    now = {crew.program(trial) for trial in crew.under_way.values()}
    return [
      trial
      for trial in open_trials
      if of_trials[trial.number] == self._place and now <= {crew.program(trial)}
    ]

  def pause(self, seconds: float) -> None:
    # All together look as often as one worker does, and when a trial has ended.
    together = self._crew.together
    together.sleep(seconds * together.count)

  @contextlib.contextmanager
  def at(self, trial: Trial, console: Console) -> Iterator[Console]:
    self._crew.under_way[self._place] = trial
    try:
      yield named_console(console, f'Trial {trial.number}: ')
    finally:
      del self._crew.under_way[self._place]
      self._crew.together.wake()

  def make_train_step(self, *arguments: Any, **settings: Any) -> TrainStep:
    make = self._crew.together.make_train_step
    return make(self._place, *arguments, **settings)


class _Interruption(MayStop):
  """Of one worker: the process ends when nobody has anything to save."""

  def __init__(self, crew: Crew, place: int) -> None:
    self._crew = crew
    self._place = place

  def should_stop(self) -> bool:
    return self._crew.should_stop()

  def exit_code(self) -> int:
    return self._crew.interruption.exit_code()

  def defer_exit(self) -> None:
    self._crew.deferred.add(self._place)
    self._crew.interruption.defer_exit()

  def allow_exit(self) -> None:
    self._crew.deferred.discard(self._place)
    if not self._crew.deferred:
      self._crew.interruption.allow_exit()
    if self.should_stop():
      raise _Ended

  def leave(
    self,
    exit_code: int | None = None,
    *,
    last: Callable[[], None] = lambda: None,
  ) -> NoReturn:
    self._crew.interruption.leave(exit_code, last=last)
