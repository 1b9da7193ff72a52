"""All that a step of training changes."""

import functools
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import optax
from flax import linen as nn


@flax.struct.dataclass
class TrainState:
  """What a checkpoint must hold so that training goes on bit for bit.

  Attributes:
    step: int32, the steps done; also the place in the stream of batches.
    params: the trainable parameters.
    batch_stats: running statistics of batch normalisation.
    averaged: `params` and `batch_stats` averaged over steps: the network that
      is scored and kept.
    optimizer: optax's state of Adam.
    plateau: optax's state of the plateau decay; its `scale` multiplies the
      learning rate.
    rng: uint32 key data, from which each step derives its own key.
  """

  step: jax.Array
  params: Any
  batch_stats: Any
  averaged: Any
  optimizer: Any
  plateau: Any
  rng: jax.Array


def create_train_state(
  model: nn.Module,
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
  return TrainState(
    step=jnp.zeros((), jnp.int32),
    params=params,
    batch_stats=variables['batch_stats'],
    # Copies: a step gives all its buffers away, each once.
    averaged=jax.tree.map(jnp.copy, variables),
    optimizer=optimizer.init(params),
    plateau=plateau.init(params),
    rng=jax.random.key_data(jax.random.key(seed)),
  )


def create_variables(model: nn.Module, *, seed: int) -> dict[str, Any]:
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
  variables = _compiled_init(model.outside_training)(
    key, jnp.zeros((1, side, side, 1))
  )
  return {'batch_stats': {}, **variables}


def variable_shapes(model: nn.Module) -> dict[str, Any]:
  """Shapes and types of what `create_variables` makes, which it does not."""
  return jax.eval_shape(lambda: create_variables(model, seed=0))


@functools.cache
def _compiled_init(model):
  return jax.jit(model.init)
