"""Full resolution as space-to-depth: blocks of 2 x 2 pixels, side by side.

Space-to-depth takes the four pixels of a 2 x 2 block as channels of one place:
[N, H, W, C] becomes [N, H/2, W/2, 4, C]. Depth-to-space is its inverse.

At full resolution feature maps are few and pixels many. A convolution of 5
feature maps into 4 waits for memory, and leaves vector and matrix units idle.
After space-to-depth it is one of 20 into 16, at a quarter of the places: four
times the products, in less time (docs/benchmarks.md). Parameters and results
are those of the ordinary convolution.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float

from defectseg_jax.models.convolution import convolve


def space_to_depth(
  x: Float[Array, 'n h w c'],
) -> Float[Array, 'n h//2 w//2 4 c']:
  """[N, H, W, C] to [N, H/2, W/2, 4, C]; H and W are even.

  Examples:
    >>> pixels = jnp.arange(16.0).reshape(1, 4, 4, 1)
    >>> space_to_depth(pixels)[0, 0, 1, :, 0]  # Top right.
    Array([2., 3., 6., 7.], dtype=float32)
  """
  n, height, width, channels = x.shape
  x = x.reshape(n, height // 2, 2, width // 2, 2, channels)
  x = x.transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(n, height // 2, width // 2, 4, channels)


def depth_to_space(x: Float[Array, 'n h w 4 c']) -> Float[Array, 'n 2*h 2*w c']:
  """The inverse of `space_to_depth`: [N, H/2, W/2, 4, C] to [N, H, W, C]."""
  n, rows, columns, _, channels = x.shape
  x = x.reshape(n, rows, columns, 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(n, 2 * rows, 2 * columns, channels)


def max_pool(x: Float[Array, 'n h w 4 c']) -> Float[Array, 'n h w c']:
  """Maximum of each block: [N, H/2, W/2, 4, C] to [N, H/2, W/2, C].

  It is taken of pairs. The gradient of `jnp.max` looks for the pixels that
  equal the maximum. It is NaN where XLA computes the two apart and rounds them
  differently.
  """
  first, second, third, fourth = (x[:, :, :, i] for i in range(4))
  return jnp.maximum(jnp.maximum(first, second), jnp.maximum(third, fourth))


class Conv(nn.Module):
  """`flax.linen.Conv(features, (3, 3))` after space-to-depth.

  Attributes:
    features: F, the number of feature maps that come out.
    kernel_init: of the kernel, [3, 3, C, F].
  """

  features: int
  kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

  @nn.compact
  def __call__(
    self, maps: Sequence[Float[Array, 'n h w 4 _']]
  ) -> Float[Array, 'n h w 4 f']:
    """The convolution of feature maps from several layers, side by side.

    Args:
      maps: [N, H/2, W/2, 4, Ci] each, with C feature maps in all.

    Returns:
      [N, H/2, W/2, 4, F].
    """
    channels = [m.shape[-1] for m in maps]
    kernel = self.param(
      'kernel', self.kernel_init, (3, 3, sum(channels), self.features)
    )
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    # Flat before they are joined: runs of 4 Ci numbers are copied, not of Ci.
    flat = [m.reshape(*m.shape[:3], -1) for m in maps]
    y = convolve(
      jnp.concatenate(flat, axis=-1), _kernel_of_blocks(kernel, channels)
    )
    return y.reshape(*y.shape[:3], 4, self.features) + bias


def _kernel_of_blocks(
  kernel: Float[Array, '3 3 c f'], channels: Sequence[int]
) -> Float[Array, '3 3 4*c 4*f']:
  """The kernel that takes neighbouring blocks to one block.

  Its inputs are the four pixels of the first layer's feature maps, then the
  four pixels of the next.
  """
  features = kernel.shape[-1]
  # Each number is copied to where it belongs, or meets zeros; on a TPU too.
  spread = jnp.dot(
    jnp.asarray(_PLACES.reshape(-1, 9), kernel.dtype),
    kernel.reshape(9, -1),
    precision=jax.lax.Precision.HIGHEST,
  )
  spread = spread.reshape(3, 3, 4, 4, -1, features).transpose(0, 1, 2, 4, 3, 5)
  parts = jnp.split(spread, np.cumsum(channels)[:-1], axis=3)
  flat = [part.reshape(3, 3, -1, 4 * features) for part in parts]
  return jnp.concatenate(flat, axis=2)


def _kernel_places() -> Float[np.ndarray, '3 3 4 4 9']:
  """1 where a number of a 3 x 3 kernel belongs in the kernel of blocks.

  Axes: row and column in the kernel of blocks; pixel of the block that is read;
  pixel of the block that is made; the nine numbers of the 3 x 3 kernel.
  """
  along = np.zeros((3, 2, 2, 3), np.float32)
  for made in range(2):
    for step in range(3):
      block, seen = divmod(made + step - 1, 2)
      along[block + 1, seen, made, step] = 1
  return np.einsum('aipk,bjql->abijpqkl', along, along).reshape(3, 3, 4, 4, 9)


_PLACES = _kernel_places()
