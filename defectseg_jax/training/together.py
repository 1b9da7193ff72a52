"""Runs that take their steps at once, in one program.

Each run is in a thread of its own, and goes through the same loop as one that
is alone: its epochs, its plateaus, its checkpoints, its end. Only its steps are
taken with those of the others. One thread works at a time; where it needs a
step it waits, until all others need one, too. So nothing that a run does can
come between what another does, and the step of all is the same program with the
same runs at the same places, whichever thread was faster.
"""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator

import jax
import numpy as np
import optax

from defectseg_jax.errors import InputError
from defectseg_jax.models import Architecture
from defectseg_jax.training.device_step import Metrics
from defectseg_jax.training.state import TrainState
from defectseg_jax.training.step import (
  Batch,
  StepInput,
  TrainStep,
  make_steps,
  rates_of,
  replicate,
  without_rates,
)

# Runs of equal ones can take a step in one: the model, the shape of a batch.
_Program = tuple[Architecture, tuple[int, ...]]


@dataclasses.dataclass
class _Waiting:
  """A thread that waits for its step.

  Attributes:
    program: that takes the step.
    steps: the same, from `make_steps`.
    given: what the run brings to it.
    result: of the step; None before it is taken.
    error: why it could not be taken.
  """

  program: _Program
  steps: Callable[..., list[tuple[TrainState, Metrics]]]
  given: StepInput
  result: tuple[TrainState, Metrics] | None = None
  error: Exception | None = None


class Together:
  """Threads that take their steps at once.

  Attributes:
    count: of the places: how many runs a step has, at most.
  """

  def __init__(self, count: int) -> None:
    """Nobody has joined yet.

    Args:
      count: of the places, 2 or more.
    """
    self.count = count
    # Whoever works holds its lock.
    self._turn = threading.Condition()
    # Threads that work, or will as soon as it is their turn.
    self._expected = 0
    self._counting = threading.Lock()
    self._wakes = 0
    self._woken = threading.Condition()
    self._waiting: dict[int, _Waiting] = {}
    # At the places of a program that nobody is at: the states that were there.
    self._left: dict[_Program, dict[int, TrainState]] = {}

  def expect(self, threads: int) -> None:
    """From now on no step is taken without so many threads more.

    Args:
      threads: that are going to `work`.
    """
    with self._counting:
      self._expected += threads

  @contextlib.contextmanager
  def work(self) -> Iterator[None]:
    """Has its turn in the block, but while others have theirs."""
    with self._turn:
      try:
        yield
      finally:
        self._part()

  def sleep(self, seconds: float) -> None:
    """Lets the others work meanwhile, and take their steps without this one.

    Args:
      seconds: how long, unless another wakes it.
    """
    seen = self._wakes
    self._part()
    self._turn.release()
    try:
      with self._woken:
        self._woken.wait_for(lambda: self._wakes != seen, seconds)
    finally:
      # Before its turn, for which it could wait without end: those who need not
      # wait for others keep theirs.
      self.expect(1)
      self._turn.acquire()

  def wake(self) -> None:
    """Wakes those that sleep: there may be something to do for them."""
    with self._woken:
      self._wakes += 1
      self._woken.notify_all()

  def make_train_step(
    self,
    place: int,
    model: Architecture,
    *,
    optimizer: optax.GradientTransformation,
    learning_rate: float,
    l2: float,
    average_decay: float = 0.0,
  ) -> TrainStep:
    """As `step.make_train_step`, of a run that is not alone.

    Args:
      place: of the run in the step of all, from 0.
      model: of the run; runs of one program differ in its rates alone.
      optimizer: one object for all runs.
      learning_rate: before any decay.
      l2: weight of the penalty on the kernels.
      average_decay: decay of the exponential moving average.

    Returns:
      As `step.make_train_step`; to be called by a thread at `work`, in one
      process without others. Its metrics are on the host.
    """
    rates = rates_of(
      model, learning_rate=learning_rate, l2=l2, average_decay=average_decay
    )
    steps = make_steps(model, optimizer)

    def step(
      state: TrainState,
      batch: Batch,
      positive_weight: float,
      stop: bool = False,
    ) -> tuple[TrainState, Metrics]:
      assert not stop, 'one process ends without a step'
      program = without_rates(model), batch['image'].shape
      given = StepInput(state, batch, positive_weight, rates)
      return self._wait(place, _Waiting(program, steps, given))

    return step

  def _part(self) -> None:
    self.expect(-1)
    # Perhaps all others wait for their steps.
    self._turn.notify_all()

  def _wait(self, place: int, waiting: _Waiting) -> tuple[TrainState, Metrics]:
    self._waiting[place] = waiting
    while waiting.result is None and waiting.error is None:
      if len(self._waiting) == self._expected:
        self._take_steps()
        self._turn.notify_all()
      else:
        self._turn.wait()
    if waiting.result is None:
      raise waiting.error or AssertionError('a step is taken or fails')
    return waiting.result

  def _take_steps(self) -> None:
    """Takes the steps of all that wait: those of one program at once."""
    all_waiting, self._waiting = self._waiting, {}
    programs: dict[_Program, dict[int, _Waiting]] = {}
    for place, waiting in all_waiting.items():
      programs.setdefault(waiting.program, {})[place] = waiting
    for program, of_program in programs.items():
      left = self._left.setdefault(program, {})
      try:
        self._take_step(of_program, left)
      # Each thread must end; the first to be told says why.
      except Exception as error:
        for waiting in of_program.values():
          waiting.error = self._explained(error)

  def _take_step(
    self, of_program: dict[int, _Waiting], left: dict[int, TrainState]
  ) -> None:
    """A step of one program.

    Args:
      of_program: who waits for it, by place.
      left: the states at its places where nobody waits; changed in place.
    """
    first = next(iter(of_program.values()))
    inputs = []
    for place in range(self.count):
      if place in of_program:
        inputs.append(of_program[place].given)
        continue
      # A place is never left out, or its program would be compiled anew. Who
      # is there learns nothing.
      if place not in left:
        left[place] = replicate(jax.device_get(first.given.state))
      still = first.given.rates._replace(learning_rate=np.float32(0))
      inputs.append(first.given._replace(state=left[place], rates=still))
    stepped = first.steps(inputs)
    metrics = jax.device_get([metrics for _, metrics in stepped])
    for place, (state, _) in enumerate(stepped):
      if place in of_program:
        of_program[place].result = state, metrics[place]
      else:
        left[place] = state

  def _explained(self, error: Exception) -> Exception:
    """It is the number of runs that asks for so much memory."""
    if 'RESOURCE_EXHAUSTED' not in str(error):
      return error
    return InputError(
      f'config.search.parallel={self.count}: a step of so many trials does not '
      f'fit the memory of the device ({str(error).splitlines()[0][:200]}); '
      'give a smaller number, and the search goes on'
    )
