"""The mapped steps: the only place that knows there are several devices.

A batch is divided among the devices of all processes, each of which holds its
share; the state is the same on all of them. Statistics of batch normalisation,
the loss and the gradients are gathered over the whole batch, so that a step
gives the same on 1, 2 or 4 devices, in one process or in several, but for the
order in which float32 sums are taken.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from defectseg_jax.evaluation import thresholds
from defectseg_jax.training import losses
from defectseg_jax.training.state import TrainState

DEVICES = 'devices'


def replicate(tree: Any) -> Any:
  """The tree with each array copied to every local device."""
  mesh = jax.sharding.Mesh(np.array(jax.local_devices()), (DEVICES,))
  everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
  return jax.device_put(tree, everywhere)


def shard(batch: Any) -> Any:
  """This process's share, split among its d devices: [d, N / d, ...]."""
  count = jax.local_device_count()
  return jax.tree.map(
    lambda x: x.reshape(count, x.shape[0] // count, *x.shape[1:]), batch
  )


def make_train_step(
  model: nn.Module,
  *,
  optimizer: optax.GradientTransformation,
  learning_rate: float,
  l2: float,
  average_decay: float = 0.0,
) -> Callable[..., tuple[TrainState, dict[str, jax.Array]]]:
  """Compiles one step of gradient descent over all devices.

  Args:
    model: created with `axis_name=DEVICES`.
    optimizer: scales gradients; the learning rate is applied here, times the
      scale of the plateau decay.
    learning_rate: before any decay.
    l2: weight of the penalty on the kernels.
    average_decay: what the average over steps keeps at each; less in the
      first steps, which are far from the last. 0 keeps the last step alone.

  Returns:
    `step(state, batch, positive_weight, stop) -> state, metrics`. The state is
    replicated, and given away. The batch, of this process, holds `image`
    (float32), `mask` and `weight` (uint8, 0 where mirrored pixels were added),
    each [devices, N, H, W, 1]; `stop`: whether this process was asked to.
    Metrics are `loss`, averaged over the pixels of weight 1, `histogram`, int32
    [2, BINS], of the probabilities, and `stop`, above 0 if any process was
    asked: so all learn of it at the same step, at no further exchange.
  """

  def mapped(state, batch, positive_weight, stop, settings):
    learning_rate, l2, average_decay = settings
    truth = batch['mask'].astype(jnp.float32)
    weight = batch['weight'].astype(jnp.float32)
    pixels = jax.lax.psum(jnp.sum(weight), DEVICES)
    dropout_key = jax.random.fold_in(
      jax.random.wrap_key_data(state.rng), state.step
    )

    def share_of_loss(params):
      logits, updated = model.apply(
        {'params': params, 'batch_stats': state.batch_stats},
        batch['image'],
        train=True,
        mutable=['batch_stats'],
        rngs={'dropout': dropout_key},
      )
      pixel_losses = losses.weighted_cross_entropy(
        logits, truth, positive_weight
      )
      penalty = l2 * losses.l2_penalty(params) / jax.lax.axis_size(DEVICES)
      share = jnp.sum(weight * pixel_losses) / pixels + penalty
      return share, (logits, updated['batch_stats'])

    (share, (logits, batch_stats)), gradients = jax.value_and_grad(
      share_of_loss, has_aux=True
    )(state.params)
    gradients = jax.lax.psum(gradients, DEVICES)
    updates, optimizer_state = optimizer.update(
      gradients, state.optimizer, state.params
    )
    rate = learning_rate * state.plateau.scale
    params = optax.apply_updates(
      state.params, jax.tree.map(lambda u: -rate * u, updates)
    )
    done = state.step + 1
    keep = jnp.minimum(average_decay, (1 + done) / (10 + done))
    averaged = jax.tree.map(
      lambda old, new: keep * old + (1 - keep) * new,
      state.averaged,
      {'params': params, 'batch_stats': batch_stats},
    )
    metrics = {
      'loss': jax.lax.psum(share, DEVICES),
      'histogram': jax.lax.psum(
        _histogram(logits, batch['mask'], batch['weight']),
        DEVICES,
      ),
      'stop': jax.lax.psum(stop, DEVICES),
    }
    return (
      state.replace(
        step=done,
        params=params,
        batch_stats=batch_stats,
        averaged=averaged,
        optimizer=optimizer_state,
      ),
      metrics,
    )

  over_devices = jax.pmap(
    mapped,
    axis_name=DEVICES,
    in_axes=(None, 0, None, 0, None),
    out_axes=None,
    donate_argnums=0,
  )
  # Not constants of the program: the trials of a search share what is compiled,
  # where JAX keeps that between programs.
  settings = tuple(map(np.float32, (learning_rate, l2, average_decay)))

  def step(state, batch, positive_weight, stop=False):
    stop = np.full(jax.local_device_count(), stop, np.int32)
    return over_devices(state, batch, positive_weight, stop, settings)

  return step


def make_eval_step(model: nn.Module) -> Callable[..., jax.Array]:
  """The forward pass, with running statistics, compiled once for each model.

  Over the devices of this process: each evaluates images of its own.

  Args:
    model: from `create_model`.

  Returns:
    `step(params, batch_stats, images) -> probabilities`: both trees
    replicated, images float32 [devices, N, H, W, 1], probabilities alike.
  """
  return _compiled_eval_step(model.outside_training)


@functools.cache
def _compiled_eval_step(model):
  def step(params, batch_stats, images):
    variables = {'params': params, 'batch_stats': batch_stats}
    return jax.nn.sigmoid(model.apply(variables, images, train=False))

  return jax.pmap(
    step,
    axis_name=DEVICES,
    in_axes=(None, None, 0),
    devices=jax.local_devices(),
  )


def _histogram(logits, mask, weight):
  """`thresholds.histogram` of the pixels of weight 1, on the device."""
  bins, limit = thresholds.BINS, thresholds.LOGIT_LIMIT
  steps = jnp.floor((logits + limit) * ((bins - 2) / (2 * limit)))
  index = 1 + jnp.clip(steps, -1, bins - 2).astype(jnp.int32)
  index = index + bins * mask.astype(jnp.int32)
  counts = jnp.zeros(2 * bins, jnp.int32)
  counts = counts.at[index.ravel()].add(weight.ravel().astype(jnp.int32))
  return counts.reshape(2, bins)
