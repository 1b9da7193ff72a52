"""DefectSegNet: dense within a block and across encoder and decoder.

Roberts et al., Scientific Reports 9, 12744 (2019), Figure 4. The widths, and
the order convolution, ReLU, batch normalisation, are those of the authors'
release, with two differences: batch normalisation uses running statistics at
test time, so that a tile's result does not depend on what else is in the
batch, and the output is a plain logit.
"""

import functools

import jax
import jax.numpy as jnp
from flax import linen as nn

from defectseg_jax.models import layers

# The rows of the published table: convolutions and maps at each resolution.
ENCODER_FEATURES = (4, 16, 32)
BOTTLENECK_FEATURES = 64
DECODER_FEATURES = ((32, (32, 32)), (16, (16, 16)), (8, (4,)))


class DefectSegNet(nn.Module):
  """19 hidden layers, 350,428 trainable parameters.

  Attributes:
    dropout_rate: fraction of maps dropped after each hidden convolution.
    batch_norm_momentum: how much of the running statistics a step keeps.
    axis_name: the mapped axis over which the statistics of a batch are
      gathered, or None for a batch on one device.
  """

  dropout_rate: float = 0.0
  batch_norm_momentum: float = 0.9
  axis_name: str | None = None

  # A logit depends on no pixel further away than this, in rows or columns.
  receptive_radius = 51
  # Three poolings halve an image's sides three times.
  size_multiple = 8

  @nn.compact
  def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
    """Logits of a batch of micrographs.

    Args:
      x: float32 [N, H, W, 1], H and W divisible by 8.
      train: whether statistics are the batch's own and maps are dropped; the
        caller then makes `batch_stats` mutable and gives a `dropout` key if
        the rate is not 0.

    Returns:
      float32 [N, H, W, 1] logits: a sigmoid makes them probabilities.

    Raises:
      ValueError: H or W is not divisible by 8, or there is not one channel.
    """
    _, height, width, channels = x.shape
    if height % self.size_multiple or width % self.size_multiple:
      raise ValueError(
        f'{height} x {width} pixels: both must divide by {self.size_multiple}'
      )
    if channels != 1:
      raise ValueError(f'{channels} channels: a micrograph has one')

    normalised = functools.partial(
      nn.BatchNorm,
      use_running_average=not train,
      momentum=self.batch_norm_momentum,
      epsilon=1e-3,
      axis_name=self.axis_name,
    )
    dropout = functools.partial(
      layers.MapDropout, self.dropout_rate, self.axis_name
    )
    number = iter(range(1, 20))

    def conv(maps, features):
      i = next(number)
      y = jnp.concatenate(maps, axis=-1)
      y = nn.Conv(
        features,
        (3, 3),
        kernel_init=nn.initializers.he_normal(),
        name=f'conv_{i}',
      )(y)
      y = normalised(name=f'norm_{i}')(nn.relu(y))
      return dropout(name=f'dropout_{i}')(y, train=train)

    def pool(maps):
      # The maximum of a concatenation is the concatenation of maxima.
      y = layers.max_pool_2x2(jnp.concatenate(maps, axis=-1))
      return normalised(name=f'norm_{next(number)}')(y)

    def up(maps, features):
      i = next(number)
      y = jnp.concatenate(maps, axis=-1)
      y = layers.UpConvolution(features, name=f'up_{i}')(y)
      return normalised(name=f'norm_{i}')(y)

    skips, maps = [], [x]
    for features in ENCODER_FEATURES:
      for _ in range(2):
        maps = [*maps, conv(maps, features)]
      skips.append(maps)
      maps = [pool(maps)]
    for _ in range(2):
      maps = [*maps, conv(maps, BOTTLENECK_FEATURES)]
    for up_features, conv_features in DECODER_FEATURES:
      maps = [*skips.pop(), up(maps, up_features)]
      for features in conv_features:
        maps = [*maps, conv(maps, features)]
    return nn.Conv(1, (3, 3), name='output')(jnp.concatenate(maps, axis=-1))
