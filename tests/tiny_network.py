"""A network of seven convolutions, by the name of 'tiny'.

Most of a short run is tracing and compiling, which takes half as long for it.
What is told of Slurm, launch/ and the README's commands, and of a train step,
keeps to the networks that people have.
"""

import functools

import flax.linen as nn
import jax.numpy as jnp

from defectseg_jax.models import ARCHITECTURES, receptive_field
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.convolution import Conv
from defectseg_jax.models.unet import UNet

ARCHITECTURES['tiny'] = functools.partial(UNet, widths=(16, 24))


class Exploding(UNet):
  """Its first loss is sound; the weights that the first step leaves are not.

  No learning rate that is taken does so to a network that learns.
  """

  @nn.compact
  def __call__(self, x, *, train=False):
    """Logits, times 1 before the first step, and times infinity after it."""
    away = self.param('away', nn.initializers.zeros, ())
    return super().__call__(x, train=train) * (jnp.exp(1e7 * away**2) + away)


ARCHITECTURES['exploding'] = functools.partial(Exploding, widths=(16, 24))


class Shallow(Architecture):
  """Two convolutions: where only what is around a network matters."""

  size_multiple = 1

  @property
  def longest_path(self):
    """Of two convolutions."""
    return [receptive_field.convolution(3)] * 2

  @nn.compact
  def __call__(self, x, *, train=False):
    """Logits."""
    x = self.conv_norm_relu(train=train)(x, 4, 3, 'hidden')
    return Conv(1, 3, name='output')(x)


ARCHITECTURES['shallow'] = Shallow
