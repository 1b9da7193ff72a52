"""What every architecture has: its options, its shapes, its reach."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import jax
from flax import linen as nn

from defectseg_jax.models import layers, receptive_field
from defectseg_jax.models.convolution import Conv
from defectseg_jax.models.normalisation import BatchNorm


class Architecture(nn.Module):
  """From float32 [N, H, W, 1] micrographs to [N, H, W, 1] logits.

  An architecture says its `size_multiple`, which H and W must be multiples of,
  and its `longest_path`.

  Attributes:
    dropout_rate: fraction of maps dropped after each hidden convolution.
    batch_norm_momentum: how much of the running statistics a step keeps.
    axis_name: the mapped axis over which the statistics of a batch are
      gathered, or None for a batch on one device.
  """

  dropout_rate: float = 0.0
  batch_norm_momentum: float = 0.9
  axis_name: str | None = None

  size_multiple: ClassVar[int]

  @property
  def longest_path(self) -> Sequence[receptive_field.Layer]:
    """The layers from the image to the output, for `receptive_field.radius`."""
    raise NotImplementedError

  @property
  def receptive_field_radius_px(self) -> int:
    """A logit depends on no pixel further away, in rows or columns."""
    return receptive_field.radius(self.longest_path, self.size_multiple)

  @property
  def outside_training(self) -> 'Architecture':
    """The same network without what only a step of training asks for.

    Models that differ in nothing else are equal then, and are compiled once.
    """
    return self.clone(axis_name=None, dropout_rate=0.0)

  @nn.nowrap
  def require_micrographs(self, x: jax.Array) -> None:
    """Raises ValueError unless H and W divide, and there is one channel."""
    _, height, width, channels = x.shape
    if height % self.size_multiple or width % self.size_multiple:
      raise ValueError(
        f'{height} x {width} pixels: both must divide by {self.size_multiple}'
      )
    if channels != 1:
      raise ValueError(f'{channels} channels: a micrograph has one')

  @nn.nowrap
  def batch_norm(self, *, train: bool) -> Callable[..., nn.Module]:
    """Batch normalisation, still to be named."""
    return functools.partial(
      BatchNorm,
      use_running_average=not train,
      momentum=self.batch_norm_momentum,
      axis_name=self.axis_name,
    )

  @nn.nowrap
  def dropout(self) -> Callable[..., nn.Module]:
    """Dropout of whole maps, still to be named."""
    return functools.partial(
      layers.MapDropout, self.dropout_rate, self.axis_name
    )

  @nn.nowrap
  def conv_norm_relu(self, *, train: bool) -> Callable[..., jax.Array]:
    """Convolution, batch normalisation in place of its bias, ReLU, dropout.

    Returns:
      `conv(x, features, size, name) -> maps`.
    """
    normalised = self.batch_norm(train=train)
    dropout = self.dropout()

    def conv(x, features, size, name):
      y = Conv(
        features,
        size,
        use_bias=False,
        kernel_init=nn.initializers.he_normal(),
        name=name,
      )(x)
      y = nn.relu(normalised(name=f'{name}_norm')(y))
      return dropout(name=f'{name}_dropout')(y, train=train)

    return conv


def scaled(widths: Any, factor: float) -> Any:
  """The numbers of maps of a network, multiplied and rounded.

  Args:
    widths: integers in a tuple, which may hold tuples.
    factor: what the square root of the parameter count grows by, nearly.

  Returns:
    A tuple of the same form.
  """
  return jax.tree.map(lambda maps: round(factor * maps), widths)
