"""From micrographs to trained weights, kept so that they can go on."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence

import jax
import ml_collections
import numpy as np
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.reporting.progress_bar import TrainingDisplay
from defectseg_jax.reporting.tensorboard import Events
from defectseg_jax.runs.data import Data, read_data
from defectseg_jax.runs.labels import (
  remarks_of,
  require_not_inverted,
  where_labelled,
)
from defectseg_jax.runs.network_card import names_network
from defectseg_jax.runs.preparation import (
  Prepared,
  prepare,
  require_trainable,
)
from defectseg_jax.runs.seen_sizes import seen_sizes, sizes_json
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.validation import make_dev_histograms
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime import processes
from defectseg_jax.runtime.interruption import MayStop
from defectseg_jax.training import checkpoints, loop, state, step
from defectseg_jax.training.checksums import unverified_text
from defectseg_jax.training.progress import Progress


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
  interruption: MayStop,
  *,
  splits: Sequence[str] = ('train', 'dev'),
  give_up: Callable[[Progress], bool] = lambda progress: False,
  on_step: Callable[[int], None] = lambda step: None,
  make_train_step: Callable[..., step.TrainStep] = step.make_train_step,
) -> Fitted | None:
  """Trains, or goes on training.

  Args:
    config: of the run.
    workdir: new, or of the same run.
    console: for the progress.
    interruption: asked after each step whether to stop.
    splits: to be read; train and dev at least.
    give_up: asked after each epoch whether to end there.
    on_step: called after each step with its number, from 1 on over all epochs.
    make_train_step: `step.make_train_step`, or one of `together.Together`.

  Returns:
    What was trained; None if it was interrupted or given up, and is saved.

  Raises:
    InputError: config, data, first weights or workdir; before it writes.
    loop.Diverged: the loss is NaN or infinite.
  """
  with contextlib.ExitStack() as held:
    with processes.agree(interruption):
      settings = run_settings(config)
      require_trainable(settings)
      if processes.is_first():
        workdir.require_config(config)
      with console.status('Preparing the micrographs'):
        data = read_data(settings, splits=splits)
      require_not_inverted(settings, data.regions)
      prepared = prepare(settings, data, make_train_step)
    # Only now is anything written.
    with processes.agree(interruption):
      if processes.is_first():
        held.enter_context(
          workdir.claim(config, training_data=data.in_words(settings))
        )
        sizes = seen_sizes(settings, data.regions['train'])
        workdir.write_json(workdir.seen_sizes, sizes_json(sizes))
    for remark in (*_unverified(settings, workdir), *data.remarks):
      console.print(escape(remark), soft_wrap=True)
    _print_data(console, prepared)
    progress = _train(
      *(prepared, workdir, console, interruption),
      give_up=give_up,
      on_step=on_step,
    )
  if progress is None:
    return None
  _print_end(console, progress)
  return Fitted(progress, data)


def _print_end(console: Console, progress: Progress) -> None:
  best = progress.best()
  console.print(
    f'Trained {progress.epochs} epochs. Kept: epoch {best.epoch}, '
    f'development IU {best.iu:.4f} at threshold {best.threshold:.3f}.',
    soft_wrap=True,
  )


def trained_steps(workdir: Workdir) -> int:
  """Steps of the whole epochs that a run has saved; 0 before the first.

  Also where its checkpoint is damaged: whoever goes on with it is told, or
  begins from the one before.
  """
  try:
    return checkpoints.read_progress(workdir.path).history[-1]['step']
  except InputError:
    return 0


def _unverified(settings: RunSettings, workdir: Workdir) -> Iterator[str]:
  """That the weights to begin from, or to go on from, have no checksum."""
  begin = settings.init_from
  for path in (workdir.path, *([] if names_network(begin) else [begin])):
    if path and (word := unverified_text(path)):
      yield word


def _print_data(console: Console, prepared: Prepared) -> None:
  regions = prepared.data.regions
  counts = ', '.join(
    f'{len(found)} {split}' for split, found in regions.items()
  )
  defect = np.mean(
    [where_labelled(one, one.mask).mean() for one in regions['train']]
  )
  several = ''
  if jax.process_count() > 1:
    several = f' of {jax.process_count()} processes'
  console.print(
    f'Regions: {counts}; {100 * defect:.1f}% of training pixels are defect. '
    f'{prepared.patches.count} patches an epoch, on {jax.device_count()} '
    f'{jax.devices()[0].device_kind} device(s){several}.',
    soft_wrap=True,
  )
  for line in remarks_of(regions):
    console.print(escape(line), soft_wrap=True)


def _train(
  prepared: Prepared,
  workdir: Workdir,
  console: Console,
  interruption: MayStop,
  *,
  give_up: Callable[[Progress], bool],
  on_step: Callable[[int], None],
) -> Progress | None:
  """The loop, from the last checkpoint on, with its files and its display."""
  # What is opened is closed however training ends: a search goes on with the
  # next trial in the same process.
  with contextlib.ExitStack() as opened:
    saved, current, progress = _resume(prepared, workdir, interruption, opened)
    listener, display = _make_listener(
      prepared,
      workdir,
      console,
      interruption,
      give_up=give_up,
      on_step=on_step,
      first_step=int(current.step),
      # The first process alone has files.
      events=saved and _open_events(workdir, progress, opened),
    )
    with processes.agree(interruption), display:
      finished = _run_loop(
        prepared, current, progress, interruption, listener, saved=saved
      )
  return progress if finished else None


def _open_events(
  workdir: Workdir, progress: Progress, opened: contextlib.ExitStack
) -> Events:
  events = Events(workdir.events, first_epoch=progress.epochs + 1)
  opened.callback(events.close)
  return events


def _make_listener(
  prepared: Prepared,
  workdir: Workdir,
  console: Console,
  interruption: MayStop,
  *,
  give_up: Callable[[Progress], bool],
  on_step: Callable[[int], None],
  first_step: int,
  events: Events | None,
) -> tuple[loop.Listener, TrainingDisplay]:
  """What happens after a step and after an epoch, and what shows it."""
  display = TrainingDisplay(
    console,
    epochs=prepared.settings.training.epochs,
    steps_per_epoch=prepared.steps_per_epoch,
    first_step=first_step,
  )
  given_up = False

  def after_step(epoch: int, number: int, loss: float) -> None:
    interruption.defer_exit()
    display.show_step(epoch, number, loss)
    on_step(epoch * prepared.steps_per_epoch + number)

  def on_epoch(ended: Progress) -> None:
    nonlocal given_up
    if events:
      workdir.write_history(ended.history)
      events.write(ended.history[-1])
    display.show_epoch(ended.history[-1], ended.best_iu)
    given_up = give_up(ended)

  def should_stop() -> bool:
    return given_up or interruption.should_stop()

  return loop.Listener(after_step, on_epoch, should_stop), display


def _run_loop(
  prepared: Prepared,
  current: state.TrainState,
  progress: Progress,
  interruption: MayStop,
  listener: loop.Listener,
  *,
  saved: checkpoints.Checkpoints | None,
) -> bool:
  training = prepared.settings.training
  return loop.train_and_evaluate(
    current,
    progress,
    train_step=prepared.train_step,
    plateau=prepared.plateau,
    batches_from=lambda first_step: prepared.patches.batches(
      batch_size=training.batch_size,
      first_step=first_step,
      process_index=jax.process_index(),
      process_count=jax.process_count(),
    ),
    dev_histograms=make_dev_histograms(
      prepared.settings, prepared.data.regions['dev'], interruption
    ),
    steps_per_epoch=prepared.steps_per_epoch,
    settings=training,
    save=saved.save if saved else lambda *_: None,
    listener=listener,
  )


def _resume(
  prepared: Prepared,
  workdir: Workdir,
  interruption: MayStop,
  opened: contextlib.ExitStack,
) -> tuple[checkpoints.Checkpoints | None, state.TrainState, Progress]:
  """The run's checkpoints, in the first process; state and progress, in all."""
  saved, current = None, prepared.fresh
  progress = Progress(fingerprint=prepared.data.fingerprint)
  with processes.agree(interruption):
    if processes.is_first():
      saved = checkpoints.Checkpoints(workdir.path)
      opened.callback(saved.close)
      current, progress = saved.restore_latest(current) or (current, progress)
  current = processes.copy_from_first(current)
  progress = Progress(**processes.gather(dataclasses.asdict(progress))[0])
  with processes.agree(interruption):
    prepared.data.require_same(progress.fingerprint, workdir.path)
  return saved, current, progress
