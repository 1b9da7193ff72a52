"""Convolution whose kernel's gradient is fast on a CPU.

XLA computes a kernel's gradient as a convolution with a window as large as the
image, of feature maps that are transposed first. This is slow on a CPU where
feature maps are few. Here it is computed as matrix products, of parts of the
image that stay in the cache. The convolution itself and the gradient of the
image are XLA's; on a GPU or TPU the gradient of the kernel is, too.
"""

import math

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

# Pixels of a part. The core that multiplies them holds all their feature maps.
_PART_PX = 1024
# Parts that are multiplied at a time, each by a core of its own.
_PARTS = 4
# Shifted feature maps side by side, at most. More do not stay in the cache, and
# with so many XLA's own way is as fast.
_MOST_SHIFTED = 9 * 64

_Maps = Float[Array, 'n h w c']
_Kernel = Float[Array, 'size size c f']


class Conv(nn.Module):
  """`flax.linen.Conv(features, (size, size))`, with the same parameters.

  Attributes:
    features: F, the number of feature maps that come out.
    size: side of the kernel, odd.
    use_bias: whether a constant is added to each feature map.
    kernel_init: of the kernel, [size, size, C, F].
  """

  features: int
  size: int = 3
  use_bias: bool = True
  kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

  @nn.compact
  def __call__(self, x: Float[Array, 'n h w c']) -> Float[Array, 'n h w f']:
    """[N, H, W, C] to [N, H, W, F]."""
    shape = (self.size, self.size, x.shape[-1], self.features)
    y = convolve(x, self.param('kernel', self.kernel_init, shape))
    if not self.use_bias:
      return y
    return y + self.param('bias', nn.initializers.zeros, (self.features,))


@jax.custom_vjp
def convolve(
  x: Float[Array, 'n h w c'], kernel: Float[Array, 'size size c f']
) -> Float[Array, 'n h w f']:
  """Convolution at stride 1, with zeros around the image.

  Args:
    x: feature maps, [N, H, W, C].
    kernel: [size, size, C, F], of an odd size.

  Returns:
    [N, H, W, F].

  Examples:
    >>> ones = jnp.ones((1, 3, 3, 1))
    >>> convolve(ones, ones.reshape(3, 3, 1, 1))[0, :, :, 0]
    Array([[4., 6., 4.],
           [6., 9., 6.],
           [4., 6., 4.]], dtype=float32)
  """
  return _xla_convolution(x, kernel)


def _xla_convolution(x: _Maps, kernel: _Kernel) -> Float[Array, 'n h w f']:
  return jax.lax.conv_general_dilated(
    x,
    kernel,
    window_strides=(1, 1),
    padding='SAME',
    dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
  )


def _forward(
  x: _Maps, kernel: _Kernel
) -> tuple[Float[Array, 'n h w f'], tuple[_Maps, _Kernel]]:
  return _xla_convolution(x, kernel), (x, kernel)


def _backward(
  saved: tuple[_Maps, _Kernel], cotangent: Float[Array, 'n h w f']
) -> tuple[_Maps, _Kernel]:
  """The gradients of the image and of the kernel."""
  x, kernel = saved
  size, _, channels, features = kernel.shape

  def by_convolution(x: jax.Array, cotangent: jax.Array) -> jax.Array:
    pull_back = jax.vjp(lambda k: _xla_convolution(x, k), kernel)[1]
    (of_kernel,) = pull_back(cotangent)
    return of_kernel

  def by_products(x: jax.Array, cotangent: jax.Array) -> jax.Array:
    return _kernel_gradient(x, cotangent, size)

  pull_back = jax.vjp(lambda x: _xla_convolution(x, kernel), x)[1]
  (of_image,) = pull_back(cotangent)
  if size**2 * min(channels, features) > _MOST_SHIFTED:
    return of_image, by_convolution(x, cotangent)
  return of_image, jax.lax.platform_dependent(
    x, cotangent, cpu=by_products, default=by_convolution
  )


convolve.defvjp(_forward, _backward)


def _kernel_gradient(
  x: Float[Array, 'n h w c'], cotangent: Float[Array, 'n h w f'], size: int
) -> Float[Array, '{size} {size} c f']:
  """Products of x and the cotangent, shifted to each other.

  Whichever has fewer feature maps is shifted and laid side by side, once for
  each place of the kernel.
  """
  if x.shape[-1] < cotangent.shape[-1]:
    gradient = _shifted_products(cotangent, x, size)
    return gradient.transpose(1, 2, 3, 0)
  gradient = _shifted_products(x, cotangent, size)
  # What comes from the right of x goes to the left of the cotangent.
  return gradient[:, ::-1, ::-1].transpose(1, 2, 0, 3)


def _shifted_products(
  still: Float[Array, 'n h w a'], shifted: Float[Array, 'n h w b'], size: int
) -> Float[Array, 'a {size} {size} b']:
  """Sums over the pixels of `still` times `shifted`, for every shift."""
  n, height, width, a = still.shape
  b = shifted.shape[-1]
  parts = math.gcd(n, _PARTS)
  rows = _rows_of_a_part(height, width)
  radius = size // 2
  around = ((0, 0), (radius, radius), (radius, radius), (0, 0))
  padded = jnp.pad(shifted, around)
  padded = padded.reshape(parts, n // parts, *padded.shape[1:])
  still = still.reshape(parts, n // parts, height, width, a)

  def add_part(sums: jax.Array, place: jax.Array) -> tuple[jax.Array, None]:
    image, row = place // (height // rows), place % (height // rows) * rows
    begin = (0, image, row, 0, 0)
    one = jax.lax.dynamic_slice(still, begin, (parts, 1, rows, width, a))
    other = jax.lax.dynamic_slice(
      padded,
      begin,
      (parts, 1, rows + 2 * radius, width + 2 * radius, b),
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
    add_part,
    jnp.zeros((parts, a, size**2 * b), still.dtype),
    jnp.arange(n // parts * (height // rows)),
  )
  return sums.sum(0).reshape(a, size, size, b)


def _rows_of_a_part(height: int, width: int) -> int:
  """The largest divisor of the height that gives a part of few pixels."""
  most = max(1, _PART_PX // width)
  return max(rows for rows in range(1, most + 1) if height % rows == 0)
