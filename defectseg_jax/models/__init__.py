"""Patches to logits: the architectures, and the one door to them."""

from collections.abc import Mapping
from typing import Any

from flax import linen as nn

from defectseg_jax.errors import InputError
from defectseg_jax.models.defectsegnet import DefectSegNet

ARCHITECTURES = {'defectsegnet': DefectSegNet}


def create_model(
  config: Mapping[str, Any], *, axis_name: str | None = None
) -> nn.Module:
  """The network that `config.model` describes.

  Args:
    config: `name`, and the attributes of that architecture.
    axis_name: the mapped axis over which a training batch is divided, or None.

  Returns:
    A module from float32 [N, H, W, 1] to logits [N, H, W, 1]. Its class says
    the `receptive_radius` in pixels and what H and W are a `size_multiple` of.

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
