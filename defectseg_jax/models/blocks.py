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
  """Maximum of each block: [N, H/2, W/2, 4, C] to [N, H/2, W/2, C]."""
  return jnp.max(x, axis=3)


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
    parts = jnp.split(kernel, np.cumsum(channels)[:-1], axis=2)
    y = jax.lax.conv_general_dilated(
      jnp.concatenate(flat, axis=-1),
      jnp.concatenate([_of_blocks(part) for part in parts], axis=2),
      window_strides=(1, 1),
      padding='SAME',
      dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
    )
    return y.reshape(*y.shape[:3], 4, self.features) + bias


def _of_blocks(kernel):
  """[3, 3, C, F] to [3, 3, 4 C, 4 F]: from neighbouring blocks to one."""
  channels, features = kernel.shape[2:]
  # Each number is copied to where it belongs, or meets zeros; on a TPU too.
  blocks = jnp.einsum(
    'klcf,kaip,lbjq->abijcpqf',
    kernel,
    _PLACES,
    _PLACES,
    precision=jax.lax.Precision.HIGHEST,
  )
  return blocks.reshape(3, 3, 4 * channels, 4 * features)


def _places():
  """[k, a, i, p]: 1 where pixel p of a block meets, by row or column k of the
  kernel, pixel i of the block before (a = 0), of its own or of the next."""
  places = np.zeros((3, 3, 2, 2), np.float32)
  for k in range(3):
    for p in range(2):
      block, pixel = divmod(p + k - 1, 2)
      places[k, block + 1, pixel, p] = 1
  return places


_PLACES = _places()
