"""What of a worker depends on the other workers of its process."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from defectseg_jax.search.rounds import Trial
from defectseg_jax.training.step import TrainStep, make_train_step


class Seat:
  """The seat of a worker that has its process for itself.

  Attributes:
    speaks: whether the worker says that it waits for others.
  """

  speaks = True

  def choose(
    self,
    trials: Sequence[Trial],
    open_trials: Sequence[Trial],
  ) -> Sequence[Trial]:
    """Which of the trials that have not ended the worker may train.

    Args:
      trials: all that are planned.
      open_trials: those that have not ended.
    """
    return open_trials

  def pause(self, seconds: float) -> None:
    """Waits for other workers."""
    time.sleep(seconds)

  @contextlib.contextmanager
  def at(
    self,
    trial: Trial,
    console: Console,
  ) -> Iterator[Console]:
    """Is at a trial in the block.

    Args:
      trial: that was claimed.
      console: of the worker.

    Yields:
      Where the progress of the trial goes.
    """
    yield console

  def make_train_step(self, *arguments: Any, **settings: Any) -> TrainStep:
    """As `step.make_train_step`."""
    return make_train_step(*arguments, **settings)


ALONE = Seat()
