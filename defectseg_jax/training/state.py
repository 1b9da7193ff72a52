"""All that a step of training changes."""

import functools
from collections.abc import Callable
from typing import cast

import flax.struct
import jax
import jax.numpy as jnp
import optax
from jaxtyping import PyTree

from defectseg_jax.models import Architecture


class TrainState(flax.struct.PyTreeNode):
  """What a checkpoint must hold so that training goes on bit for bit.

  Attributes:
    step: int32, the steps done; also the place in the stream of batches.
    params: the trainable parameters.
    batch_stats: running statistics of batch normalisation.
    moving_average: exponential moving average of `params` and `batch_stats`
      over steps: the network that is scored and kept.
    optimizer: optax's state of Adam.
    plateau: optax's state of the plateau decay; its `scale` multiplies the
      learning rate.
    rng: uint32 key data, from which each step derives its own key.
  """

  step: jax.Array
  params: PyTree
  batch_stats: PyTree
  moving_average: PyTree
  optimizer: optax.OptState
  plateau: optax.contrib.ReduceLROnPlateauState
  rng: jax.Array


def create_train_state(
  model: Architecture,
  *,
  optimizer: optax.GradientTransformation,
  plateau: optax.GradientTransformationExtraArgs,
  seed: int,
) -> TrainState:
  """The state before the first step, a function of the seed.

  Args:
    model: from `create_model`.
    optimizer: as given to `make_train_step`.
    plateau: from `plateau_decay`.
    seed: of the parameters and of dropout.

  Returns:
    A state whose arrays are on the default device.
  """
  variables = create_variables(model, seed=seed)
  params = variables['params']
  moving_average, optimizer_state = _compiled_copies(optimizer)(variables)
  return TrainState(
    step=jnp.zeros((), jnp.int32),
    params=params,
    batch_stats=variables['batch_stats'],
    moving_average=moving_average,
    optimizer=optimizer_state,
    plateau=cast(optax.contrib.ReduceLROnPlateauState, plateau.init(params)),
    rng=jax.random.key_data(jax.random.key(seed)),
  )


def create_variables(model: Architecture, *, seed: int) -> dict[str, PyTree]:
  """A network's first parameters and running statistics.

  Args:
    model: from `create_model`.
    seed: of the parameters.

  Returns:
    `params` and `batch_stats`.
  """
  # Parameters do not depend on the size; the smallest image compiles fastest.
  side = model.size_multiple
  # With threefry keys XLA compiles this for 8 s on 4 cores, with these for 2.
  key = jax.random.key(seed, impl='rbg')
  variables = _compiled_init(model.for_inference)(
    key, jnp.zeros((1, side, side, 1))
  )
  return {'batch_stats': {}, **variables}


def variable_shapes(model: Architecture) -> dict[str, PyTree]:
  """Shapes and types of a network's variables, without computing them.

  Args:
    model: from `create_model`.

  Returns:
    `params` and `batch_stats`, of `jax.ShapeDtypeStruct`: what
    `checkpoints.restore_model` needs.

  Examples:
    >>> from defectseg_jax.models import ModelSettings, create_model
    >>> shapes = variable_shapes(create_model(ModelSettings('defectsegnet')))
    >>> shapes['params']['conv_1']['kernel'].shape
    (3, 3, 1, 4)
  """
  return jax.eval_shape(lambda: create_variables(model, seed=0))


@functools.lru_cache(maxsize=4)
def _compiled_copies(
  optimizer: optax.GradientTransformation,
) -> Callable[..., tuple[dict[str, PyTree], optax.OptState]]:
  """The moving average and the optimizer's state, in one program.

  Otherwise every shape of an array would be compiled for by itself.
  """

  def begin(
    variables: dict[str, PyTree],
  ) -> tuple[dict[str, PyTree], optax.OptState]:
    # Copies: a step gives all its buffers away, each once.
    copies = jax.tree.map(jnp.copy, variables)
    return copies, optimizer.init(variables['params'])

  return jax.jit(begin)


@functools.cache
def _compiled_init(model: Architecture) -> Callable[..., dict[str, PyTree]]:
  return jax.jit(model.init)
