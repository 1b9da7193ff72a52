"""Checkpoints: the only place that knows orbax.

A checkpoint has four items. `model` is what a network is: parameters and
running statistics, as their exponential moving average over steps. `trainer` is
the rest of the state. `progress` is what the loop knows: epochs done, the best
so far, the history. `checksums` has the SHA-256 of each, with which is compared
what is restored. A run that goes on from any of its checkpoints ends in the
same bits as a run that was never stopped.

orbax writes into a temporary folder and renames it, so that a checkpoint of a
process that is killed is whole or does not exist; but a disk may bring the name
before the content. So a note says which one is being saved until it is on the
disk: one that is damaged and was noted came of a power cut, and the run goes on
from the one before, which is removed only then. One that is saved anew, at the
same step, stands aside until the new one is on the disk. Where a run has
several processes, the first one alone writes and reads checkpoints; they look
as those of a single process.
"""

import contextlib
import dataclasses
import logging
import pathlib
from collections.abc import Iterator

import jax
import numpy as np
import orbax.checkpoint as ocp
from jaxtyping import PyTree

from defectseg_jax.disk import read_regular, sync, sync_tree
from defectseg_jax.errors import InputError
from defectseg_jax.files import write_text, write_whole
from defectseg_jax.training.aside import (
  put_aside,
  remove_aside,
  take_back,
)
from defectseg_jax.training.checksums import checksums, require_same
from defectseg_jax.training.damage import naming_damage
from defectseg_jax.training.named_arrays import require_same_shapes
from defectseg_jax.training.progress import Progress
from defectseg_jax.training.state import TrainState

# In the folder of checkpoints: the step that is being saved.
_SAVING = '.saving'
_FIRST_PROCESS = ocp.options.MultiprocessingOptions(
  primary_host=0, active_processes={0}
)


@contextlib.contextmanager
def _quiet_orbax() -> Iterator[None]:
  """What orbax notes of a folder that is only read would alarm a reader."""
  logger = logging.getLogger('absl')
  before = logger.level
  logger.setLevel(logging.CRITICAL)
  try:
    yield
  finally:
    logger.setLevel(before)


class Checkpoints:
  """The checkpoints of one run, in `workdir/checkpoints`."""

  @_quiet_orbax()
  def __init__(self, workdir: str | pathlib.Path) -> None:
    """Opens the folder, and makes it if it is missing."""
    self._directory = _directory(workdir)
    self._directory.mkdir(parents=True, exist_ok=True)
    take_back(self._directory)
    self._saved: tuple[int, int] | None = None
    self._manager = ocp.CheckpointManager(
      self._directory,
      options=ocp.CheckpointManagerOptions(
        # Old ones are removed here, once the new one is on the disk.
        max_to_keep=None,
        cleanup_tmp_directories=True,
        enable_async_checkpointing=False,
        create=False,
        multiprocessing_options=_FIRST_PROCESS,
      ),
    )

  def save(self, state: TrainState, progress: Progress) -> None:
    """Writes a checkpoint, and removes those no longer needed.

    Args:
      state: the state after `state.step` steps.
      progress: of the same moment.
    """
    step = int(state.step)
    if self._saved == (step, progress.epochs):
      return
    if step in self._manager.all_steps():
      # The epoch's steps were saved by an interrupted run, before they were
      # evaluated. Without it they might have to be taken again.
      put_aside(self._directory / str(step))
      self._manager.reload()
    items = _items(jax.tree.map(np.asarray, state))
    self._note_saving(step)
    self._manager.save(
      step,
      args=ocp.args.Composite(
        model=ocp.args.StandardSave(items['model']),
        trainer=ocp.args.StandardSave(items['trainer']),
        progress=ocp.args.JsonSave(dataclasses.asdict(progress)),
        checksums=ocp.args.JsonSave(checksums({**items, 'progress': progress})),
      ),
    )
    self._manager.wait_until_finished()
    # TensorStore does so for arrays; orbax does not for all that it writes.
    sync_tree(self._directory / str(step))
    sync(self._directory)
    self._settle(step, progress)
    self._saved = (step, progress.epochs)

  @_quiet_orbax()
  def restore_latest(
    self, state: TrainState
  ) -> tuple[TrainState, Progress] | None:
    """The last state and progress that were saved.

    Args:
      state: of the same shapes; says what to restore.

    Returns:
      The state, its arrays on the host, and the progress; None if there is no
      checkpoint yet. One that a power cut tore is removed.

    Raises:
      InputError: the checkpoint is damaged, and was not being saved.
    """
    while (step := self._manager.latest_step()) is not None:
      try:
        found = self._restore(step, state)
      except InputError:
        if self._was_saving() != step:
          raise
        # The steps to it are taken again.
        self._manager.delete(step)
        take_back(self._directory)
        self._manager.reload()
        continue
      self._settle(step, found[1])
      return found
    return None

  def _restore(
    self, step: int, state: TrainState
  ) -> tuple[TrainState, Progress]:
    items = _items(jax.tree.map(np.asarray, state))
    checkpoint = self._directory / str(step)
    with naming_damage(checkpoint):
      restored = self._manager.restore(
        step,
        args=ocp.args.Composite(
          model=ocp.args.StandardRestore(items['model']),
          trainer=ocp.args.StandardRestore(items['trainer']),
          progress=ocp.args.JsonRestore(),
        ),
      )
      found = {name: restored[name] for name in (*items, 'progress')}
      require_same(checkpoint, found)
      progress = Progress(**found['progress'])
    state = TrainState(moving_average=found['model'], **found['trainer'])
    return state, progress

  def _note_saving(self, step: int) -> None:
    with write_whole(self._directory / _SAVING) as temporary:
      write_text(temporary, f'{step}\n')

  def _was_saving(self) -> int | None:
    """The step of the checkpoint that nobody knows to be on the disk."""
    try:
      return int(read_regular(self._directory / _SAVING))
    except (OSError, ValueError):
      return None

  def _settle(self, step: int, progress: Progress) -> None:
    """Keeps a checkpoint, to go on from, and the best, to use; no others."""
    (self._directory / _SAVING).unlink(missing_ok=True)
    remove_aside(self._directory)
    for other in self._manager.all_steps():
      if other not in (step, progress.best_step):
        self._manager.delete(other)

  def close(self) -> None:
    """Closes what orbax holds open."""
    self._manager.close()


