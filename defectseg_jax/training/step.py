"""The mapped steps: the only place that knows there are several devices.

A batch is divided among the devices of all processes, each of which holds its
share; the state is the same on all of them. Statistics of batch normalisation,
the loss and the gradients are gathered over the whole batch. A step therefore
gives the same on 1, 2 or 4 devices, in one process or in several, but for the
order in which float32 sums are taken.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, cast, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int32, PyTree, UInt8

from defectseg_jax.evaluation import thresholds
from defectseg_jax.models import Architecture
from defectseg_jax.training import losses
from defectseg_jax.training.state import TrainState

DEVICES = 'devices'

Metrics = dict[str, jax.Array]


@runtime_checkable
class TrainStep(Protocol):
  """One step of gradient descent, over all devices."""

  def __call__(
    self,
    state: TrainState,
    batch: Mapping[str, jax.Array | np.ndarray],
    positive_weight: float,
    stop: bool = False,
  ) -> tuple[TrainState, Metrics]:
    """The state after the step, and its metrics: see `make_train_step`."""
    ...


class _Rates(NamedTuple):
  """Settings that are no constants of the compiled program."""

  learning_rate: jax.Array | np.float32
  l2: jax.Array | np.float32
  average_decay: jax.Array | np.float32


def replicate(tree: PyTree) -> PyTree:
  """Copies each array of a tree to every local device."""
  mesh = jax.sharding.Mesh(np.array(jax.local_devices()), (DEVICES,))
  everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
  return jax.device_put(tree, everywhere)


def shard(batch: PyTree) -> PyTree:
  """Splits this process's share among its d devices: [d, N / d, ...].

  Args:
    batch: arrays [N, ...]; d divides N.
  """
  count = jax.local_device_count()
  return jax.tree.map(
    lambda x: x.reshape(count, x.shape[0] // count, *x.shape[1:]), batch
  )


def make_train_step(
  model: Architecture,
  *,
  optimizer: optax.GradientTransformation,
  learning_rate: float,
  l2: float,
  average_decay: float = 0.0,
) -> TrainStep:
  """One step of gradient descent over all devices.

  It is compiled once for the same model and the same optimizer object: the
  trials of a search share it.

  Args:
    model: created with `axis_name=DEVICES`.
    optimizer: scales gradients; the learning rate is applied here, times the
      scale of the plateau decay.
    learning_rate: before any decay.
    l2: weight of the penalty on the kernels.
    average_decay: decay of the exponential moving average. It is less in the
      first steps, which are far from the last. 0 keeps the last step alone.

  Returns:
    `step(state, batch, positive_weight, stop) -> state, metrics`. The state is
    replicated, and given away. The batch, of this process, holds `image`
    (float32), `mask` and `weight` (uint8, 0 where nothing is labelled),
    each [devices, N, H, W, 1]; `stop`: whether this process was asked to.
    Metrics are `loss`, the mean over the pixels of weight 1; `histogram`, int32
    [2, BINS], of the probabilities; and `stop`, above 0 if any process was
    asked, so that all learn of it at the same step without another exchange.
  """
  over_devices = _compiled_train_step(model, optimizer)
  # Not constants of the program: the trials of a search share what is compiled,
  # also where JAX keeps that between programs.
  rates = _Rates(*map(np.float32, (learning_rate, l2, average_decay)))

  def step(
    state: TrainState,
    batch: Mapping[str, jax.Array | np.ndarray],
    positive_weight: float,
    stop: bool = False,
  ) -> tuple[TrainState, Metrics]:
    stops = np.full(jax.local_device_count(), stop, np.int32)
    return over_devices(state, batch, positive_weight, stops, rates)

  return step


# Those of a search may differ in their dropout; four are by eye.
@functools.lru_cache(maxsize=4)
def _compiled_train_step(
  model: Architecture, optimizer: optax.GradientTransformation
) -> Callable[..., tuple[TrainState, Metrics]]:
  return jax.pmap(
    functools.partial(_step_of_a_device, model=model, optimizer=optimizer),
    axis_name=DEVICES,
    in_axes=(None, 0, None, 0, None),
    out_axes=None,
    donate_argnums=0,
  )


def _step_of_a_device(
  state: TrainState,
  batch: Mapping[str, jax.Array],
  positive_weight: jax.Array,
  stop: jax.Array,
  rates: _Rates,
  *,
  model: Architecture,
  optimizer: optax.GradientTransformation,
) -> tuple[TrainState, Metrics]:
  """What one device does in a step, with its share of the batch."""
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
    'stop': jax.lax.psum(stop, DEVICES),
  }
  return stepped, metrics


def _share_of_loss(
  params: PyTree,
  *,
  model: Architecture,
  state: TrainState,
  batch: Mapping[str, jax.Array],
  positive_weight: jax.Array,
  l2: jax.Array | np.float32,
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
  rates: _Rates,
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


def make_eval_step(
  model: Architecture,
) -> Callable[[PyTree, PyTree, jax.Array | np.ndarray], jax.Array]:
  """The forward pass, with running statistics, compiled once for each model.

  Over the devices of this process: each evaluates images of its own.

  Args:
    model: from `create_model`.

  Returns:
    `step(params, batch_stats, images) -> probabilities`: both trees
    replicated, images float32 [devices, N, H, W, 1], probabilities alike.
  """
  devices = tuple(jax.local_devices())
  return _compiled_eval_step(model.for_inference, devices)


@functools.cache
def _compiled_eval_step(
  model: Architecture, devices: tuple[Any, ...]
) -> Callable[..., jax.Array]:
  def step(
    params: PyTree, batch_stats: PyTree, images: Float[Array, 'n h w 1']
  ) -> Float[Array, 'n h w 1']:
    variables = {'params': params, 'batch_stats': batch_stats}
    logits = model.apply(variables, images, train=False)
    return jax.nn.sigmoid(cast(jax.Array, logits))

  return jax.pmap(
    step,
    axis_name=DEVICES,
    in_axes=(None, None, 0),
    devices=devices,
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
