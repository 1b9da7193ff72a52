"""Constants of an alloy: the section `config.properties`."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import Relative, one_of, require_fields, within
from defectseg_jax.errors import InputError

DENSITIES = ('plain', 'corrected')
# What must be known of an alloy, and between what it lies in any metal.
_NEEDED = {
  'shear_modulus_gpa': (5, 500, 'gigapascals, about 80 in steel'),
  'burgers_nm': (0.1, 1, 'nanometres, about 0.25 in steel'),
}


@dataclasses.dataclass(frozen=True)
class PropertySettings:
  """An alloy; names and defaults are those of the config.

  Attributes:
    alloy: its name, for tables; '' for no properties.
    shear_modulus_gpa: mu.
    burgers_nm: b, length of the Burgers vector.
    taylor_factor: M, of a polycrystal without texture.
    strength_voids, strength_precipitates: alpha of the dispersed-barrier model.
    strength_dislocations: alpha of Taylor's.
    strength_uncertainty: relative standard uncertainty of those three.
    core_radius_burgers: r0 over b, inner cut-off of a dislocation's energy.
    sink_bias: Z of dislocations, for the point defect that is asked for.
    densities: whether properties follow from the plain or from the corrected
      densities and diameters.

  Raises:
    InputError: a constant is missing, out of its range, or in another unit.

  Examples:
    >>> PropertySettings('316', shear_modulus_gpa=81e9, burgers_nm=0.258)
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: shear_modulus_gpa=81000000000.0: must ...
  """

  alloy: str = ''
  shear_modulus_gpa: Annotated[
    float, within(0, 500, 'it is in gigapascals, about 80 in steel')
  ] = 0.0
  burgers_nm: Annotated[
    float, within(0, 1, 'it is in nanometres, about 0.25 in steel')
  ] = 0.0
  taylor_factor: Annotated[
    float, within(1, 10, 'it is near 3 in polycrystals')
  ] = 3.06
  strength_voids: Annotated[
    float, within(0, 2, 'an impenetrable obstacle has 1')
  ] = 1.0
  strength_precipitates: Annotated[
    float, within(0, 2, 'an impenetrable obstacle has 1')
  ] = 1.0
  strength_dislocations: Annotated[
    float, within(0, 2, 'it is between 0.1 and 0.5')
  ] = 0.3
  strength_uncertainty: Relative = 0.0
  core_radius_burgers: Annotated[
    float, within(0.1, 10, 'it is in lengths of the Burgers vector')
  ] = 1.0
  sink_bias: Annotated[
    float, within(0.1, 10, 'it is near 1 for vacancies and interstitials')
  ] = 1.0
  densities: Annotated[str, one_of(*DENSITIES)] = 'plain'

  def __post_init__(self) -> None:
    require_fields(type(self), vars(self), '')
    if not self.alloy:
      return
    for name, (low, high, unit) in _NEEDED.items():
      value = getattr(self, name)
      if not low <= value <= high:
        raise InputError(
          f'config.properties.{name}={value:g}: cannot be that of alloy '
          f'{self.alloy}; it is in {unit}: give it'
        )


NO_PROPERTIES = PropertySettings()
