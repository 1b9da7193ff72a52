"""From micrographs to trained weights, kept so that they can go on."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import ml_collections
import numpy as np
import optax
from rich.console import Console

from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.reporting.progress_bar import TrainingDisplay
from defectseg_jax.reporting.tensorboard import Events
from defectseg_jax.runs import config_checks
from defectseg_jax.runs.data import Data, read_data, training_patches
from defectseg_jax.runs.validation import make_dev_histograms
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime import processes
from defectseg_jax.runtime.interruption import Interruption
from defectseg_jax.training import checkpoints, loop, schedules, state, step
from defectseg_jax.training.progress import Progress
from defectseg_jax.training.settings import TrainingSettings


@dataclasses.dataclass(frozen=True)
class Fitted:
  """A run that has been trained to its end.

  Attributes:
    progress: of the run.
    data: that it was trained and judged by.
  """

  progress: Progress
  data: Data


def fit(
  config: ml_collections.ConfigDict,
  workdir: Workdir,
  console: Console,
  interruption: Interruption,
  *,
  splits: Sequence[str] = ('train', 'dev'),
  give_up: Callable[[Progress], bool] = lambda progress: False,
) -> Fitted | None:
  """Trains, or goes on training.

  Args:
    config: of the run.
    workdir: new, or of the same run.
    console: where the progress goes.
    interruption: asked after each step whether to stop.
    splits: to be read; train and dev at least.
    give_up: asked after each epoch whether to end there.

  Returns:
    What was trained; None if it was interrupted or given up, and is saved.

  Raises:
    InputError: anything is wrong with the config, the data, the checkpoint to
      begin from or the workdir, which is found before anything is written.
    loop.Diverged: the loss is NaN or infinite.
  """
  with contextlib.ExitStack() as held:
    with processes.agree(interruption):
      require_trainable(config)
      if processes.is_first():
        workdir.require_config(config)
      model = create_model(
        ModelSettings(**config.model), axis_name=step.DEVICES
      )
      with console.status('Preparing the micrographs'):
        data = read_data(config, splits=splits)
      patches = training_patches(config, data.regions['train'])
      optimizer = optax.scale_by_adam()
      plateau = schedules.plateau_decay(
        factor=config.training.plateau_factor,
        patience_epochs=config.training.plateau_patience_epochs,
      )
      fresh = state.create_train_state(
        model, optimizer=optimizer, plateau=plateau, seed=config.seed
      )
      if processes.is_first() and config.init_from:
        fresh = _warm_started(fresh, config.init_from)
    # Only now is anything written.
    with processes.agree(interruption):
      if processes.is_first():
        held.enter_context(workdir.claimed(config))
    _describe(console, data, patches)
    progress = _train(
      config,
      workdir,
      console,
      interruption,
      give_up,
      fresh=fresh,
      data=data,
      patches=patches,
      train_step=step.make_train_step(
        model,
        optimizer=optimizer,
        learning_rate=config.training.learning_rate,
        l2=config.training.l2,
        average_decay=config.training.average_decay,
      ),
      plateau=plateau,
      dev_histograms=make_dev_histograms(
        config, data.regions['dev'], interruption
      ),
    )
  if progress is None:
    return None
  console.print(
    f'Trained {progress.epochs} epochs. Kept: epoch {progress.best_epoch}, '
    f'development IU {progress.best_iu:.4f} at threshold '
    f'{progress.threshold:.3f}.',
    soft_wrap=True,
  )
  return Fitted(progress, data)


def require_trainable(config: ml_collections.ConfigDict) -> None:
  """Raises InputError for a config that cannot be trained on these devices."""
  config_checks.require_valid(config)
  config_checks.require_divisible(
    config.training.batch_size, jax.device_count()
  )
  model = create_model(ModelSettings(**config.model))
  config_checks.require_patch_fits(
    config.data.patch_px, config.model, model.size_multiple
  )


def _warm_started(fresh: state.TrainState, path: str) -> state.TrainState:
  params, batch_stats = checkpoints.restore_model(
    path, params=fresh.params, batch_stats=fresh.batch_stats
  )
  model = {'params': params, 'batch_stats': batch_stats}
  return fresh.replace(averaged=jax.tree.map(np.copy, model), **model)


def _describe(console: Console, data: Data, patches: Any) -> None:
  counts = ', '.join(
    f'{len(found)} {split}' for split, found in data.regions.items()
  )
  defect = np.mean([region.mask.mean() for region in data.regions['train']])
  several = ''
  if jax.process_count() > 1:
    several = f' of {jax.process_count()} processes'
  console.print(
    f'Regions: {counts}; {100 * defect:.1f}% of training pixels are defect. '
    f'{patches.count} patches an epoch, on {jax.device_count()} '
    f'{jax.devices()[0].device_kind} device(s){several}.',
    soft_wrap=True,
  )


def _train(
  config: ml_collections.ConfigDict,
  workdir: Workdir,
  console: Console,
  interruption: Interruption,
  give_up: Callable[[Progress], bool],
  *,
  fresh: state.TrainState,
  data: Data,
  patches: Any,
  **loop_arguments: Any,
) -> Progress | None:
  """The loop, from the last checkpoint on, with its files and its display."""
  saved, current, progress = _resumed(workdir, interruption, fresh, data)
  steps_per_epoch = max(1, round(patches.count / config.training.batch_size))
  # The first process alone has files.
  events = saved and Events(workdir.events, first_epoch=progress.epochs + 1)
  display = TrainingDisplay(
    console,
    epochs=config.training.epochs,
    steps_per_epoch=steps_per_epoch,
    first_step=int(current.step),
  )

  def on_step(epoch, number, loss):
    interruption.defer_exit()
    display.step(epoch, number, loss)

  given_up = False

  def on_epoch(ended):
    nonlocal given_up
    if events:
      workdir.write_history(ended.history)
      events.write(ended.history[-1])
    display.epoch(ended)
    given_up = give_up(ended)

  def stop_requested():
    return given_up or interruption.requested()

  with processes.agree(interruption), display:
    finished = loop.train_and_evaluate(
      current,
      progress,
      batches_from=lambda first_step: patches.batches(
        batch_size=config.training.batch_size,
        first_step=first_step,
        process_index=jax.process_index(),
        process_count=jax.process_count(),
      ),
      steps_per_epoch=steps_per_epoch,
      settings=TrainingSettings(**config.training),
      save=saved.save if saved else lambda *_: None,
      listener=loop.Listener(on_step, on_epoch, stop_requested),
      **loop_arguments,
    )
  if saved:
    events.close()
    saved.close()
  return progress if finished else None


def _resumed(
  workdir: Workdir,
  interruption: Interruption,
  fresh: state.TrainState,
  data: Data,
) -> tuple[checkpoints.Checkpoints | None, state.TrainState, Progress]:
  """The run's checkpoints, in the first process; state and progress, in all."""
  saved, current = None, fresh
  progress = Progress(fingerprint=data.fingerprint)
  with processes.agree(interruption):
    if processes.is_first():
      saved = checkpoints.Checkpoints(workdir.path)
      current, progress = saved.restore_latest(fresh) or (current, progress)
  current = processes.from_first(current)
  progress = Progress(**processes.gather(dataclasses.asdict(progress))[0])
  with processes.agree(interruption):
    data.require_same(progress.fingerprint, workdir.path)
  return saved, current, progress
