"""Every architecture by its name, and what builds it."""

import functools
from collections.abc import Callable

from defectseg_jax.errors import InputError
from defectseg_jax.models import plans
from defectseg_jax.models.architecture import Architecture
from defectseg_jax.models.defectsegnet import DefectSegNet
from defectseg_jax.models.fc_densenet import FCDenseNet
from defectseg_jax.models.fcn import FCN8s
from defectseg_jax.models.plan_catalogue import PLANS
from defectseg_jax.models.settings import ModelSettings
from defectseg_jax.models.unet import UNet

_CLASSES: dict[type[plans.Plan], type[Architecture]] = {
  plans.DefectSegNetPlan: DefectSegNet,
  plans.FCDenseNetPlan: FCDenseNet,
  plans.FCN8sPlan: FCN8s,
  plans.UNetPlan: UNet,
}

ARCHITECTURES: dict[str, Callable[..., Architecture]] = {
  name: functools.partial(_CLASSES[type(plan)], **vars(plan))
  for name, plan in PLANS.items()
}


def create_model(
  settings: ModelSettings, *, axis_name: str | None = None
) -> Architecture:
  """Builds the network that the settings describe.

  Args:
    settings: the name of the architecture, and its options.
    axis_name: the mapped axis over which a training batch is divided; None for
      a batch on one device.

  Returns:
    A module from float32 [N, H, W, 1] to logits [N, H, W, 1]. Its
    `size_multiple` is what H and W must be multiples of, its
    `receptive_field_radius_px` is how far a logit sees.

  Raises:
    InputError: no architecture has that name.

  Examples:
    >>> import jax
    >>> import jax.numpy as jnp
    >>> model = create_model(ModelSettings('defectsegnet', dropout_rate=0.0))
    >>> model.size_multiple, model.receptive_field_radius_px
    (8, 51)
    >>> images = jnp.zeros((2, 64, 48, 1))
    >>> variables = jax.eval_shape(model.init, jax.random.key(0), images)
    >>> sum(leaf.size for leaf in jax.tree.leaves(variables['params']))
    350428
    >>> jax.eval_shape(model.apply, variables, images).shape
    (2, 64, 48, 1)
  """
  if settings.name not in ARCHITECTURES:
    raise InputError(
      f'config.model.name={settings.name}: choose one of '
      f'{", ".join(ARCHITECTURES)}'
    )
  return ARCHITECTURES[settings.name](
    dropout_rate=settings.dropout_rate,
    batch_norm_momentum=settings.batch_norm_momentum,
    axis_name=axis_name,
  )
