"""Batch normalisation in few passes over the maps of a batch.

On a CPU every pass takes time beside the convolutions. Here maps are dropped in
the pass that normalises them, and the gradient is the closed form of Ioffe &
Szegedy (ICML 2015), not what JAX derives from the formula term by term.
"""

import functools

import jax
import jax.numpy as jnp
from flax import linen as nn

_EPSILON = 1e-3


class BatchNorm(nn.Module):
  """`flax.linen.BatchNorm(epsilon=1e-3)`, with the same variables.

  Attributes:
    use_running_average: whether running statistics are taken for those of the
      batch.
    momentum: what running statistics keep of themselves at each step.
    axis_name: the mapped axis over which the statistics of a batch are
      gathered, or None for a batch on one device.
  """

  use_running_average: bool
  momentum: float
  axis_name: str | None = None

  @nn.compact
  def __call__(
    self, x: jax.Array, factors: jax.Array | None = None
  ) -> jax.Array:
    """Maps of mean `bias` and standard deviation `scale`, times the factors.

    Args:
      x: maps, [N, ..., C].
      factors: of each map of each example, [N, 1, ..., C]; None for 1. They
        are taken for constants.

    Returns:
      Of the shape of x.
    """
    maps = x.shape[-1:]
    mean = self.variable('batch_stats', 'mean', jnp.zeros, maps)
    var = self.variable('batch_stats', 'var', jnp.ones, maps)
    scale = self.param('scale', nn.initializers.ones, maps)
    bias = self.param('bias', nn.initializers.zeros, maps)
    if factors is None:
      factors = jnp.ones((x.shape[0], *[1] * (x.ndim - 2), *maps), x.dtype)
    if self.use_running_average:
      return _scaled(x, scale, bias, factors, mean.value, var.value)
    axis_name = None if self.is_initializing() else self.axis_name
    y, mean_of_batch, var_of_batch = normalised(
      x, scale, bias, factors, axis_name
    )
    if not self.is_initializing():
      keep = self.momentum
      mean.value = keep * mean.value + (1 - keep) * mean_of_batch
      var.value = keep * var.value + (1 - keep) * var_of_batch
    return y


@functools.partial(jax.custom_vjp, nondiff_argnums=(4,))
def normalised(
  x: jax.Array,
  scale: jax.Array,
  bias: jax.Array,
  factors: jax.Array,
  axis_name: str | None,
) -> tuple[jax.Array, jax.Array, jax.Array]:
  """By the statistics of the batch itself.

  Args:
    x: maps, [N, ..., C].
    scale: [C].
    bias: [C].
    factors: [N, 1, ..., C], constants.
    axis_name: as of `BatchNorm`.

  Returns:
    The maps, and mean and variance of those that came in, [C] each, which are
    taken for constants.
  """
  return _forward(x, scale, bias, factors, axis_name)[0]


def _scaled(x, scale, bias, factors, mean, var):
  slope = scale * jax.lax.rsqrt(var + _EPSILON)
  return x * (slope * factors) + (bias - mean * slope) * factors


def _forward(x, scale, bias, factors, axis_name):
  pixels = tuple(range(x.ndim - 1))
  means = jnp.stack([jnp.mean(x, pixels), jnp.mean(x * x, pixels)])
  mean, of_squares = _over_devices(means, axis_name)
  var = jnp.maximum(0, of_squares - mean * mean)
  y = _scaled(x, scale, bias, factors, mean, var)
  return (y, mean, var), (x, scale, factors, mean, var)


def _backward(axis_name, seen, changes):
  x, scale, factors, mean, var = seen
  change, _, _ = changes
  # Sums over pixels first: the factors of an example are the same in all.
  pixels = tuple(range(1, x.ndim - 1))
  sums = jnp.stack([jnp.sum(change, pixels), jnp.sum(change * x, pixels)])
  here = (sums * factors.reshape(len(factors), -1)).sum(1)
  per_deviation = jax.lax.rsqrt(var + _EPSILON)
  slope = scale * per_deviation
  # Means over the batch of the change, and of the change times x.
  own, with_x = _over_devices(here, axis_name) / (x.size // x.shape[-1])
  along_x = slope * per_deviation**2 * (with_x - mean * own)
  of_x = (
    (slope * factors) * change - along_x * x + (along_x * mean - slope * own)
  )
  of_scale = per_deviation * (here[1] - mean * here[0])
  return of_x, of_scale, here[0], jnp.zeros_like(factors)


normalised.defvjp(_forward, _backward)


def _over_devices(means, axis_name):
  return means if axis_name is None else jax.lax.pmean(means, axis_name)
