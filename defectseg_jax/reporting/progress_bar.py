"""What a person sees while a network trains."""

import time
from collections.abc import Mapping
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn


class TrainingDisplay:
  """A bar on a terminal; a line for each epoch where output goes to a file.

  Examples:
    >>> row = {'epoch': 1, 'step': 12, 'loss': 0.5, 'learning_rate': 1e-3}
    >>> row |= {'train_iu': 0.4, 'dev_iu': 0.3}
    >>> with TrainingDisplay(
    ...   Console(force_terminal=False),
    ...   epochs=100,
    ...   steps_per_epoch=12,
    ...   first_step=0,
    ... ) as display:
    ...   display.show_step(0, 12, 0.5)
    ...   display.show_epoch(row, best_iu=0.3)
    epoch 1/100  loss 0.5000  train IU 0.4000  dev IU 0.3000 (best 0.3000) ...
  """

  def __init__(
    self,
    console: Console,
    *,
    epochs: int,
    steps_per_epoch: int,
    first_step: int,
  ) -> None:
    """Prepares the display; `with` shows it.

    Args:
      console: where to.
      epochs: the largest number of epochs.
      steps_per_epoch: steps in an epoch.
      first_step: steps that earlier processes have done.
    """
    self._console = console
    self._epochs = epochs
    self._steps_per_epoch = steps_per_epoch
    self._first_step = first_step
    self._started: float | None = None
    # On a terminal of 80 columns there must be room for the bar itself.
    self._bar = Progress(
      SpinnerColumn(),
      TextColumn('epoch {task.fields[epoch]}/{task.fields[epochs]}'),
      BarColumn(),
      TextColumn('loss {task.fields[loss]}  dev IU {task.fields[dev_iu]}'),
      TextColumn('at most {task.fields[left]} left'),
      console=console,
      disable=not console.is_terminal,
    )
    self._task = self._bar.add_task(
      '',
      total=epochs * steps_per_epoch,
      completed=first_step,
      epoch=first_step // steps_per_epoch + 1,
      epochs=epochs,
      loss='–',
      dev_iu='–',
      left='–',
    )

  def __enter__(self) -> Self:
    self._bar.start()
    return self

  def __exit__(self, *_: object) -> None:
    self._bar.stop()

  def show_step(self, epoch: int, number: int, loss: float) -> None:
    """Shows a step.

    Args:
      epoch: from 0.
      number: of the step in it, from 1.
      loss: of the step.
    """
    self._bar.update(
      self._task,
      completed=epoch * self._steps_per_epoch + number,
      epoch=epoch + 1,
      loss=f'{loss:.3f}',
      left=self._left(epoch * self._steps_per_epoch + number),
    )

  def show_epoch(self, row: Mapping[str, Any], best_iu: float | None) -> None:
    """Shows an epoch's end.

    Args:
      row: of history.csv.
      best_iu: the best development IU so far; None before there is one.
    """
    self._bar.update(
      self._task, dev_iu=f'{row["dev_iu"]:.3f} (best {_or_dash(best_iu, 3)})'
    )
    if not self._console.is_terminal:
      self._console.print(
        f'epoch {row["epoch"]}/{self._epochs}  loss {row["loss"]:.4f}  '
        f'train IU {row["train_iu"]:.4f}  dev IU {row["dev_iu"]:.4f} '
        f'(best {_or_dash(best_iu, 4)})  learning rate '
        f'{row["learning_rate"]:.2e}  at most {self._left(row["step"])} left',
        soft_wrap=True,
      )

  def _left(self, step: int) -> str:
    """Time left, by the pace after the first step, in which XLA compiles."""
    now = time.monotonic()
    if self._started is None:
      self._started, self._first_step = now, step
    done = step - self._first_step
    if not done:
      return '–'
    remaining = self._epochs * self._steps_per_epoch - step
    minutes = (now - self._started) / done * remaining / 60
    if minutes >= 90:
      return f'{minutes / 60:.1f} h'
    return f'{minutes:.0f} min' if minutes >= 1 else f'{60 * minutes:.0f} s'


def _or_dash(value: float | None, digits: int) -> str:
  return '–' if value is None else f'{value:.{digits}f}'
