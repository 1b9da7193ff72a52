"""The plan of every architecture by its name; JAX is not loaded for it."""

from defectseg_jax.models.hybrids import HYBRIDS
from defectseg_jax.models.plans import (
  DefectSegNetPlan,
  FCDenseNetPlan,
  FCN8sPlan,
  Plan,
  UNetPlan,
  scale_widths,
)
from defectseg_jax.models.settings import ModelSettings

# At the widths of their papers, and `_350k` at DefectSegNet's parameter count.
PLANS: dict[str, Plan] = {
  'defectsegnet': DefectSegNetPlan(),
  **HYBRIDS,
  'fcn8s': FCN8sPlan(),
  'fcn8s_350k': FCN8sPlan(scale_widths(FCN8sPlan().widths, 0.0512)),
  'unet': UNetPlan(),
  'unet_350k': UNetPlan(scale_widths(UNetPlan().widths, 0.1063)),
  'fc_densenet56': FCDenseNetPlan(block_layers=(4,) * 6, growth_rate=12),
  'fc_densenet67': FCDenseNetPlan(block_layers=(5,) * 6),
  'fc_densenet103': FCDenseNetPlan(),
  'fc_densenet_350k': FCDenseNetPlan(
    block_layers=(4,) * 6, growth_rate=6, first_features=24
  ),
}


def plan_of(settings: ModelSettings) -> Plan:
  """The plan of the network that the settings describe.

  Args:
    settings: as of `create_model`.

  Returns:
    Its options, its reach, and what the sides of an image must divide by.

  Raises:
    InputError: no architecture has that name.

  Examples:
    >>> plan = plan_of(ModelSettings('defectsegnet'))
    >>> plan.size_multiple, plan.receptive_field_radius_px
    (8, 51)
  """
  if settings.name in PLANS:
    return PLANS[settings.name]
  # Who uses the package as a library may have added one, by its class alone.
  from defectseg_jax.models.catalogue import create_model

  return create_model(settings)
