"""What a person sees while a run goes on."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from defectseg_jax.training.progress import Progress as TrainingProgress


class TrainingDisplay:
  """A bar on a terminal; a line an epoch where output goes to a file."""

  def __init__(
    self,
    console: Console,
    *,
    epochs: int,
    steps_per_epoch: int,
    first_step: int,
  ):
    """Prepares the display; `with` shows it.

    Args:
      console: where to.
      epochs: the most there can be.
      steps_per_epoch: steps in one.
      first_step: steps done by earlier runs.
    """
    self._console = console
    self._epochs = epochs
    self._steps_per_epoch = steps_per_epoch
    self._first_step = first_step
    self._started = None
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

  def __enter__(self):
    self._bar.start()
    return self

  def __exit__(self, *_):
    self._bar.stop()

  def step(self, epoch: int, number: int, loss: float) -> None:
    """Shows a step: epoch from 0, number in it from 1."""
    self._bar.update(
      self._task,
      completed=epoch * self._steps_per_epoch + number,
      epoch=epoch + 1,
      loss=f'{loss:.3f}',
      left=self._left(epoch * self._steps_per_epoch + number),
    )

  def epoch(self, progress: TrainingProgress) -> None:
    """Shows an epoch's end."""
    row = progress.history[-1]
    best = progress.best_iu
    self._bar.update(
      self._task, dev_iu=f'{row["dev_iu"]:.3f} (best {_or_dash(best, 3)})'
    )
    if not self._console.is_terminal:
      self._console.print(
        f'epoch {row["epoch"]}/{self._epochs}  loss {row["loss"]:.4f}  '
        f'train IU {row["train_iu"]:.4f}  dev IU {row["dev_iu"]:.4f} '
        f'(best {_or_dash(best, 4)})  learning rate '
        f'{row["learning_rate"]:.2e}  at most {self._left(row["step"])} left',
        soft_wrap=True,
      )

  def _left(self, step: int) -> str:
    """Time left, from the pace since the first step, which compiles, ended."""
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
