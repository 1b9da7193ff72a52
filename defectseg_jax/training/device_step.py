"""What one device does in a step, with its share of the batch."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int32, PyTree, UInt8

from defectseg_jax.evaluation import thresholds
from defectseg_jax.models import Architecture
from defectseg_jax.training import losses
from defectseg_jax.training.state import TrainState

# The mapped axis over which a batch is divided.
DEVICES = 'devices'

Metrics = dict[str, jax.Array]
_Number = jax.Array | np.float32


class Rates(NamedTuple):
  """Settings that are no constants of the compiled program.

  Attributes:
    learning_rate: before any decay.
    l2: weight of the penalty on the kernels.
    average_decay: of the exponential moving average.
    dropout_rate: is read where the model has dropout at all.
    batch_norm_momentum: of the running statistics.
  """

  learning_rate: _Number
  l2: _Number
  average_decay: _Number
  dropout_rate: _Number
  batch_norm_momentum: _Number


def step_of_a_device(
  state: TrainState,
  batch: Mapping[str, jax.Array],
  positive_weight: jax.Array,
  rates: Rates,
  *,
  model: Architecture,
  optimizer: optax.GradientTransformation,
) -> tuple[TrainState, Metrics]:
  """A step of gradient descent, within a mapped function.

  Args:
    state: the same on all devices.
    batch: this device's share, each [N, H, W, 1].
    positive_weight: of a defect pixel.
    rates: of the run.
    model: with the axis DEVICES; the rates stand in for its own.
    optimizer: scales gradients.

  Returns:
    The state after the step, and its `loss` and `histogram`, over all devices.
  """
  model = model.clone(
    dropout_rate=rates.dropout_rate if model.dropout_rate else 0.0,
    batch_norm_momentum=rates.batch_norm_momentum,
  )
  share_of_loss = functools.partial(
    _share_of_loss,
    model=model,
    state=state,
    batch=batch,
    positive_weight=positive_weight,
    l2=rates.l2,
  )
  (share, (logits, batch_stats)), gradients = jax.value_and_grad(
    share_of_loss, has_aux=True
  )(state.params)
  gradients = jax.lax.psum(gradients, DEVICES)
  stepped = _descend(
    state.replace(batch_stats=batch_stats),
    gradients,
    optimizer=optimizer,
    rates=rates,
  )
  metrics = {
    'loss': jax.lax.psum(share, DEVICES),
    'histogram': jax.lax.psum(
      _histogram(logits, batch['mask'], batch['weight']), DEVICES
    ),
  }
  return stepped, metrics


def _share_of_loss(
  params: PyTree,
  *,
  model: Architecture,
  state: TrainState,
  batch: Mapping[str, jax.Array],
  positive_weight: jax.Array,
  l2: _Number,
) -> tuple[Float[Array, ''], tuple[Float[Array, 'n h w 1'], PyTree]]:
  """This device's part of the loss: the parts of all devices add up to it.

  Returns:
    The part; the logits and the new running statistics.
  """
  truth = batch['mask'].astype(jnp.float32)
  weight = batch['weight'].astype(jnp.float32)
  # A batch may show nothing that is labelled.
  pixels = jnp.maximum(jax.lax.psum(jnp.sum(weight), DEVICES), 1)
  dropout_key = jax.random.fold_in(
    jax.random.wrap_key_data(state.rng), state.step
  )
  logits, updated = model.apply(
    {'params': params, 'batch_stats': state.batch_stats},
    batch['image'],
    train=True,
    mutable=['batch_stats'],
    rngs={'dropout': dropout_key},
  )
  pixel_losses = losses.weighted_cross_entropy(logits, truth, positive_weight)
  penalty = l2 * losses.l2_penalty(params) / jax.lax.axis_size(DEVICES)
  share = jnp.sum(weight * pixel_losses) / pixels + penalty
  return share, (logits, updated['batch_stats'])


def _descend(
  state: TrainState,
  gradients: PyTree,
  *,
  optimizer: optax.GradientTransformation,
  rates: Rates,
) -> TrainState:
  """The state after a step down the gradients of the whole batch."""
  updates, optimizer_state = optimizer.update(
    gradients, state.optimizer, state.params
  )
  rate = rates.learning_rate * state.plateau.scale
  params = optax.apply_updates(
    state.params, jax.tree.map(lambda u: -rate * u, updates)
  )
  done = state.step + 1
  keep = jnp.minimum(rates.average_decay, (1 + done) / (10 + done))
  moving_average = jax.tree.map(
    lambda old, new: keep * old + (1 - keep) * new,
    state.moving_average,
    {'params': params, 'batch_stats': state.batch_stats},
  )
  return state.replace(
    step=done,
    params=params,
    moving_average=moving_average,
    optimizer=optimizer_state,
  )


def _histogram(
  logits: Float[Array, 'n h w 1'],
  mask: UInt8[Array, 'n h w 1'],
  weight: UInt8[Array, 'n h w 1'],
) -> Int32[Array, '2 bins']:
  """`thresholds.histogram` of the pixels of weight 1, on the device."""
  bins, limit = thresholds.BINS, thresholds.LOGIT_LIMIT
  steps = jnp.floor((logits + limit) * ((bins - 2) / (2 * limit)))
  index = 1 + jnp.clip(steps, -1, bins - 2).astype(jnp.int32)
  index = index + bins * mask.astype(jnp.int32)
  counts = jnp.zeros(2 * bins, jnp.int32)
  counts = counts.at[index.ravel()].add(weight.ravel().astype(jnp.int32))
  return counts.reshape(2, bins)
