"""This project's network and train step, as one contender's process.

Started by `benchmarks.training` and `benchmarks.input_pipeline`.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import workers

THREADS = workers.limit_threads()

# What follows sizes its thread pools by the cores left.
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402

from benchmarks import random_variables, report  # noqa: E402
from defectseg_jax.models import ModelSettings, create_model  # noqa: E402
from defectseg_jax.training import (  # noqa: E402
  losses,
  schedules,
  state,
  step,
)
from defectseg_jax.training.settings import TrainingSettings  # noqa: E402


class Contender:
  """One batch, and what is done with it."""

  def __init__(self, patches: int, patch_px: int) -> None:
    """Makes the batch: noise, with a tenth of its pixels positive."""
    # The networks are compared number by number: without random dropout.
    self._model = ModelSettings(dropout_rate=0.0)
    self._training = TrainingSettings()
    rng = np.random.default_rng(0)
    shape = (patches, patch_px, patch_px, 1)
    self._batch = {
      'image': rng.standard_normal(shape, np.float32),
      'mask': (rng.random(shape) < 0.1).astype(np.uint8),
      'weight': np.ones(shape, np.uint8),
    }
    self._passes: dict[str, Callable[[], None]] = {}

  def describe(self) -> dict[str, Any]:
    """Versions, and the number of trainable parameters."""
    variables = state.create_variables(create_model(self._model), seed=0)
    return {
      'versions': report.versions('jax', 'jaxlib', 'flax'),
      'python': report.machine()['python'],
      'parameters': sum(x.size for x in jax.tree.leaves(variables['params'])),
    }

  def write_reference(self, path: str) -> float:
    """Writes the batch, the parameters, and the results that must follow.

    Returns:
      The loss, in train mode.
    """
    variables = random_variables.create_random_variables(self._model)
    model = create_model(self._model)
    logits = jax.jit(model.apply)(variables, self._batch['image'])
    (loss, _), gradients = self._value_and_grad()(
      variables['params'], variables['batch_stats'], *self._images_and_truth()
    )
    arrays = random_variables.named_leaves(variables)
    for name, gradient in random_variables.named_leaves(gradients).items():
      arrays[f'gradients/{name}'] = gradient
    np.savez(
      path,
      image=self._batch['image'],
      mask=self._batch['mask'],
      positive_weight=np.float32(self._training.positive_weight),
      logits=logits,
      loss=loss,
      **arrays,
    )
    return float(loss)

  def first_pass(self, what: str) -> float:
    """Compiles `forward_backward` or `train_step`; the seconds it takes."""
    began = time.perf_counter()
    self._passes[what] = (
      self._forward_backward()
      if what == 'forward_backward'
      else self._train_step()
    )
    self._passes[what]()
    return time.perf_counter() - began

  def passes(self, what: str, repeats: int) -> list[float]:
    """Seconds of each pass."""
    seconds = []
    for _ in range(repeats):
      began = time.perf_counter()
      self._passes[what]()
      seconds.append(time.perf_counter() - began)
    return seconds

  def peak_bytes(self) -> int:
    """Peak of this process's resident memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == 'darwin' else peak * 1024

  def _images_and_truth(self) -> tuple[np.ndarray, np.ndarray]:
    return self._batch['image'], self._batch['mask'].astype(np.float32)

  def _value_and_grad(self) -> Callable[..., Any]:
    model = create_model(self._model)
    positive_weight = self._training.positive_weight

    def mean_loss(
      params: Any, batch_stats: Any, images: jax.Array, truth: jax.Array
    ) -> tuple[jax.Array, Any]:
      logits, updated = model.apply(
        {'params': params, 'batch_stats': batch_stats},
        images,
        train=True,
        mutable=['batch_stats'],
      )
      pixel_losses = losses.weighted_cross_entropy(
        logits, truth, positive_weight
      )
      return jnp.mean(pixel_losses), updated['batch_stats']

    return jax.jit(jax.value_and_grad(mean_loss, has_aux=True))

  def _forward_backward(self) -> Callable[[], None]:
    variables = state.create_variables(create_model(self._model), seed=0)
    images, truth = map(jnp.asarray, self._images_and_truth())
    value_and_grad = self._value_and_grad()

    def forward_backward() -> None:
      jax.block_until_ready(
        value_and_grad(
          variables['params'], variables['batch_stats'], images, truth
        )
      )

    return forward_backward

  def _train_step(self) -> Callable[[], None]:
    step_once = self._make_step()
    return lambda: jax.block_until_ready(step_once())

  def _make_step(self) -> Callable[[], Any]:
    """The whole step of the training loop, from NumPy to state and metrics."""
    training = self._training
    optimizer = optax.scale_by_adam()
    model = create_model(self._model, axis_name=step.DEVICES)
    current = step.replicate(
      state.create_train_state(
        model,
        optimizer=optimizer,
        plateau=schedules.plateau_decay(
          factor=training.plateau_factor,
          patience_epochs=training.plateau_patience_epochs,
        ),
        seed=0,
      )
    )
    mapped = step.make_train_step(
      model,
      optimizer=optimizer,
      learning_rate=training.learning_rate,
      l2=training.l2,
    )

    def step_once() -> Any:
      nonlocal current
      current, metrics = mapped(
        current, step.shard(self._batch), training.positive_weight
      )
      return current, metrics

    return step_once


if __name__ == '__main__':
  parser = argparse.ArgumentParser()
  parser.add_argument('--patches', type=int)
  parser.add_argument('--patch_px', type=int)
  contender = Contender(**vars(parser.parse_args()))
  workers.serve(
    {
      'describe': contender.describe,
      'write_reference': contender.write_reference,
      'first_pass': contender.first_pass,
      'passes': contender.passes,
      'peak_bytes': contender.peak_bytes,
    }
  )
