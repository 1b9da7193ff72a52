"""FCN-8s: coarse scores, interpolated and corrected by finer ones.

Long, Shelhamer & Darrell, CVPR 2015 (arXiv:1411.4038), sections 3.3 and 4, on
VGG-16 (Simonyan & Zisserman, ICLR 2015, configuration D). As there, up-sampling
begins bilinear and is learned, but for the last, which stays bilinear, and the
scores of the finer layers begin at 0. Differences: zeros are padded where the
image is padded by 100 and cropped; nothing is pre-trained, so that batch
normalisation takes the place of each hidden convolution's bias, and the
coarsest scores begin at random; one class is one logit.

The paper counts 134 million parameters, of FCN-32s with 21 classes and three
channels: 134,346,581. Jégou et al. (see `fc_densenet`) count 134.5 million for
FCN-8s, the kernels of interpolation among them: 134,489,759.
"""

from flax import linen as nn
from jaxtyping import Array, Float

from defectseg_jax.models import layers
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.plans import FCN8sPlan


class FCN8s(FCN8sPlan, Architecture):
  """15 hidden convolutions, five poolings; receptive-field radius 245 px.

  134,276,707 parameters, 351,255 as `fcn8s_350k`.
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
    conv = self.conv_norm_relu(train=train)
    pooled = []
    *block_widths, width_6, width_7 = self.widths
    for block, features in enumerate(block_widths, 1):
      for i in range(1, self.convolutions[block - 1] + 1):
        x = conv(x, features, 3, f'conv_{block}_{i}')
      x = layers.max_pool_2x2(x)
      pooled.append(x)
    x = conv(x, width_6, 7, 'conv_6')
    x = conv(x, width_7, 1, 'conv_7')
    scores = nn.Conv(1, (1, 1), name='score_7')(x)
    for block in (4, 3):
      finer = nn.Conv(
        1,
        (1, 1),
        kernel_init=nn.initializers.zeros,
        name=f'score_{block}',
      )(pooled[block - 1])
      up_sampled = layers.UpConvolution(
        1,
        size=4,
        kernel_init=layers.bilinear_kernel,
        use_bias=False,
        name=f'up_{block}',
      )(scores)
      scores = finer + up_sampled
    return layers.upsample_bilinear(scores, 8)
