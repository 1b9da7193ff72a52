"""The layers that the architectures share, written for speed on every backend.

XLA lowers the gradients of `max_pool` and of a strided transposed convolution
to a select-and-scatter and a dilated convolution, both slow on a CPU. With a
window equal to the stride the same functions are a maximum of four slices, and
a matrix product followed by depth-to-space.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn

Initializer = Callable[..., jax.Array]


def max_pool_2x2(x: jax.Array) -> jax.Array:
  """Maximum over 2 x 2 windows at stride 2: [N, H, W, C] to [N, H/2, W/2, C].

  Args:
    x: maps with even H and W.

  Returns:
    The pooled maps. Where values of a window tie, they share the gradient.
  """
  n, height, width, channels = x.shape
  rows = x.reshape(n, height // 2, 2, width, channels)
  x = jnp.maximum(rows[:, :, 0], rows[:, :, 1])
  columns = x.reshape(n, height // 2, width // 2, 2, channels)
  return jnp.maximum(columns[:, :, :, 0], columns[:, :, :, 1])


class UpConvolution(nn.Module):
  """Transposed convolution, 2 x 2, stride 2: [N, H, W, C] to [N, 2H, 2W, F].

  Equal to `flax.linen.ConvTranspose(features, (2, 2), strides=(2, 2))` up to
  the layout of its kernel, which here is [C, 2, 2, F].

  Attributes:
    features: F, the maps that come out.
  """

  features: int

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    n, height, width, channels = x.shape
    kernel = self.param(
      'kernel',
      # The windows do not overlap: each output pixel sees C inputs.
      nn.initializers.variance_scaling(
        1.0, 'fan_in', 'truncated_normal', in_axis=0, out_axis=(1, 2, 3)
      ),
      (channels, 2, 2, self.features),
    )
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    blocks = x.reshape(-1, channels) @ kernel.reshape(channels, -1)
    blocks = blocks.reshape(n, height, width, 2, 2, self.features)
    blocks = blocks.transpose(0, 1, 3, 2, 4, 5)
    return blocks.reshape(n, 2 * height, 2 * width, self.features) + bias


class MapDropout(nn.Module):
  """Drops whole maps, for each example on its own (Tompson et al., CVPR 2015).

  Neighbouring pixels of a map carry the same feature, so that dropping single
  pixels hides nothing. The maps dropped for an example depend on the key and
  on the example's place in the whole batch, and not on how the batch is
  divided among devices.

  Attributes:
    rate: the fraction of maps dropped, in [0, 1).
    axis_name: the mapped axis over which the batch is divided, or None.
  """

  rate: float
  axis_name: str | None = None

  @nn.compact
  def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
    if not train or self.rate == 0 or self.is_initializing():
      return x
    n, channels = x.shape[0], x.shape[-1]
    device = 0 if self.axis_name is None else jax.lax.axis_index(self.axis_name)
    key = self.make_rng('dropout')
    keep = jax.vmap(
      lambda example: jax.random.bernoulli(
        jax.random.fold_in(key, example), 1 - self.rate, (1, 1, channels)
      )
    )(device * n + jnp.arange(n))
    return jnp.where(keep, x / (1 - self.rate), 0)
