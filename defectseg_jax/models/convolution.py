"""Convolution whose kernel's gradient is quick to find on a CPU.

Of a kernel's gradient XLA makes a convolution with a window as large as the
image, of maps that are transposed first: slow on a CPU where maps are few.
Here it is matrix products, of parts of the image that stay in the cache. The
convolution itself, the gradient of the image, and all of it on a GPU or TPU,
are XLA's.
"""

import math

import jax
import jax.numpy as jnp
from flax import linen as nn

# Pixels of a part, of which the core that multiplies them holds all maps.
_PART_PX = 1024
# Parts that are multiplied at a time; each finds a core.
_PARTS = 4
# Shifted maps side by side, at most: more do not stay in the cache, and at so
# many XLA's own way is as fast.
_MOST_SHIFTED = 9 * 64


class Conv(nn.Module):
  """`flax.linen.Conv(features, (size, size))`, with the same parameters.

  Attributes:
    features: F, the maps that come out.
    size: of the kernel: odd.
    use_bias: whether a constant is added to each map.
    kernel_init: of the kernel, [size, size, C, F].
  """

  features: int
  size: int = 3
  use_bias: bool = True
  kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

  @nn.compact
  def __call__(self, x: jax.Array) -> jax.Array:
    """[N, H, W, C] to [N, H, W, F]."""
    shape = (self.size, self.size, x.shape[-1], self.features)
    y = convolve(x, self.param('kernel', self.kernel_init, shape))
    if not self.use_bias:
      return y
    return y + self.param('bias', nn.initializers.zeros, (self.features,))


@jax.custom_vjp
def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
  """Convolution at stride 1, with zeros around the image.

  Args:
    x: maps, [N, H, W, C].
    kernel: [size, size, C, F], of an odd size.

  Returns:
    [N, H, W, F].
  """
  return _convolution(x, kernel)


def _convolution(x, kernel):
  return jax.lax.conv_general_dilated(
    x,
    kernel,
    window_strides=(1, 1),
    padding='SAME',
    dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
  )


def _forward(x, kernel):
  return _convolution(x, kernel), (x, kernel)


def _backward(seen, change):
  x, kernel = seen
  size, _, channels, features = kernel.shape

  def by_convolution(x, change):
    (of_kernel,) = jax.vjp(lambda k: _convolution(x, k), kernel)[1](change)
    return of_kernel

  def by_products(x, change):
    return _kernel_gradient(x, change, size)

  (of_image,) = jax.vjp(lambda x: _convolution(x, kernel), x)[1](change)
  if size**2 * min(channels, features) > _MOST_SHIFTED:
    return of_image, by_convolution(x, change)
  return of_image, jax.lax.platform_dependent(
    x, change, cpu=by_products, default=by_convolution
  )


convolve.defvjp(_forward, _backward)


def _kernel_gradient(x, change, size):
  """[size, size, C, F]: products of x and the change, shifted to each other.

  The fewer maps are shifted and laid side by side, once for each number of the
  kernel.
  """
  if x.shape[-1] < change.shape[-1]:
    gradient = _shifted_products(change, x, size)
    return gradient.transpose(1, 2, 3, 0)
  gradient = _shifted_products(x, change, size)
  # What comes from the right of x goes to the left of the change.
  return gradient[:, ::-1, ::-1].transpose(1, 2, 0, 3)


def _shifted_products(still, shifted, size):
  """[A, size, size, B]: sums over the pixels of still times shifted."""
  n, height, width, a = still.shape
  b = shifted.shape[-1]
  parts = math.gcd(n, _PARTS)
  rows = _rows_of_a_part(height, width)
  reach = size // 2
  around = ((0, 0), (reach, reach), (reach, reach), (0, 0))
  padded = jnp.pad(shifted, around)
  padded = padded.reshape(parts, n // parts, *padded.shape[1:])
  still = still.reshape(parts, n // parts, height, width, a)

  def with_part(sums, place):
    image, row = place // (height // rows), place % (height // rows) * rows
    begin = (0, image, row, 0, 0)
    one = jax.lax.dynamic_slice(still, begin, (parts, 1, rows, width, a))
    other = jax.lax.dynamic_slice(
      padded,
      begin,
      (parts, 1, rows + 2 * reach, width + 2 * reach, b),
    )
    side_by_side = jnp.concatenate(
      [
        other[:, :, i : i + rows, j : j + width]
        for i in range(size)
        for j in range(size)
      ],
      axis=-1,
    )
    products = jax.lax.dot_general(
      one.reshape(parts, -1, a),
      side_by_side.reshape(parts, -1, size**2 * b),
      (((1,), (1,)), ((0,), (0,))),
    )
    return sums + products, None

  sums, _ = jax.lax.scan(
    with_part,
    jnp.zeros((parts, a, size**2 * b), still.dtype),
    jnp.arange(n // parts * (height // rows)),
  )
  return sums.sum(0).reshape(a, size, size, b)


def _rows_of_a_part(height, width):
  """A divisor of the height: the most whose pixels are not too many."""
  most = max(1, _PART_PX // width)
  return max(rows for rows in range(1, most + 1) if height % rows == 0)
