"""What every architecture has besides its plan: layers, and how it learns."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
from flax import linen as nn
from jaxtyping import Array, Float

from defectseg_jax.models.convolution import Conv
from defectseg_jax.models.layers import SpatialDropout
from defectseg_jax.models.normalisation import BatchNorm
from defectseg_jax.models.plans import Plan


class Architecture(Plan, nn.Module):
  """From float32 [N, H, W, 1] micrographs to [N, H, W, 1] logits.

  Every architecture states its `size_multiple`, which H and W must be multiples
  of, and its `longest_path`.

  Attributes:
    dropout_rate: fraction of feature maps that spatial dropout sets to 0 after
      each hidden convolution.
    batch_norm_momentum: fraction of the running statistics that a training
      step keeps.
    axis_name: the mapped axis over which a training batch is divided, and its
      statistics are averaged; None for a batch on one device.
  """

  # A step of training puts arrays in their place, which a run's program takes.
  dropout_rate: float | Float[Array, ''] = 0.0
  batch_norm_momentum: float | Float[Array, ''] = 0.9
  axis_name: str | None = None

  if TYPE_CHECKING:
    # Flax hashes a module by its fields, which a type checker does not know.
    def __hash__(self) -> int: ...

  @property
  def for_inference(self) -> 'Architecture':
    """The same network without the options that only training needs.

    Models that differ in these options alone become equal, and are compiled
    once.
    """
    return self.clone(axis_name=None, dropout_rate=0.0)

  @nn.nowrap
  def require_micrographs(self, x: Float[Array, 'n h w c']) -> None:
    """Raises ValueError unless H and W divide, and there is one channel."""
    _, height, width, channels = x.shape
    if height % self.size_multiple or width % self.size_multiple:
      raise ValueError(
        f'{height} x {width} pixels: both must divide by {self.size_multiple}'
      )
    if channels != 1:
      raise ValueError(f'{channels} channels: a micrograph has one')

  @nn.nowrap
  def batch_norm(self, *, train: bool) -> Callable[..., BatchNorm]:
    """A batch normalisation layer that still needs a name."""
    return functools.partial(
      BatchNorm,
      use_running_average=not train,
      momentum=self.batch_norm_momentum,
      axis_name=self.axis_name,
    )

  @nn.nowrap
  def dropout(self) -> Callable[..., SpatialDropout]:
    """A spatial dropout layer that still needs a name."""
    return functools.partial(SpatialDropout, self.dropout_rate, self.axis_name)

  @nn.nowrap
  def conv_norm_relu(self, *, train: bool) -> Callable[..., jax.Array]:
    """Convolution, batch normalisation in place of its bias, ReLU, dropout.

    Returns:
      `conv(x, features, size, name) -> feature maps`.
    """
    norm = self.batch_norm(train=train)
    dropout = self.dropout()

    def conv(x: jax.Array, features: int, size: int, name: str) -> jax.Array:
      y = Conv(
        features,
        size,
        use_bias=False,
        kernel_init=nn.initializers.he_normal(),
        name=name,
      )(x)
      y = nn.relu(norm(name=f'{name}_norm')(y))
      return dropout(name=f'{name}_dropout')(y, train=train)

    return conv
