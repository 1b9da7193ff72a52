"""The layers that the architectures share, written for speed on every backend.

XLA lowers the gradients of `max_pool` and of a strided transposed convolution
to a select-and-scatter and a dilated convolution, which are slow on a CPU. With
a window equal to the stride the same functions are a maximum of four slices,
and a matrix product followed by depth-to-space. Windows of up to twice the
stride overlap their neighbours', and are added.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float

from defectseg_jax.models import space_to_depth as s2d


def max_pool_2x2(x: Float[Array, 'n h w c']) -> Float[Array, 'n h//2 w//2 c']:
  """Maximum over 2 x 2 windows at stride 2: [N, H, W, C] to [N, H/2, W/2, C].

  Args:
    x: feature maps with even H and W.

  Returns:
    The pooled feature maps. Where values of a window tie, they share the
    gradient.

  Examples:
    >>> max_pool_2x2(jnp.arange(8.0).reshape(1, 2, 4, 1))[0, :, :, 0]
    Array([[5., 7.]], dtype=float32)
  """
  n, height, width, channels = x.shape
  rows = x.reshape(n, height // 2, 2, width, channels)
  x = jnp.maximum(rows[:, :, 0], rows[:, :, 1])
  columns = x.reshape(n, height // 2, width // 2, 2, channels)
  return jnp.maximum(columns[:, :, :, 0], columns[:, :, :, 1])


class UpConvolution(nn.Module):
  """Transposed convolution at stride 2: [N, H, W, C] to [N, 2H, 2W, F].

  Equal to `flax.linen.ConvTranspose(features, (size, size), strides=(2, 2))`
  without padding, cut to 2H x 2W: nothing at size 2, the last row and column at
  size 3, one on each side at size 4. Its kernel here is [C, size, size, F].

  Attributes:
    features: F, the number of feature maps that come out.
    size: side of the kernel: 2, 3 or 4.
    kernel_init: of the kernel.
    use_bias: whether a constant is added to each feature map.
    to_depth: whether the result is as after space-to-depth, [N, H, W, 4, F];
      only at size 2.
  """

  features: int
  size: int = 2
  # Each output pixel sees C inputs if the windows do not overlap.
  kernel_init: nn.initializers.Initializer = nn.initializers.variance_scaling(
    1.0, 'fan_in', 'truncated_normal', in_axis=0, out_axis=(1, 2, 3)
  )
  use_bias: bool = True
  to_depth: bool = False

  @nn.compact
  def __call__(
    self, x: Float[Array, 'n h w c']
  ) -> Float[Array, 'n 2*h 2*w f'] | Float[Array, 'n h w 4 f']:
    n, height, width, channels = x.shape
    size, features = self.size, self.features
    kernel = self.param(
      'kernel', self.kernel_init, (channels, size, size, features)
    )
    windows = x.reshape(-1, channels) @ kernel.reshape(channels, -1)
    if self.to_depth:
      y = windows.reshape(n, height, width, 4, features)
    else:
      windows = windows.reshape(n, height, width, size, size, features)
      y = _add_windows(windows)
    if not self.use_bias:
      return y
    return y + self.param('bias', nn.initializers.zeros, (features,))


def _add_windows(
  windows: Float[Array, 'n h w size size f'],
) -> Float[Array, 'n 2*h 2*w f']:
  """Lays windows at stride 2, adds where they overlap, and takes the middle."""
  n, height, width, size, _, features = windows.shape
  reach = (size - 1) // 2
  # A part of a window is of 2 x 2 pixels, and falls p, q such parts further.
  parts = []
  for p in range(reach + 1):
    for q in range(reach + 1):
      part = windows[:, :, :, 2 * p : 2 * p + 2, 2 * q : 2 * q + 2]
      missing = [(0, 2 - length) for length in part.shape[3:5]]
      shift = [(p, reach - p), (q, reach - q)]
      parts.append(jnp.pad(part, [(0, 0), *shift, *missing, (0, 0)]))
  blocks = functools.reduce(jnp.add, parts).transpose(0, 1, 3, 2, 4, 5)
  height, width = 2 * height, 2 * width
  y = blocks.reshape(n, height + 2 * reach, width + 2 * reach, features)
  cut = (size - 2) // 2
  return y[:, cut : cut + height, cut : cut + width]


def bilinear_kernel(
  key: jax.Array, shape: tuple[int, ...], dtype: Any = jnp.float32
) -> Float[Array, 'c size size f']:
  """First kernel of an `UpConvolution` that interpolates bilinearly.

  Each feature map is interpolated on its own.

  Args:
    key: not needed: the kernel is always the same.
    shape: [C, size, size, F] with an even size.
    dtype: of the kernel.

  Returns:
    The kernel.

  Examples:
    >>> bilinear_kernel(jax.random.key(0), (1, 4, 4, 1))[0, 1, :, 0]
    Array([0.1875, 0.5625, 0.5625, 0.1875], dtype=float32)

  References:
    Long, Shelhamer & Darrell, CVPR 2015, section 3.3.
  """
  channels, size, _, features = shape
  half = size / 2
  weights = 1 - np.abs(np.arange(size) + 0.5 - half) / half
  same_map = np.eye(channels, features)
  kernel = np.einsum('cf,a,b->cabf', same_map, weights, weights)
  return jnp.asarray(kernel, dtype)


def upsample_bilinear(
  x: Float[Array, 'n h w c'], factor: int
) -> Float[Array, 'n {factor}*h {factor}*w c']:
  """Bilinear interpolation: [N, H, W, C] to [N, factor H, factor W, C].

  Args:
    x: feature maps. Beyond their edges there are zeros, as around a
      convolution.
    factor: an even number.

  Returns:
    What a transposed convolution of `bilinear_kernel` of size 2 factor gives.

  Examples:
    >>> upsample_bilinear(jnp.ones((1, 2, 2, 1)), 2)[0, 1, :, 0]
    Array([0.75, 1.  , 1.  , 0.75], dtype=float32)
  """
  for axis in (1, 2):
    length = x.shape[axis]
    around = [(1, 1) if i == axis else (0, 0) for i in range(4)]
    padded = jnp.pad(x, around)
    before = jax.lax.slice_in_dim(padded, 0, length, axis=axis)
    after = jax.lax.slice_in_dim(padded, 2, length + 2, axis=axis)
    phases = []
    for i in range(factor):
      # From the middle of a pixel to the middle of its i-th part.
      offset = (i + 0.5) / factor - 0.5
      other = before if offset < 0 else after
      phases.append((1 - abs(offset)) * x + abs(offset) * other)
    shape = [*x.shape]
    shape[axis] *= factor
    x = jnp.stack(phases, axis=axis + 1).reshape(shape)
  return x


class BilinearUp(nn.Module):
  """1 x 1 convolution, then interpolation: [N, H, W, C] to [N, 2H, 2W, F].

  Attributes:
    features: F, the number of feature maps that come out.
    to_depth: whether the result is as after space-to-depth, [N, H, W, 4, F].
  """

  features: int
  to_depth: bool = False

  @nn.compact
  def __call__(
    self, x: Float[Array, 'n h w c']
  ) -> Float[Array, 'n 2*h 2*w f'] | Float[Array, 'n h w 4 f']:
    # Both are linear and commute; the convolution first has less to do.
    y = upsample_bilinear(nn.Conv(self.features, (1, 1), name='mix')(x), 2)
    return s2d.space_to_depth(y) if self.to_depth else y


class SpatialDropout(nn.Module):
  """Sets whole feature maps to 0, for each example on its own.

  Neighbouring pixels of a feature map carry the same information, so that
  dropping single pixels hides nothing (Tompson et al., CVPR 2015). The feature
  maps dropped for an example depend on the key and on the example's place in
  the whole batch, and not on how the batch is divided among devices.

  Attributes:
    rate: the fraction of feature maps dropped, in [0, 1). One that is traced is
      never taken to be 0.
    axis_name: the mapped axis over which the batch is divided, or None.
  """

  rate: float | Float[Array, '']
  axis_name: str | None = None

  def __call__(
    self, x: Float[Array, 'n *pixels c'], *, train: bool
  ) -> Float[Array, 'n *pixels c']:
    factors = self.factors(x, train=train)
    return x if factors is None else x * factors

  def factors(
    self, x: Float[Array, 'n *pixels c'], *, train: bool
  ) -> Float[Array, 'n *ones c'] | None:
    """0, or 1 / (1 - rate), for each feature map of each example.

    Args:
      x: feature maps, [N, ..., C].
      train: whether any are dropped.

    Returns:
      [N, 1, ..., C]; None for 1 everywhere.
    """
    is_off = isinstance(self.rate, int | float) and self.rate == 0
    if not train or is_off or self.is_initializing():
      return None
    n, channels = x.shape[0], x.shape[-1]
    device = 0 if self.axis_name is None else jax.lax.axis_index(self.axis_name)
    key = self.make_rng('dropout')
    shape = (1,) * (x.ndim - 2) + (channels,)
    keep = jax.vmap(
      lambda example: jax.random.bernoulli(
        jax.random.fold_in(key, example), 1 - self.rate, shape
      )
    )(device * n + jnp.arange(n))
    return keep.astype(x.dtype) / (1 - self.rate)
