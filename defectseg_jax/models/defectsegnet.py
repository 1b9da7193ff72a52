"""DefectSegNet: dense within a block and across encoder and decoder.

Roberts et al., Scientific Reports 9, 12744 (2019), Figure 4. The widths, and
the order convolution, ReLU, batch normalisation, are those of the authors'
release, with two differences: batch normalisation uses running statistics at
test time, so that a tile's result does not depend on what else is in the
batch, and the output is a plain logit.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn

from defectseg_jax.models import blocks, layers, receptive_field
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.convolution import Conv

# The published table: the maps of each of two convolutions at 1, 1/2 and 1/4
# of the resolution; of two at 1/8; of each up-convolution and of the
# convolutions after it.
WIDTHS = ((4, 16, 32), 64, ((32, (32, 32)), (16, (16, 16)), (8, (4,))))


class DefectSegNet(Architecture):
  """19 hidden layers, 350,428 trainable parameters; reaches 51 pixels.

  The four ideas can be taken away, each on its own: `hybrids`.

  Attributes:
    widths: the numbers of maps, as `WIDTHS`.
    dense_blocks: whether a layer sees all earlier ones of its block, or only
      the last.
    skips: whether the decoder sees the encoder's blocks.
    concatenation: whether maps are joined side by side, or added.
    transposed_convolution: whether up-sampling is learned, or bilinear.
  """

  widths: tuple = WIDTHS
  dense_blocks: bool = True
  skips: bool = True
  concatenation: bool = True
  transposed_convolution: bool = True

  # Three poolings halve an image's sides three times.
  size_multiple = 8

  @property
  def longest_path(self) -> Sequence[receptive_field.Layer]:
    """Down and up again; the same for all that is taken away but one."""
    encoder, _, decoder = self.widths
    conv = receptive_field.convolution(3)
    up = receptive_field.up_convolution(2 if self.transposed_convolution else 4)
    path = [conv, conv, receptive_field.max_pool_2x2] * len(encoder)
    path += [conv, conv]
    for _, convs in decoder:
      path += [up] + [conv] * len(convs)
    return [*path, conv]

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
    self.require_micrographs(x)
    normalised = self.batch_norm(train=train)
    dropout = self.dropout()
    up_sampling = (
      layers.UpConvolution if self.transposed_convolution else layers.BilinearUp
    )
    number = iter(range(1, 20))

    def joined(maps):
      return maps if self.concatenation else [_added(maps)]

    def conv(maps, features):
      i = next(number)
      y = _convolution(
        joined(maps),
        features,
        kernel_init=nn.initializers.he_normal(),
        name=f'conv_{i}',
      )
      factors = dropout(name=f'dropout_{i}').factors(y, train=train)
      y = normalised(name=f'norm_{i}')(nn.relu(y), factors)
      return [*maps, y] if self.dense_blocks else [y]

    def pool(maps):
      # The maximum of a concatenation is the concatenation of maxima.
      y = jnp.concatenate([_max_pool(m) for m in joined(maps)], axis=-1)
      return [normalised(name=f'norm_{next(number)}')(y)]

    def up(maps, features, in_blocks):
      i = next(number)
      y = up_sampling(features, in_blocks=in_blocks, name=f'up_{i}')(
        jnp.concatenate(joined(maps), axis=-1)
      )
      return [normalised(name=f'norm_{i}')(y)]

    encoder, bottleneck, decoder = self.widths
    # Maps at full resolution are in blocks, on the way down and up.
    across, maps = [], [blocks.to_blocks(x)]
    for features in encoder:
      for _ in range(2):
        maps = conv(maps, features)
      across.append(maps if self.skips else [])
      maps = pool(maps)
    for _ in range(2):
      maps = conv(maps, bottleneck)
    for up_features, conv_features in decoder:
      skipped = across.pop()
      maps = [*skipped, *up(maps, up_features, in_blocks=not across)]
      for features in conv_features:
        maps = conv(maps, features)
    return blocks.from_blocks(_convolution(joined(maps), 1, name='output'))


def _convolution(maps, features, **options):
  """3 x 3, of maps side by side, in blocks or not."""
  if maps[0].ndim == 5:
    return blocks.Conv(features, **options)(maps)
  return Conv(features, **options)(jnp.concatenate(maps, axis=-1))


def _max_pool(maps):
  in_blocks = maps.ndim == 5
  return blocks.max_pool(maps) if in_blocks else layers.max_pool_2x2(maps)


def _added(maps):
  """The sum; what has fewer maps than others lacks the last of them.

  He et al., Deep residual learning, CVPR 2016, section 4.1, option A: no
  parameter is added.
  """
  most = max(m.shape[-1] for m in maps)
  lacking = [(0, 0)] * (maps[0].ndim - 1)
  return sum(jnp.pad(m, [*lacking, (0, most - m.shape[-1])]) for m in maps)
