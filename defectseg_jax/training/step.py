"""The mapped steps: the only place that knows there are several devices.

A batch is divided among the devices of all processes, each of which holds its
share; the state is the same on all of them. Statistics of batch normalisation,
the loss and the gradients are gathered over the whole batch. A step therefore
gives the same on 1, 2 or 4 devices, in one process or in several, but for the
order in which float32 sums are taken.

One program may take a step of several runs at once, which differ in their
weights, their batches and their rates: a large device is idle for much of a
small network's step.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from defectseg_jax.models import Architecture
from defectseg_jax.training.device_step import (
  DEVICES,
  Metrics,
  Rates,
  step_of_a_device,
)
from defectseg_jax.training.state import TrainState

Batch = Mapping[str, jax.Array | np.ndarray]


@runtime_checkable
class TrainStep(Protocol):
  """One step of gradient descent, over all devices."""

  def __call__(
    self,
    state: TrainState,
    batch: Batch,
    positive_weight: float,
    stop: bool = False,
  ) -> tuple[TrainState, Metrics]:
    """The state after the step, and its metrics: see `make_train_step`."""
    ...


class StepInput(NamedTuple):
  """What a run brings to a step.

  Attributes:
    state: replicated; it is given away.
    batch: of this process; see `make_train_step`.
    positive_weight: of a defect pixel.
    rates: from `rates_of`.
  """

  state: TrainState
  batch: Batch
  positive_weight: float
  rates: Rates


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

  It is compiled once for models that differ in their rates alone and the same
  optimizer object: the trials of a search share it.

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
  steps = make_steps(model, optimizer)
  rates = rates_of(
    model, learning_rate=learning_rate, l2=l2, average_decay=average_decay
  )

  def step(
    state: TrainState,
    batch: Batch,
    positive_weight: float,
    stop: bool = False,
  ) -> tuple[TrainState, Metrics]:
    (stepped,) = steps([StepInput(state, batch, positive_weight, rates)], stop)
    return stepped

  return step


def rates_of(
  model: Architecture,
  *,
  learning_rate: float,
  l2: float,
  average_decay: float = 0.0,
) -> Rates:
  """What runs of one program may differ in; arguments as `make_train_step`."""
  numbers = (
    *(learning_rate, l2, average_decay),
    *(model.dropout_rate, model.batch_norm_momentum),
  )
  return Rates(*map(np.float32, numbers))


def without_rates(model: Architecture) -> Architecture:
  """A model that equals those of which a step is the same program.

  Rates are no constants of it: the trials of a search share what is compiled,
  also where JAX keeps that between programs. Whether there is any dropout is.
  """
  return model.clone(
    dropout_rate=0.5 if model.dropout_rate else 0.0, batch_norm_momentum=0.0
  )


def make_steps(
  model: Architecture, optimizer: optax.GradientTransformation
) -> Callable[..., list[tuple[TrainState, Metrics]]]:
  """A step of one run, or of several at once.

  Args:
    model: created with `axis_name=DEVICES`. Its rates are not read: those of
      each run stand in its input. But a model without dropout has none.
    optimizer: of all runs.

  Returns:
    `steps(inputs, stop) -> [(state, metrics), ...]`, from `StepInput`s of the
    same shapes. It is compiled for each number of them.
  """
  over_devices = _compiled_steps(without_rates(model), optimizer)

  def steps(
    inputs: Sequence[StepInput], stop: bool = False
  ) -> list[tuple[TrainState, Metrics]]:
    stops = np.full(jax.local_device_count(), stop, np.int32)
    states, batches, *others = zip(*inputs, strict=True)
    return over_devices(states, batches, tuple(others), stops)

  return steps


# Those of a search may differ in their architecture; four are by eye.
@functools.lru_cache(maxsize=4)
def _compiled_steps(
  model: Architecture, optimizer: optax.GradientTransformation
) -> Callable[..., list[tuple[TrainState, Metrics]]]:
  return jax.pmap(
    functools.partial(_steps_of_a_device, model=model, optimizer=optimizer),
    axis_name=DEVICES,
    in_axes=(None, 0, None, 0),
    out_axes=None,
    donate_argnums=0,
  )


def _steps_of_a_device(
  states: Sequence[TrainState],
  batches: Sequence[Mapping[str, jax.Array]],
  others: Sequence[Any],
  stop: jax.Array,
  *,
  model: Architecture,
  optimizer: optax.GradientTransformation,
) -> list[tuple[TrainState, Metrics]]:
  """What one device does in a step of each run, with its share of each batch.

  Args:
    states: of the runs.
    batches: of the runs.
    others: positive weights and rates of the runs.
    stop: of this process.
    model: of all runs.
    optimizer: of all runs.
  """
  step = functools.partial(step_of_a_device, model=model, optimizer=optimizer)
  inputs = list(zip(states, batches, *others, strict=True))
  if len(inputs) == 1:
    stepped = [step(*inputs[0])]
  else:
    stacked = jax.tree.map(lambda *runs: jnp.stack(runs), *inputs)
    together = jax.vmap(step)(*stacked)
    stepped = [
      jax.tree.map(lambda leaf, run=run: leaf[run], together)
      for run in range(len(inputs))
    ]
  stops = jax.lax.psum(stop, DEVICES)
  return [(state, {**metrics, 'stop': stops}) for state, metrics in stepped]


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