def read_progress(workdir: str | pathlib.Path) -> Progress:
  """The progress of a run's last checkpoint.

  Args:
    workdir: of the run.

  Returns:
    The progress; `best_step` is not None.

  Raises:
    InputError: no epoch of the run has ended yet.
  """
  path = _directory(workdir).parent
  progress = _latest_progress(path)
  if progress is None or progress.best_step is None:
    raise InputError(
      f'{path}: holds no checkpoint of a whole epoch; give the workdir of a '
      'run that has trained for one, or train it with --mode=train'
    )
  return progress


@_quiet_orbax()
def restore_model(
  path: str | pathlib.Path, *, params: PyTree, batch_stats: PyTree
) -> tuple[PyTree, PyTree]:
  """A network's arrays from a run's best checkpoint, or from a given one.

  Args:
    path: a workdir, or one checkpoint of it, as `workdir/checkpoints/1200`.
    params: names and shapes of the network's parameters, as a tree of arrays
      or of `jax.ShapeDtypeStruct`.
    batch_stats: names and shapes of its running statistics.

  Returns:
    Parameters and running statistics, on the host.

  Raises:
    InputError: there is no checkpoint, it cannot be read, or it is of another
      architecture.
  """
  checkpoint = _best_checkpoint(pathlib.Path(path).expanduser().absolute())
  wanted = jax.tree.map(
    lambda leaf: np.empty(leaf.shape, leaf.dtype),
    {'params': params, 'batch_stats': batch_stats},
  )
  with (
    ocp.StandardCheckpointer(
      multiprocessing_options=_FIRST_PROCESS
    ) as checkpointer,
    naming_damage(checkpoint),
  ):
    found = checkpointer.metadata(checkpoint / 'model').item_metadata.tree
    require_same_shapes(wanted, found, checkpoint)
    restored = checkpointer.restore(checkpoint / 'model', wanted)
    require_same(checkpoint, {'model': restored})
  return restored['params'], restored['batch_stats']


def _directory(workdir: str | pathlib.Path) -> pathlib.Path:
  return pathlib.Path(workdir).expanduser().absolute() / 'checkpoints'


def _items(state: TrainState) -> dict[str, PyTree]:
  """The state as the items of a checkpoint, by the names they have there."""
  fields = {f.name: getattr(state, f.name) for f in dataclasses.fields(state)}
  return {'model': fields.pop('moving_average'), 'trainer': fields}


def _best_checkpoint(path: pathlib.Path) -> pathlib.Path:
  """The folder of a run's best checkpoint, or the one that is given."""
  if (path / 'model').is_dir():
    return path
  progress = _latest_progress(path)
  if progress is None or progress.best_step is None:
    raise InputError(
      f'{path}: holds no checkpoint; give the workdir of a run that has '
      'trained for an epoch, or one folder of its checkpoints/'
    )
  return path / 'checkpoints' / str(progress.best_step)


@_quiet_orbax()
def _latest_progress(workdir: pathlib.Path) -> Progress | None:
  saved = workdir / 'checkpoints'
  if not saved.is_dir():
    return None
  with ocp.CheckpointManager(
    saved,
    options=ocp.CheckpointManagerOptions(
      read_only=True, multiprocessing_options=_FIRST_PROCESS
    ),
  ) as manager:
    step = manager.latest_step()
    if step is None:
      return None
    with naming_damage(saved / str(step)):
      items = manager.restore(
        step, args=ocp.args.Composite(progress=ocp.args.JsonRestore())
      )
      require_same(saved / str(step), {'progress': items['progress']})
      return Progress(**items['progress'])
