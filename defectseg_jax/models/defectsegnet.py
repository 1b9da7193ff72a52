"""DefectSegNet: dense within a block and across encoder and decoder.

Roberts et al., Scientific Reports 9, 12744 (2019), Figure 4. The widths, and
the order convolution, ReLU, batch normalisation, are those of the authors'
release, with two differences: batch normalisation uses running statistics at
test time, so that a tile's result does not depend on what else is in the
batch, and the output is a plain logit.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from defectseg_jax.models import layers
from defectseg_jax.models import space_to_depth as s2d
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.convolution import Conv
from defectseg_jax.models.plans import DefectSegNetPlan

# Feature maps of several layers at one resolution, not yet joined. At full
# resolution they are in space-to-depth form, and have five axes.
_Maps = list[jax.Array]


class _Layers(NamedTuple):
  """The numbered layers of a network; each takes and returns feature maps."""

  conv: Callable[[_Maps, int], _Maps]
  pool: Callable[[_Maps], _Maps]
  up: Callable[[_Maps, int, bool], _Maps]


class DefectSegNet(DefectSegNetPlan, Architecture):
  """19 hidden layers, 350,428 parameters; receptive-field radius 51 px.

  Its plan can leave out each of its four ideas: see `hybrids`.
  """

  @nn.compact
  def __call__(
    self, x: Float[Array, 'n h w 1'], *, train: bool = False
  ) -> Float[Array, 'n h w 1']:
    """Logits of a batch of micrographs.

    Args:
      x: float32 [N, H, W, 1], H and W divisible by 8.
      train: whether the batch's own statistics are used, and feature maps are
        dropped. The caller then makes `batch_stats` mutable, and gives a
        `dropout` key if the rate is not 0.

    Returns:
      float32 [N, H, W, 1] logits: a sigmoid makes them probabilities.

    Raises:
      ValueError: H or W is not divisible by 8, or there is not one channel.
    """
    self.require_micrographs(x)
    conv, pool, up = self._layers(train=train)
    encoder, bottleneck, decoder = self.widths
    # At full resolution in space-to-depth form, on the way down and up.
    across, maps = [], [s2d.space_to_depth(x)]
    for features in encoder:
      for _ in range(2):
        maps = conv(maps, features)
      across.append(maps if self.skips else [])
      maps = pool(maps)
    for _ in range(2):
      maps = conv(maps, bottleneck)
    for up_features, conv_features in decoder:
      skipped = across.pop()
      to_depth = not across
      maps = [*skipped, *up(maps, up_features, to_depth)]
      for features in conv_features:
        maps = conv(maps, features)
    return s2d.depth_to_space(_convolve(self._join(maps), 1, name='output'))

  @nn.nowrap
  def _join(self, maps: _Maps) -> _Maps:
    """What the next layer sees of several layers."""
    return maps if self.concatenation else [_sum_maps(maps)]

  @nn.nowrap
  def _layers(self, *, train: bool) -> _Layers:
    """Layers that are numbered in the order in which they are called."""
    norm = self.batch_norm(train=train)
    dropout = self.dropout()
    up_sampling = (
      layers.UpConvolution if self.transposed_convolution else layers.BilinearUp
    )
    number = iter(range(1, 20))

    def conv(maps: _Maps, features: int) -> _Maps:
      i = next(number)
      y = _convolve(
        self._join(maps),
        features,
        kernel_init=nn.initializers.he_normal(),
        name=f'conv_{i}',
      )
      factors = dropout(name=f'dropout_{i}').factors(y, train=train)
      y = norm(name=f'norm_{i}')(nn.relu(y), factors)
      return [*maps, y] if self.dense_blocks else [y]

    def pool(maps: _Maps) -> _Maps:
      # The maximum of a concatenation is the concatenation of maxima.
      y = jnp.concatenate([_max_pool(m) for m in self._join(maps)], axis=-1)
      return [norm(name=f'norm_{next(number)}')(y)]

    def up(maps: _Maps, features: int, to_depth: bool) -> _Maps:
      i = next(number)
      y = up_sampling(features, to_depth=to_depth, name=f'up_{i}')(
        jnp.concatenate(self._join(maps), axis=-1)
      )
      return [norm(name=f'norm_{i}')(y)]

    return _Layers(conv, pool, up)


def _convolve(maps: _Maps, features: int, **options: Any) -> jax.Array:
  """3 x 3 convolution of feature maps side by side, in either form."""
  if maps[0].ndim == 5:
    return s2d.Conv(features, **options)(maps)
  return Conv(features, **options)(jnp.concatenate(maps, axis=-1))


def _max_pool(maps: jax.Array) -> jax.Array:
  return s2d.max_pool(maps) if maps.ndim == 5 else layers.max_pool_2x2(maps)


def _sum_maps(maps: _Maps) -> jax.Array:
  """The sum; a layer with fewer feature maps is filled up with zeros.

  He et al., Deep residual learning, CVPR 2016, section 4.1, option A: no
  parameter is added.
  """
  most = max(m.shape[-1] for m in maps)
  before = [(0, 0)] * (maps[0].ndim - 1)
  padded = [jnp.pad(m, [*before, (0, most - m.shape[-1])]) for m in maps]
  return sum(padded[1:], start=padded[0])
