"""U-Net: the decoder sees the feature maps of the encoder beside its own.

Ronneberger, Fischer & Brox, MICCAI 2015 (arXiv:1505.04597), section 2 and
Figure 1. Three differences: zeros are padded, so that nothing is cropped;
batch normalisation takes the place of each hidden convolution's bias, since
training starts from random weights; one class is one logit. As drawn there,
with biases and two classes, the network has 31,030,658 parameters.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from defectseg_jax.models import layers
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.plans import UNetPlan


class UNet(UNetPlan, Architecture):
  """23 convolutions, four poolings; receptive-field radius 107 px.

  31,036,481 parameters, 350,054 as `unet_350k`.
  """

  @nn.compact
  def __call__(
    self, x: Float[Array, 'n h w 1'], *, train: bool = False
  ) -> Float[Array, 'n h w 1']:
    """Logits of a batch of micrographs.

    Args:
      x: float32 [N, H, W, 1], H and W divisible by 16.
      train: whether the batch's own statistics are used, and feature maps are
        dropped.

    Returns:
      float32 [N, H, W, 1] logits.

    Raises:
      ValueError: H or W is not divisible by 16, or there is not one channel.
    """
    self.require_micrographs(x)
    conv = self.conv_norm_relu(train=train)

    def two_convs(x: jax.Array, features: int, name: str) -> jax.Array:
      x = conv(x, features, 3, f'{name}_1')
      return conv(x, features, 3, f'{name}_2')

    across = []
    for level, features in enumerate(self.widths[:-1]):
      x = two_convs(x, features, f'down_{level}')
      across.append(x)
      x = layers.max_pool_2x2(x)
    x = two_convs(x, self.widths[-1], 'bottom')
    for level, features in reversed([*enumerate(self.widths[:-1])]):
      x = layers.UpConvolution(features, name=f'up_{level}')(x)
      x = jnp.concatenate([across.pop(), x], axis=-1)
      x = two_convs(x, features, f'again_{level}')
    return nn.Conv(1, (1, 1), name='output')(x)
