"""Patches to logits: the architectures, and the one door to them."""

import functools
from collections.abc import Mapping
from typing import Any

from defectseg_jax.errors import InputError
from defectseg_jax.models import fcn, unet
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.defectsegnet import DefectSegNet
from defectseg_jax.models.fc_densenet import FCDenseNet
from defectseg_jax.models.hybrids import HYBRIDS

# At the widths of their papers, and `_350k` at DefectSegNet's parameter count.
ARCHITECTURES = {
  'defectsegnet': DefectSegNet,
  **HYBRIDS,
  'fcn8s': fcn.FCN8s,
  'fcn8s_350k': functools.partial(fcn.FCN8s, widths=fcn.WIDTHS_350K),
  'unet': unet.UNet,
  'unet_350k': functools.partial(unet.UNet, widths=unet.WIDTHS_350K),
  'fc_densenet56': functools.partial(
    FCDenseNet, block_layers=(4,) * 6, growth_rate=12
  ),
  'fc_densenet67': functools.partial(FCDenseNet, block_layers=(5,) * 6),
  'fc_densenet103': FCDenseNet,
  'fc_densenet_350k': functools.partial(
    FCDenseNet, block_layers=(4,) * 6, growth_rate=6, first_features=24
  ),
}


def create_model(
  config: Mapping[str, Any], *, axis_name: str | None = None
) -> Architecture:
  """The network that `config.model` describes.

  Args:
    config: `name`, and the attributes of that architecture.
    axis_name: the mapped axis over which a training batch is divided, or None.

  Returns:
    A module from float32 [N, H, W, 1] to logits [N, H, W, 1], which says its
    `receptive_radius` in pixels and what H and W are a `size_multiple` of.

  Raises:
    InputError: the name is of no architecture, or an attribute out of range.
  """
  attributes = dict(config)
  name = attributes.pop('name')
  if name not in ARCHITECTURES:
    raise InputError(
      f'config.model.name={name}: choose one of {", ".join(ARCHITECTURES)}'
    )
  for field in ('dropout_rate', 'batch_norm_momentum'):
    if not 0 <= attributes[field] < 1:
      raise InputError(
        f'config.model.{field}={attributes[field]}: must be in [0, 1)'
      )
  return ARCHITECTURES[name](**attributes, axis_name=axis_name)
