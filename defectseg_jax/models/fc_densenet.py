"""FC-DenseNet, the "One Hundred Layers Tiramisu": dense blocks in a U.

Jégou, Drozdzal, Vazquez, Romero & Bengio, CVPR Workshops 2017
(arXiv:1611.09326), section 3, Tables 1 and 2. Differences: no biases but the
output's, since batch normalisation, or the output's own, undoes them; dropout
is spatial, and comes after the first convolution too; one class is one logit.

The paper counts 1.5, 3.5 and 9.4 million parameters with 56, 67 and 103 layers.
With three channels, 11 classes, biases, and the running statistics of batch
normalisation, which its release counts too, that is 9,425,163 with 103 layers
and 3,502,923 with 67. With 56 its description gives 1,397,963, and not 1.5.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from defectseg_jax.models import layers
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.convolution import Conv
from defectseg_jax.models.plans import FCDenseNetPlan


class FCDenseNet(FCDenseNetPlan, Architecture):
  """Five poolings; the defaults are FC-DenseNet103.

  `radius` is that of the receptive field.

  | layers | block_layers        | growth_rate | parameters | radius   |
  |--------|---------------------|-------------|------------|----------|
  | 103    | 4, 5, 7, 10, 12, 15 | 16          | 9,314,641  | 1,171 px |
  | 67     | six of 5            | 16          | 3,456,721  | 533 px   |
  | 56     | six of 4            | 12          | 1,372,225  | 439 px   |
  | 56     | six of 4            | 6           | 348,505    | 439 px   |

  The last has 24 first features in place of 48, and DefectSegNet's size.
  """

  @nn.compact
  def __call__(
    self, x: Float[Array, 'n h w 1'], *, train: bool = False
  ) -> Float[Array, 'n h w 1']:
    """Logits of a batch of micrographs.

    Args:
      x: float32 [N, H, W, 1], H and W divisible by 32.
      train: whether the batch's own statistics are used, and feature maps are
        dropped.

    Returns:
      float32 [N, H, W, 1] logits.

    Raises:
      ValueError: H or W is not divisible by 32, or there is not one channel.
    """
    self.require_micrographs(x)
    conv = self._conv_dropout(train=train)
    norm_relu_conv = self._norm_relu_conv(train=train)

    def dense_block(stack: jax.Array, count: int, name: str) -> list[jax.Array]:
      """The feature maps that the layers add to the stack."""
      added = []
      for i in range(1, count + 1):
        seen = jnp.concatenate([stack, *added], axis=-1)
        added.append(norm_relu_conv(seen, self.growth_rate, 3, f'{name}_{i}'))
      return added

    *encoder, bottom = self.block_layers
    stack, across = conv(x, self.first_features, 3, 'first'), []
    for level, count in enumerate(encoder):
      added = dense_block(stack, count, f'down_{level}')
      stack = jnp.concatenate([stack, *added], axis=-1)
      across.append(stack)
      features = stack.shape[-1]
      stack = norm_relu_conv(stack, features, 1, f'transition_{level}')
      stack = layers.max_pool_2x2(stack)
    added = dense_block(stack, bottom, 'bottom')
    for level, count in reversed([*enumerate(encoder)]):
      # Only what the block added goes up, or the feature maps would pile up.
      up = layers.UpConvolution(
        self.growth_rate * len(added),
        size=3,
        use_bias=False,
        name=f'up_{level}',
      )(jnp.concatenate(added, axis=-1))
      stack = jnp.concatenate([up, across.pop()], axis=-1)
      added = dense_block(stack, count, f'again_{level}')
    stack = jnp.concatenate([stack, *added], axis=-1)
    return nn.Conv(1, (1, 1), name='output')(stack)

  @nn.nowrap
  def _conv_dropout(self, *, train: bool) -> Callable[..., jax.Array]:
    """`conv(x, features, size, name) -> feature maps`, some of them dropped."""
    dropout = self.dropout()

    def conv(x: jax.Array, features: int, size: int, name: str) -> jax.Array:
      y = Conv(
        features,
        size,
        use_bias=False,
        kernel_init=nn.initializers.he_normal(),
        name=name,
      )(x)
      return dropout(name=f'{name}_dropout')(y, train=train)

    return conv

  @nn.nowrap
  def _norm_relu_conv(self, *, train: bool) -> Callable[..., jax.Array]:
    """The same, after batch normalisation and ReLU."""
    norm, conv = self.batch_norm(train=train), self._conv_dropout(train=train)

    def norm_relu_conv(
      x: jax.Array, features: int, size: int, name: str
    ) -> jax.Array:
      x = nn.relu(norm(name=f'{name}_norm')(x))
      return conv(x, features, size, name)

    return norm_relu_conv
