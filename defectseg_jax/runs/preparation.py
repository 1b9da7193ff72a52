"""What training needs, built and checked before anything is written."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import numpy as np
import optax
from jaxtyping import PyTree

from defectseg_jax.models import create_model
from defectseg_jax.runs import config_checks, network_file
from defectseg_jax.runs.data import Data, training_patches
from defectseg_jax.runs.network_card import (
  names_network,
  network_path,
  read_card,
  require_beginning,
)
from defectseg_jax.runs.settings import RunSettings
from defectseg_jax.runtime import processes
from defectseg_jax.training import checkpoints, schedules, state, step

if TYPE_CHECKING:
  from defectseg_jax.datasets.pipeline import Patches
  from defectseg_jax.datasets.stream import FreshPatches

# One for all runs of a process: they share the compiled step, too.
_ADAM = optax.scale_by_adam()


@dataclasses.dataclass(frozen=True)
class Prepared:
  """Everything that training needs, before anything is written.

  Attributes:
    settings: of the run.
    data: to train and to judge by.
    patches: of the training regions.
    train_step: of the network.
    plateau: decays the learning rate.
    fresh: the state before the first step.
  """

  settings: RunSettings
  data: Data
  patches: 'Patches | FreshPatches'
  train_step: step.TrainStep
  plateau: optax.GradientTransformationExtraArgs
  fresh: state.TrainState

  @property
  def steps_per_epoch(self) -> int:
    """Steps that take about as many patches as there are."""
    return max(1, round(self.patches.count / self.settings.training.batch_size))


def require_trainable(settings: RunSettings) -> None:
  """Refuses settings that cannot be trained on these devices.

  Raises:
    InputError: a number is out of its bounds, or does not fit the devices or
      the architecture.
  """
  config_checks.require_valid(settings)
  config_checks.require_divisible(
    settings.training.batch_size, jax.device_count()
  )
  model = create_model(settings.model)
  config_checks.require_patch_fits(
    settings.data.patch_px, settings.model, model.size_multiple
  )


def prepare(
  settings: RunSettings,
  data: Data,
  make_train_step: Callable[..., step.TrainStep],
) -> Prepared:
  """Builds the network, its first state, and the stream of patches.

  Args:
    settings: of the run.
    data: that it learns from.
    make_train_step: as `fit` takes it.

  Raises:
    InputError: no training pixel is defect, or the checkpoint to begin from is
      missing, damaged, or of another architecture.
  """
  model = create_model(settings.model, axis_name=step.DEVICES)
  patches = training_patches(settings, data.regions['train'])
  training = settings.training
  plateau = schedules.plateau_decay(
    factor=training.plateau_factor,
    patience_epochs=training.plateau_patience_epochs,
  )
  train_step = make_train_step(
    model,
    optimizer=_ADAM,
    learning_rate=training.learning_rate,
    l2=training.l2,
    average_decay=training.average_decay,
  )
  fresh = state.create_train_state(
    model, optimizer=_ADAM, plateau=plateau, seed=settings.seed
  )
  if processes.is_first() and settings.init_from:
    fresh = warm_start(fresh, settings)
  return Prepared(settings, data, patches, train_step, plateau, fresh)


def warm_start(
  fresh: state.TrainState, settings: RunSettings
) -> state.TrainState:
  """Begins from the weights that `config.init_from` names.

  Args:
    fresh: the state before the first step.
    settings: of the run.

  Returns:
    The state with the weights of a network, or of another run.

  Raises:
    InputError: they are missing, damaged, or of another architecture.
  """
  params, batch_stats = _first_variables(fresh, settings)
  model = {'params': params, 'batch_stats': batch_stats}
  return dataclasses.replace(
    fresh, moving_average=jax.tree.map(np.copy, model), **model
  )


def _first_variables(
  fresh: state.TrainState, settings: RunSettings
) -> tuple[PyTree, PyTree]:
  """Parameters and running statistics of a network, or of another run."""
  name = settings.init_from
  require_beginning(name, settings.model.name)
  if names_network(name):
    path = network_path(name)
    return network_file.read_variables(path, read_card(path), settings.model)
  return checkpoints.restore_model(
    name, params=fresh.params, batch_stats=fresh.batch_stats
  )
