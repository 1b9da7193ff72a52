"""The training loop.

What a checkpoint holds is all that the loop needs: the state, the place in
the stream of batches (its step), and the progress. A run that is stopped
anywhere and started again therefore ends in the same bits.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import optax

from defectseg_jax.errors import InputError
from defectseg_jax.evaluation import thresholds
from defectseg_jax.training import schedules
from defectseg_jax.training.progress import Progress
from defectseg_jax.training.settings import TrainingSettings
from defectseg_jax.training.state import TrainState
from defectseg_jax.training.step import replicate, shard


class Diverged(InputError):
  """A loss was NaN or infinite: this run's learning rate is too high."""


@dataclasses.dataclass(frozen=True)
class Listener:
  """What the loop tells the one who started it.

  Attributes:
    step: called with the epoch (from 0), the step in it (from 1) and the loss.
    epoch: called with the progress after each epoch, before it is saved.
    stop_requested: asked before each step; True in any process ends the run in
      all, saved.
  """

  step: Callable[[int, int, float], None]
  epoch: Callable[[Progress], None]
  stop_requested: Callable[[], bool]


def train_and_evaluate(
  state: TrainState,
  progress: Progress,
  *,
  train_step: Callable[..., tuple[TrainState, dict[str, jax.Array]]],
  plateau: optax.GradientTransformationExtraArgs,
  batches_from: Callable[[int], Iterator[dict[str, np.ndarray]]],
  dev_histograms: Callable[[Any, Any], np.ndarray | None],
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
    batches_from: the endless stream of this process's share of the batches,
      from a step on.
    dev_histograms: from params and batch_stats to `thresholds.histogram` of
      each development image, integer [images, 2, BINS], the same in
      every process; None if one was asked to stop meanwhile.
    steps_per_epoch: how many steps make an epoch.
    settings: epochs, decays, rate and weights.
    save: keeps a state and the progress of the same moment.
    listener: who is told.

  Returns:
    True when training is finished, False when it was asked to stop; either
    way the last state is saved.

  Raises:
    Diverged: a loss was NaN or infinite; the message says at which step.
      That state is not saved.
  """
  state = replicate(state)
  batches = None
  while (
    progress.epochs < settings.epochs and progress.decays < settings.max_decays
  ):
    epoch = progress.epochs
    weight = schedules.positive_weight(
      epoch,
      initial=settings.positive_weight,
      decay=settings.positive_weight_decay,
    )
    for number in range(len(progress.losses), steps_per_epoch):
      stop = listener.stop_requested()
      if stop and jax.process_count() == 1:
        save(state, progress)
        return False
      if batches is None:
        batches = batches_from(int(state.step))
      state, metrics = train_step(state, shard(next(batches)), weight, stop)
      loss = float(metrics['loss'])
      if not math.isfinite(loss):
        raise Diverged(
          f'step {int(state.step)} (epoch {epoch + 1}): the loss is {loss}; '
          f'lower config.training.learning_rate={settings.learning_rate}'
        )
      progress.add_step(loss, np.asarray(metrics['histogram']))
      listener.step(epoch, number + 1, loss)
      if metrics['stop'] > 0:
        save(state, progress)
        return False
    histograms = dev_histograms(**state.averaged)
    if histograms is None:
      save(state, progress)
      return False
    state = _end_epoch(state, progress, histograms, weight, plateau, settings)
    listener.epoch(progress)
    save(state, progress)
  return True


def _end_epoch(state, progress, dev_histograms, weight, plateau, settings):
  """Notes the epoch in the progress; the state with the plateau updated."""
  threshold, dev_iu = thresholds.best_threshold(
    thresholds.pooled_iu(dev_histograms)
  )
  _, train_iu = thresholds.best_threshold(
    thresholds.iu_at_thresholds(np.asarray(progress.histogram))
  )
  before = jax.device_get(state.plateau)
  _, after = plateau.update(state.params, before, value=-dev_iu)
  row = {
    'epoch': progress.epochs + 1,
    'step': int(state.step),
    'loss': math.fsum(progress.losses) / len(progress.losses),
    'learning_rate': settings.learning_rate * float(before.scale),
    'positive_weight': weight,
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
