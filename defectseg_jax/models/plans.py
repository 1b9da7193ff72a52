"""What each architecture is, told without JAX: its options, its reach.

A plan is all that a drawing of a network needs besides its weights. The class
that computes it with JAX extends its plan.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from defectseg_jax.models import receptive_field


@dataclasses.dataclass
class Plan:
  """What every architecture states.

  `size_multiple` is what H and W of an image must be multiples of.
  """

  size_multiple: ClassVar[int]

  @property
  def longest_path(self) -> Sequence[receptive_field.Layer]:
    """The layers from the image to the output, for `receptive_field.radius`."""
    raise NotImplementedError

  @property
  def receptive_field_radius_px(self) -> int:
    """Distance to the furthest pixel that a logit depends on.

    It is measured along rows or columns. A receptive field of radius r is at
    most 2 r + 1 pixels wide.

    Examples:
      >>> UNetPlan().receptive_field_radius_px
      107
    """
    return receptive_field.radius(self.longest_path, self.size_multiple)


@dataclasses.dataclass
class DefectSegNetPlan(Plan):
  """Of `defectsegnet.DefectSegNet`; each of its four ideas can be left out.

  Attributes:
    widths: numbers of feature maps, the published table: of each of two
      convolutions at 1, 1/2 and 1/4 of the resolution; of two at 1/8; of each
      up-convolution and of the convolutions after it.
    dense_blocks: whether a layer sees all earlier layers of its block, or only
      the last.
    skips: whether the decoder sees the encoder's blocks.
    concatenation: whether feature maps are joined side by side, or added.
    transposed_convolution: whether up-sampling is learned, or bilinear.
  """

  widths: tuple = (
    (4, 16, 32),
    64,
    ((32, (32, 32)), (16, (16, 16)), (8, (4,))),
  )
  dense_blocks: bool = True
  skips: bool = True
  concatenation: bool = True
  transposed_convolution: bool = True

  # Three poolings halve an image's sides three times.
  size_multiple = 8

  @property
  def longest_path(self) -> Sequence[receptive_field.Layer]:
    """Down and up again; of the hybrids, only the bilinear one differs."""
    encoder, _, decoder = self.widths
    conv = receptive_field.convolution(3)
    up = receptive_field.up_convolution(2 if self.transposed_convolution else 4)
    path = [conv, conv, receptive_field.max_pool_2x2] * len(encoder)
    path += [conv, conv]
    for _, convs in decoder:
      path += [up] + [conv] * len(convs)
    return [*path, conv]


@dataclasses.dataclass
class UNetPlan(Plan):
  """Of `unet.UNet`.

  Attributes:
    widths: feature maps at each resolution, of two convolutions each, from the
      image's to the lowest.
  """

  widths: tuple[int, ...] = (64, 128, 256, 512, 1024)

  size_multiple = 16

  @property
  def longest_path(self) -> Sequence[receptive_field.Layer]:
    """Down to the lowest resolution and up again."""
    conv = receptive_field.convolution(3)
    down = [conv, conv, receptive_field.max_pool_2x2]
    up = [receptive_field.up_convolution(2), conv, conv]
    levels = len(self.widths) - 1
    return [*down * levels, conv, conv, *up * levels]


@dataclasses.dataclass
class FCN8sPlan(Plan):
  """Of `fcn.FCN8s`.

  Attributes:
    widths: feature maps of the five blocks of VGG-16, and of what were its
      fully connected layers.
  """

  widths: tuple[int, ...] = (64, 128, 256, 512, 512, 4096, 4096)

  size_multiple = 32
  # Of each block.
  convolutions = (2, 2, 3, 3, 3)

  @property
  def longest_path(self) -> Sequence[receptive_field.Layer]:
    """Through the coarsest scores."""
    conv = receptive_field.convolution(3)
    path = []
    for count in self.convolutions:
      path += [conv] * count + [receptive_field.max_pool_2x2]
    return [
      *path,
      receptive_field.convolution(7),
      receptive_field.up_convolution(4),
      receptive_field.up_convolution(4),
      receptive_field.up_convolution(16, stride=8),
    ]


@dataclasses.dataclass
class FCDenseNetPlan(Plan):
  """Of `fc_densenet.FCDenseNet`; the defaults are FC-DenseNet103.

  Attributes:
    block_layers: layers of each dense block of the encoder, then of the one
      at the lowest resolution; the decoder mirrors them.
    growth_rate: feature maps that a layer adds.
    first_features: feature maps of the first convolution.
  """

  block_layers: tuple[int, ...] = (4, 5, 7, 10, 12, 15)
  growth_rate: int = 16
  first_features: int = 48

  size_multiple = 32

  @property
  def longest_path(self) -> Sequence[receptive_field.Layer]:
    """Through every layer."""
    conv = receptive_field.convolution(3)
    *encoder, bottom = self.block_layers
    path = [conv]
    for count in encoder:
      path += [conv] * count + [receptive_field.max_pool_2x2]
    path += [conv] * bottom
    for count in reversed(encoder):
      path += [receptive_field.up_convolution(3)] + [conv] * count
    return path


def scale_widths(widths: Any, factor: float) -> Any:
  """Multiplies the numbers of feature maps of a network, and rounds them.

  Args:
    widths: integers in a tuple, which may hold tuples.
    factor: about what the square root of the parameter count grows by.

  Returns:
    A tuple of the same form.

  Examples:
    >>> scale_widths((4, (8, 16)), 1.5)
    (6, (12, 24))
  """
  if isinstance(widths, tuple):
    return tuple(scale_widths(one, factor) for one in widths)
  return round(factor * widths)
