"""Constants of an alloy: the section `config.properties`."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import (
  Bounds,
  Relative,
  one_of,
  require_fields,
  within,
)
from defectseg_jax.errors import InputError

DENSITIES = ('plain', 'corrected')
# What must be known of an alloy. No metal lies outside of these, so that a
# number in another unit is noticed; 0 says that no alloy is named.
_SHEAR_MODULUS_GPA = within(5, 500, 'it is in gigapascals, about 80 in steel')
_BURGERS_NM = within(0.1, 1, 'it is in nanometres, about 0.25 in steel')

_Strength = Annotated[float, within(0, 2, 'an impenetrable obstacle has 1')]


def _or_zero(bounds: Bounds) -> Bounds:
  return dataclasses.replace(bounds, low=0)


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
  shear_modulus_gpa: Annotated[float, _or_zero(_SHEAR_MODULUS_GPA)] = 0.0
  burgers_nm: Annotated[float, _or_zero(_BURGERS_NM)] = 0.0
  taylor_factor: Annotated[
    float, within(1, 10, 'it is near 3 in polycrystals')
  ] = 3.06
  strength_voids: _Strength = 1.0
  strength_precipitates: _Strength = 1.0
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
    for name, bounds in (
      ('shear_modulus_gpa', _SHEAR_MODULUS_GPA),
      ('burgers_nm', _BURGERS_NM),
    ):
      value = getattr(self, name)
      if not bounds.hold(value):
        raise InputError(
          f'config.properties.{name}={value:g}: cannot be that of alloy '
          f'{self.alloy}, and must be {bounds.in_words()}'
        )


NO_PROPERTIES = PropertySettings()
