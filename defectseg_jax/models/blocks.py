"""Full resolution in blocks of 2 x 2 pixels.

[N, H, W, C] becomes [N, H/2, W/2, 4, C]. At full resolution maps are few and
pixels many: a convolution of 5 maps into 4 waits for memory, and leaves vector
and matrix units idle. Of blocks it is one of 20 into 16 at a quarter of the
places: four times the products, in less time (docs/benchmarks.md). Parameters
and results are those of the pixels.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from defectseg_jax.models.convolution import convolve


def to_blocks(x: jax.Array) -> jax.Array:
  """[N, H, W, C] to [N, H/2, W/2, 4, C]; H and W are even."""
  n, height, width, channels = x.shape
  x = x.reshape(n, height // 2, 2, width // 2, 2, channels)
  x = x.transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(n, height // 2, width // 2, 4, channels)


def from_blocks(x: jax.Array) -> jax.Array:
  """[N, H/2, W/2, 4, C] to [N, H, W, C]."""
  n, rows, columns, _, channels = x.shape
  x = x.reshape(n, rows, columns, 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(n, 2 * rows, 2 * columns, channels)


def max_pool(x: jax.Array) -> jax.Array:
  """Maximum of each block: [N, H/2, W/2, 4, C] to [N, H/2, W/2, C].

  Of pairs: the gradient of `jnp.max` looks for the pixels that equal the
  maximum, and is NaN where XLA computes the one and the other apart and rounds
  them differently.
  """
  first, second, third, fourth = (x[:, :, :, i] for i in range(4))
  return jnp.maximum(jnp.maximum(first, second), jnp.maximum(third, fourth))


class Conv(nn.Module):
  """`flax.linen.Conv(features, (3, 3))` of maps side by side, in blocks.

  Attributes:
    features: F, the maps that come out.
    kernel_init: of the kernel, [3, 3, C, F].
  """

  features: int
  kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

  @nn.compact
  def __call__(self, maps: Sequence[jax.Array]) -> jax.Array:
    """[N, H/2, W/2, 4, Ci] each, C in all, to [N, H/2, W/2, 4, F]."""
    channels = [m.shape[-1] for m in maps]
    kernel = self.param(
      'kernel', self.kernel_init, (3, 3, sum(channels), self.features)
    )
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    # Flat before they are joined: runs of 4 Ci numbers are copied, not of Ci.
    flat = [m.reshape(*m.shape[:3], -1) for m in maps]
    y = convolve(jnp.concatenate(flat, axis=-1), _of_blocks(kernel, channels))
    return y.reshape(*y.shape[:3], 4, self.features) + bias


def _of_blocks(kernel, channels):
  """[3, 3, C, F] to [3, 3, 4 C, 4 F]: from neighbouring blocks to one.

  Of the inputs come the four pixels of the first maps, then those of the next.
  """
  features = kernel.shape[-1]
  # Each number is copied to where it belongs, or meets zeros; on a TPU too.
  spread = jnp.dot(
    _PLACES.reshape(-1, 9),
    kernel.reshape(9, -1),
    precision=jax.lax.Precision.HIGHEST,
  )
  spread = spread.reshape(3, 3, 4, 4, -1, features).transpose(0, 1, 2, 4, 3, 5)
  parts = jnp.split(spread, np.cumsum(channels)[:-1], axis=3)
  flat = [part.reshape(3, 3, -1, 4 * features) for part in parts]
  return jnp.concatenate(flat, axis=2)


def _places():
  """[3, 3, 4, 4, 9]: 1 where a number of a kernel of pixels belongs.

  In one of blocks, at rows and columns of blocks, between a pixel of the block
  that is seen and one of that which is made.
  """
  along = np.zeros((3, 2, 2, 3), np.float32)
  for made in range(2):
    for step in range(3):
      block, seen = divmod(made + step - 1, 2)
      along[block + 1, seen, made, step] = 1
  return np.einsum('aipk,bjql->abijpqkl', along, along).reshape(3, 3, 4, 4, 9)


_PLACES = _places()
