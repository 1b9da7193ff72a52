"""Batch normalisation in few passes over the feature maps of a batch.

On a CPU every pass takes time beside the convolutions. Here spatial dropout is
applied in the pass that normalises. The gradient is the closed form of Ioffe &
Szegedy (ICML 2015), not what JAX derives from the formula term by term.
"""

import functools

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

_EPSILON = 1e-3

# Of each feature map.
_PerMap = Float[Array, ' c']
# Feature maps; factors that are the same for all pixels of one of them.
_Maps = Float[Array, 'n *pixels c']
_Factors = Float[Array, 'n *ones c']
# What the gradient needs: maps, scale, factors, mean, variance.
_Saved = tuple[_Maps, _PerMap, _Factors, _PerMap, _PerMap]


class BatchNorm(nn.Module):
  """`flax.linen.BatchNorm(epsilon=1e-3)`, with the same variables.

  Attributes:
    use_running_average: whether the running statistics are used in place of
      those of the batch.
    momentum: fraction of the running statistics that a step keeps.
    axis_name: the mapped axis over which the statistics of a batch are
      averaged; None for a batch on one device.
  """

  use_running_average: bool
  momentum: float | Float[Array, '']
  axis_name: str | None = None

  @nn.compact
  def __call__(
    self,
    x: Float[Array, 'n *pixels c'],
    factors: Float[Array, 'n *ones c'] | None = None,
  ) -> Float[Array, 'n *pixels c']:
    """Feature maps of mean `bias` and deviation `scale`, times the factors.

    Args:
      x: feature maps, [N, ..., C].
      factors: of each feature map of each example, [N, 1, ..., C]; None for 1.
        No gradient is passed on to them.

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
      return _normalise(x, scale, bias, factors, mean.value, var.value)
    axis_name = None if self.is_initializing() else self.axis_name
    y, mean_of_batch, var_of_batch = normalise_batch(
      x, scale, bias, factors, axis_name
    )
    if not self.is_initializing():
      keep = self.momentum
      mean.value = keep * mean.value + (1 - keep) * mean_of_batch
      var.value = keep * var.value + (1 - keep) * var_of_batch
    return y


@functools.partial(jax.custom_vjp, nondiff_argnums=(4,))
def normalise_batch(
  x: Float[Array, 'n *pixels c'],
  scale: Float[Array, ' c'],
  bias: Float[Array, ' c'],
  factors: Float[Array, 'n *ones c'],
  axis_name: str | None,
) -> tuple[Float[Array, 'n *pixels c'], Float[Array, ' c'], Float[Array, ' c']]:
  """Normalises feature maps by the statistics of the batch itself.

  Args:
    x: feature maps, [N, ..., C].
    scale: [C].
    bias: [C].
    factors: [N, 1, ..., C]; no gradient is passed on to them.
    axis_name: as of `BatchNorm`.

  Returns:
    The feature maps, and mean and variance of those that came in, [C] each.
    No gradient is passed on through mean and variance.
  """
  return _forward(x, scale, bias, factors, axis_name)[0]


def _normalise(
  x: _Maps,
  scale: _PerMap,
  bias: _PerMap,
  factors: _Factors,
  mean: _PerMap,
  var: _PerMap,
) -> _Maps:
  slope = scale * jax.lax.rsqrt(var + _EPSILON)
  return x * (slope * factors) + (bias - mean * slope) * factors


def _forward(
  x: _Maps,
  scale: _PerMap,
  bias: _PerMap,
  factors: _Factors,
  axis_name: str | None,
) -> tuple[tuple[_Maps, _PerMap, _PerMap], _Saved]:
  pixels = tuple(range(x.ndim - 1))
  means = jnp.stack([jnp.mean(x, pixels), jnp.mean(x * x, pixels)])
  mean, of_squares = _mean_over_devices(means, axis_name)
  var = jnp.maximum(0, of_squares - mean * mean)
  y = _normalise(x, scale, bias, factors, mean, var)
  return (y, mean, var), (x, scale, factors, mean, var)


def _backward(
  axis_name: str | None,
  saved: _Saved,
  cotangents: tuple[_Maps, _PerMap, _PerMap],
) -> tuple[_Maps, _PerMap, _PerMap, _Factors]:
  x, scale, factors, mean, var = saved
  cotangent, _, _ = cotangents
  # Sums over pixels first: the factors of an example are the same in all.
  pixels = tuple(range(1, x.ndim - 1))
  sums = jnp.stack([jnp.sum(cotangent, pixels), jnp.sum(cotangent * x, pixels)])
  here = (sums * factors.reshape(len(factors), -1)).sum(1)
  per_deviation = jax.lax.rsqrt(var + _EPSILON)
  slope = scale * per_deviation
  # Means over the batch of the cotangent, and of the cotangent times x.
  own, with_x = _mean_over_devices(here, axis_name) / (x.size // x.shape[-1])
  along_x = slope * per_deviation**2 * (with_x - mean * own)
  of_x = (
    (slope * factors) * cotangent - along_x * x + (along_x * mean - slope * own)
  )
  of_scale = per_deviation * (here[1] - mean * here[0])
  return of_x, of_scale, here[0], jnp.zeros_like(factors)


normalise_batch.defvjp(_forward, _backward)


def _mean_over_devices(
  means: Float[Array, '2 c'], axis_name: str | None
) -> Float[Array, '2 c']:
  return means if axis_name is None else jax.lax.pmean(means, axis_name)
