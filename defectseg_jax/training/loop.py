"""The training loop.

What a checkpoint holds is all that the loop needs: the state, the place in
the stream of batches (its step), and the progress. A run that is stopped
anywhere and started again therefore ends in the same bits.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import cast

import jax
import numpy as np
import optax
from jaxtyping import Integer, PyTree

from defectseg_jax.errors import InputError
from defectseg_jax.evaluation import thresholds
from defectseg_jax.training import schedules
from defectseg_jax.training.device_step import Metrics
from defectseg_jax.training.progress import Progress
from defectseg_jax.training.settings import TrainingSettings
from defectseg_jax.training.state import TrainState
from defectseg_jax.training.step import TrainStep, replicate, shard

Batches = Iterator[Mapping[str, np.ndarray]]
# Of each development image; None if a process was asked to stop meanwhile.
Histograms = Integer[np.ndarray, 'images 2 bins']


class Diverged(InputError):
  """A loss was NaN or infinite: this run's learning rate is too high."""


@dataclasses.dataclass(frozen=True)
class Listener:
  """What the loop tells its caller, and asks.

  Attributes:
    step: called with the epoch (from 0), the step in it (from 1) and the loss.
    epoch: called with the progress after each epoch, before it is saved.
    should_stop: asked before each step; True in any process saves and ends
      the run in all processes.
  """

  step: Callable[[int, int, float], None]
  epoch: Callable[[Progress], None]
  should_stop: Callable[[], bool]


def train_and_evaluate(
  state: TrainState,
  progress: Progress,
  *,
  train_step: TrainStep,
  plateau: optax.GradientTransformationExtraArgs,
  batches_from: Callable[[int], Batches],
  dev_histograms: Callable[[PyTree, PyTree], Histograms | None],
  steps_per_epoch: int,
  settings: TrainingSettings,
  save: Callable[[TrainState, Progress], None],
  listener: Listener,
) -> bool:
  """Trains until the last epoch or the last decay, whichever comes first.

  Args:
    state: fresh, or restored from a checkpoint.
    progress: of the same moment; changed in place.
    train_step: from `make_train_step`.
    plateau: from `plateau_decay`, as the state was created with.
    batches_from: this process's share of the endless batches from a step on.
    dev_histograms: from params and batch_stats to `thresholds.histogram` of
      each development image, the same in every process; None if a process was
      asked to stop meanwhile.
    steps_per_epoch: how many steps make an epoch.
    settings: epochs, decays, learning rate and positive weight.
    save: keeps a state and the progress of the same moment.
    listener: who is told.

  Returns:
    True if training is finished, False if it was asked to stop. The last state
    is saved.

  Raises:
    Diverged: a loss was NaN or infinite. That state is not saved.
  """
  state = replicate(state)
  batches = _open_at_first_use(batches_from, int(state.step))
  while not _is_finished(progress, settings):
    state, stopped = _train_epoch(
      state,
      progress,
      train_step=train_step,
      batches=batches,
      steps_per_epoch=steps_per_epoch,
      settings=settings,
      listener=listener,
    )
    network = (
      state.moving_average['params'],
      state.moving_average['batch_stats'],
    )
    histograms = None if stopped else dev_histograms(*network)
    if histograms is None:
      save(state, progress)
      return False
    state = _end_epoch(state, progress, histograms, plateau, settings)
    listener.epoch(progress)
    save(state, progress)
  return True


def _is_finished(progress: Progress, settings: TrainingSettings) -> bool:
  return (
    progress.epochs >= settings.epochs or progress.decays >= settings.max_decays
  )


def _open_at_first_use(
  batches_from: Callable[[int], Batches], first_step: int
) -> Batches:
  """A run that is finished, or is to stop, opens no stream of batches."""
  yield from batches_from(first_step)


def _positive_weight(epoch: int, settings: TrainingSettings) -> float:
  return schedules.positive_weight(
    epoch,
    initial=settings.positive_weight,
    decay=settings.positive_weight_decay,
  )


def _train_epoch(
  state: TrainState,
  progress: Progress,
  *,
  train_step: TrainStep,
  batches: Batches,
  steps_per_epoch: int,
  settings: TrainingSettings,
  listener: Listener,
) -> tuple[TrainState, bool]:
  """The rest of an epoch's steps; whether any process was asked to stop."""
  weight = _positive_weight(progress.epochs, settings)
  read = functools.partial(
    _read,
    progress=progress,
    settings=settings,
    listener=listener,
    before=int(state.step) - len(progress.losses),
  )
  unread: list[Metrics] = []
  stopped = False
  for _ in range(len(progress.losses), steps_per_epoch):
    stop = listener.should_stop()
    stopped = stop and jax.process_count() == 1
    if stopped:
      break
    state, metrics = train_step(state, shard(next(batches)), weight, stop)
    unread.append(metrics)
    if len(unread) > most_unread():
      stopped = read(unread.pop(0))
      if stopped:
        break
  # The state is that after all of them.
  while unread:
    stopped |= read(unread.pop(0))
  return state, stopped


def most_unread() -> int:
  """How many steps a device is given beyond the one whose loss is read.

  While the host reads a loss, and prepares a batch, a GPU has the next step to
  do. A CPU is the host itself: it would gain nothing, and a signal would wait
  for one step more.
  """
  return 0 if jax.default_backend() == 'cpu' else 1


def _read(
  metrics: Metrics,
  progress: Progress,
  settings: TrainingSettings,
  listener: Listener,
  *,
  before: int,
) -> bool:
  """Notes a step; whether any process was asked to stop.

  Args:
    metrics: of the first step that is not noted.
    progress: changed in place.
    settings: of the run.
    listener: is told.
    before: steps before this epoch.
  """
  epoch, number = progress.epochs, len(progress.losses) + 1
  loss = float(metrics['loss'])
  if not math.isfinite(loss):
    raise Diverged(
      f'step {before + number} (epoch {epoch + 1}): the loss is {loss}; '
      f'lower config.training.learning_rate={settings.learning_rate}'
    )
  progress.add_step(loss, np.asarray(metrics['histogram']))
  listener.step(epoch, number, loss)
  return bool(metrics['stop'] > 0)


def _end_epoch(
  state: TrainState,
  progress: Progress,
  dev_histograms: Histograms,
  plateau: optax.GradientTransformationExtraArgs,
  settings: TrainingSettings,
) -> TrainState:
  """Notes the epoch in the progress; the state with the plateau updated."""
  threshold, dev_iu = thresholds.best_threshold(
    thresholds.pooled_iu(dev_histograms)
  )
  _, train_iu = thresholds.best_threshold(
    thresholds.iu_at_thresholds(np.asarray(progress.histogram))
  )
  before = jax.device_get(state.plateau)
  # Without the parameters, which it would only multiply by the scale.
  _, updated = plateau.update({}, before, value=-dev_iu)
  after = cast(optax.contrib.ReduceLROnPlateauState, updated)
  row = {
    'epoch': progress.epochs + 1,
    'step': int(state.step),
    'loss': math.fsum(progress.losses) / len(progress.losses),
    'learning_rate': settings.learning_rate * float(before.scale),
    'positive_weight': _positive_weight(progress.epochs, settings),
    'train_iu': train_iu,
    'dev_iu': dev_iu,
  }
  progress.end_epoch(row)
  if after.best_value < before.best_value:
    progress.best_step = int(state.step)
    progress.best_epoch = progress.epochs
    progress.best_iu = dev_iu
    progress.threshold = threshold
  if after.scale < before.scale:
    progress.decays += 1
  return state.replace(plateau=replicate(jax.device_get(after)))
