"""This project's network on a GPU, as one contender's process.

Started by `benchmarks.gpu`.
"""

import argparse
import collections
import math
import pathlib
import tempfile
import time
from collections.abc import Callable
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import jax_worker, random_variables, workers
from defectseg_jax.models import create_model
from defectseg_jax.training import losses, state

# What JAX calls products of float32 numbers that are rounded to 10 bits.
_PRODUCTS = {'float32': 'float32', 'tf32': 'tensorfloat32'}
_SIDE = 8192
_COPIED = 2**28


class Contender(jax_worker.Contender):
  """One batch and one micrograph, and what is done with them."""

  def __init__(
    self, precision: str, *, side_px: int, remat: bool, **batch: int
  ) -> None:
    """Makes them, of noise.

    Args:
      precision: float32, tf32 or bfloat16. In bfloat16 are images, feature
        maps and what stands for the parameters in a pass; they themselves,
        their gradients and the loss are float32.
      side_px: of the micrograph.
      remat: whether feature maps are computed again on the way back.
      **batch: `patches`, `patch_px`.
    """
    super().__init__(**batch)
    self._narrow = jnp.bfloat16 if precision == 'bfloat16' else jnp.float32
    self._remat = remat
    rng = np.random.default_rng(1)
    self._micrograph = rng.standard_normal((1, side_px, side_px, 1), np.float32)

  def describe(self) -> dict[str, Any]:
    """As on a CPU, and the device."""
    device = jax.local_devices()[0].device_kind
    return {**super().describe(), 'device': device}

  def first_pass(self, what: str) -> float:
    """Compiles `forward`, `forward_backward` or `train_step`; its seconds."""
    if what != 'forward':
      return super().first_pass(what)
    began = time.perf_counter()
    self._passes[what] = self._forward()
    self._passes[what]()
    return time.perf_counter() - began

  def differences(self, reference: str) -> dict[str, float]:
    """What `pytorch_worker.Contender.first_pass` says, of this precision."""
    with np.load(reference) as file:
      wanted = dict(file)
    variables = random_variables.create_random_variables(self._model)
    narrow = self._narrowed(variables), self._narrowed(self._batch['image'])
    logits = np.asarray(create_model(self._model).apply(*narrow), np.float32)
    (loss, _), gradients = self._value_and_grad()(
      variables['params'], variables['batch_stats'], *self._images_and_truth()
    )
    named = random_variables.named_leaves(gradients)
    pairs = [
      (found, wanted[f'gradients/{name}']) for name, found in named.items()
    ]
    of_logits = np.abs(logits - wanted['logits']).max()
    of_gradient = math.hypot(*(np.linalg.norm(a - b) for a, b in pairs))
    return {
      'logits': float(of_logits / np.ptp(wanted['logits'])),
      'loss': abs(float(loss) / float(wanted['loss']) - 1),
      'gradient': of_gradient
      / math.hypot(*(np.linalg.norm(b) for _, b in pairs)),
    }

  def steps(self, repeats: int, *, late: bool) -> float:
    """Seconds of one of several whole steps, whose losses are read.

    Args:
      repeats: how many steps.
      late: whether a loss is read when the next step is given.
    """
    step_once = self._make_step()
    jax.block_until_ready(step_once())
    began, unread = time.perf_counter(), []
    for _ in range(repeats):
      unread.append(step_once()[1]['loss'])
      if len(unread) > late:
        float(unread.pop(0))
    for loss in unread:
      float(loss)
    return (time.perf_counter() - began) / repeats

  def bytes_moved(self) -> float:
    """Of a pass forward and backward, as XLA counts what its kernels take."""
    variables = state.create_variables(create_model(self._model), seed=0)
    lowered = self._value_and_grad().lower(
      variables['params'], variables['batch_stats'], *self._images_and_truth()
    )
    return lowered.compile().cost_analysis()['bytes accessed']

  def peak_bytes(self) -> int:
    """Peak of the device's memory; 0 where the device does not tell."""
    told = jax.local_devices()[0].memory_stats() or {}
    return told.get('peak_bytes_in_use', 0)

  def rates(self) -> dict[str, float]:
    """Operations a second of a product of matrices, bytes of a copy."""
    side = _SIDE if jax.default_backend() != 'cpu' else _SIDE // 16
    matrix = jnp.ones((side, side), self._narrow)
    vector = jnp.ones(_COPIED // 4 // (_SIDE // side), jnp.float32)
    product, copy = jax.jit(jnp.matmul), jax.jit(lambda x: x + 1)
    return {
      'operations': 2 * side**3 / _fastest_s(lambda: product(matrix, matrix)),
      'bytes': 2 * vector.nbytes / _fastest_s(lambda: copy(vector)),
    }

  def profile(self, what: str, repeats: int) -> list[tuple[str, float]]:
    """Kernels of some passes, the dearest first, and their part of the time."""
    with tempfile.TemporaryDirectory() as folder:
      with jax.profiler.trace(folder):
        self.passes(what, repeats)
      (path,) = pathlib.Path(folder).rglob('*.xplane.pb')
      data = jax.profiler.ProfileData.from_file(str(path))
    lines = [
      (plane.name, line) for plane in data.planes for line in plane.lines
    ]
    # A GPU's streams; where there is none, XLA's threads.
    kernels = [
      line
      for plane, line in lines
      if plane.startswith('/device:GPU') and line.name.startswith('Stream')
    ] or [line for _, line in lines if line.name.startswith('tf_XLA')]
    taken_ns: collections.Counter[str] = collections.Counter()
    for line in kernels:
      for event in line.events:
        taken_ns[event.name] += event.duration_ns
    total = sum(taken_ns.values())
    return [(name, part / total) for name, part in taken_ns.most_common(15)]

  def _value_and_grad(self) -> Callable[..., Any]:
    model = create_model(self._model)
    positive_weight = self._training.positive_weight

    def logits_of(params: Any, batch_stats: Any, images: jax.Array) -> Any:
      variables = {'params': self._narrowed(params), 'batch_stats': batch_stats}
      return model.apply(
        variables, self._narrowed(images), train=True, mutable=['batch_stats']
      )

    def mean_loss(
      params: Any, batch_stats: Any, images: jax.Array, truth: jax.Array
    ) -> tuple[jax.Array, Any]:
      apply = jax.checkpoint(logits_of) if self._remat else logits_of
      logits, updated = apply(params, batch_stats, images)
      pixel_losses = losses.weighted_cross_entropy(
        logits.astype(jnp.float32), truth, positive_weight
      )
      return jnp.mean(pixel_losses), updated['batch_stats']

    return jax.jit(jax.value_and_grad(mean_loss, has_aux=True))

  def _forward(self) -> Callable[[], None]:
    """From a preprocessed micrograph on the host to probabilities there."""
    model = create_model(self._model).for_inference
    variables = self._narrowed(state.create_variables(model, seed=0))

    @jax.jit
    def probabilities(variables: Any, image: jax.Array) -> jax.Array:
      logits = cast(jax.Array, model.apply(variables, self._narrowed(image)))
      return jax.nn.sigmoid(logits.astype(jnp.float32))

    return lambda: np.asarray(probabilities(variables, self._micrograph)).sum()

  def _narrowed(self, tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, self._narrow), tree)


def _fastest_s(work: Callable[[], jax.Array]) -> float:
  jax.block_until_ready(work())
  seconds = []
  for _ in range(5):
    began = time.perf_counter()
    jax.block_until_ready(work())
    seconds.append(time.perf_counter() - began)
  return min(seconds)


def _flags() -> dict[str, Any]:
  parser = argparse.ArgumentParser()
  parser.add_argument('--precision')
  parser.add_argument('--remat', action='store_true')
  for name in ('patches', 'patch_px', 'side_px'):
    parser.add_argument(f'--{name}', type=int)
  return vars(parser.parse_args())


if __name__ == '__main__':
  flags = _flags()
  jax.config.update(
    'jax_default_matmul_precision', _PRODUCTS.get(flags['precision'])
  )
  contender = Contender(**flags)
  workers.serve(
    {
      name: getattr(contender, name)
      for name in (
        *('describe', 'write_reference', 'first_pass', 'passes'),
        *('differences', 'steps', 'bytes_moved', 'peak_bytes', 'rates'),
        'profile',
      )
    }
  )
