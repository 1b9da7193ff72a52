"""Numbers of an image, or of a sample, to properties of its alloy."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

from defectseg_jax.quantification.densities import NM
from defectseg_jax.quantification.intervals import Interval, interval_columns
from defectseg_jax.quantification.properties import hardening, sinks
from defectseg_jax.quantification.properties.carry import Measured, carry
from defectseg_jax.quantification.properties.settings import PropertySettings

_MPA, _GPA = 1e6, 1e9
CONVENTIONS = {
  'hardening_barrier_mpa': (
    'alpha M mu b sqrt(N d): dispersed barriers (Seeger 1958), a share of the '
    'yield stress'
  ),
  'hardening_orowan_mpa': (
    '0.538 mu b sqrt(f) / d ln(d / 2 b): Ashby and Orowan by Gladman (1999), '
    'f = pi N d^3 / 6'
  ),
  'hardening_bks_mpa': (
    'M mu b / (2 pi L) (ln(D / r0) + B), 1 / D = 1 / d + 1 / L, L = '
    '1 / sqrt(N d) - d: Bacon, Kocks and Scattergood (1973); B is 1.52 of '
    'voids and 0.7 of precipitates'
  ),
  'hardening_taylor_mpa': 'alpha M mu b sqrt(rho): Taylor (1934)',
  'obstacle_spacing_nm': '1 / sqrt(N d): between centres in a slip plane',
  'sink_strength_per_m2': (
    '4 pi r N of voids and precipitates, Z rho of dislocations: Brailsford and '
    'Bullough (1972), first order'
  ),
  'point_defect_path_nm': '1 / sqrt(sink strength)',
}
_OF_PARTICLES = (
  'hardening_barrier_mpa',
  'hardening_orowan_mpa',
  'hardening_bks_mpa',
  'obstacle_spacing_nm',
  'sink_strength_per_m2',
  'point_defect_path_nm',
)
_OF_VOIDS = tuple(one for one in _OF_PARTICLES if 'orowan' not in one)
_OF_LINES = (
  'hardening_taylor_mpa',
  'sink_strength_per_m2',
  'point_defect_path_nm',
)
# By whether densities are corrected: of particles and of lines.
_PARTICLE_INPUTS = {
  'plain': ('number_density_per_m3', 'diameter_mean_nm'),
  'corrected': (
    'number_density_corrected_per_m3',
    'diameter_mean_corrected_nm',
  ),
}
_LINE_INPUTS = {
  'plain': ('density_length_per_m2',),
  'corrected': ('density_length_corrected_per_m2',),
}


def property_names(defect: str, settings: PropertySettings) -> tuple[str, ...]:
  """The properties of a defect; none where no alloy is named.

  Args:
    defect: dislocations are lines, voids no Orowan obstacles with an interface,
      and all else precipitates.
    settings: of the alloy.
  """
  if not settings.alloy:
    return ()
  by_defect = {'dislocations': _OF_LINES, 'voids': _OF_VOIDS}
  return by_defect.get(defect, _OF_PARTICLES)


def input_names(defect: str, settings: PropertySettings) -> tuple[str, ...]:
  """The numbers of a summary that they are made of."""
  kinds = _LINE_INPUTS if defect == 'dislocations' else _PARTICLE_INPUTS
  return kinds[settings.densities]


def properties_of(
  numbers: Mapping[str, Measured], defect: str, settings: PropertySettings
) -> dict[str, Measured]:
  """All properties that follow from some numbers.

  Args:
    numbers: by name, those of `input_names`.
    defect: whose numbers they are.
    settings: constants of the alloy.

  Returns:
    By name, in MPa, nanometres and per square metre; NaN where a number is.

  Examples:
    >>> from defectseg_jax.quantification.intervals import Interval
    >>> steel = PropertySettings(
    ...   'steel', shear_modulus_gpa=80, burgers_nm=0.25, taylor_factor=3
    ... )
    >>> numbers = {
    ...   'number_density_per_m3': Measured(1e22, Interval(0.5e22, 2e22)),
    ...   'diameter_mean_nm': Measured(10.0, Interval(10.0, 10.0)),
    ... }
    >>> found = properties_of(numbers, 'voids', steel)['hardening_barrier_mpa']
    >>> print('{:.0f} ({:.0f} to {:.0f})'.format(found.value, *found.interval))
    600 (424 to 849)
  """
  names = input_names(defect, settings)
  # One of lines, two of particles.
  given = zip(('density', 'diameter_nm'), (numbers[one] for one in names))
  inputs: dict[str, Measured] = dict(given)
  formulas = _formulas(defect, settings)
  return {
    name: carry(
      formulas[name],
      inputs,
      factor_uncertainty=settings.strength_uncertainty
      if name in ('hardening_barrier_mpa', 'hardening_taylor_mpa')
      else 0.0,
    )
    for name in property_names(defect, settings)
  }


def property_columns(
  summary: Mapping[str, float], defect: str, settings: PropertySettings
) -> dict[str, float]:
  """Columns of a table, each with the ends of its interval.

  Args:
    summary: numbers of one image, with `_low` and `_high`.
    defect: whose numbers they are.
    settings: constants of the alloy; without a name there are no columns.
  """
  if not settings.alloy:
    return {}
  numbers = {
    name: Measured(
      summary[name],
      Interval(
        *(summary.get(f'{name}_{end}', math.nan) for end in ('low', 'high'))
      ),
    )
    for name in input_names(defect, settings)
  }
  columns = {}
  for name, one in properties_of(numbers, defect, settings).items():
    columns |= interval_columns(name, *one)
  return columns


def _formulas(
  defect: str, settings: PropertySettings
) -> dict[str, Callable[..., float]]:
  """By name, of the density and, of particles, of `diameter_nm`."""
  elastic: dict[str, Any] = {
    'shear_modulus_pa': settings.shear_modulus_gpa * _GPA,
    'burgers_m': settings.burgers_nm * NM,
  }
  plastic = {**elastic, 'taylor_factor': settings.taylor_factor}
  if defect == 'dislocations':
    taylor = functools.partial(
      hardening.taylor_pa, strength=settings.strength_dislocations, **plastic
    )
    sink = functools.partial(
      sinks.dislocation_sink_per_m2, bias=settings.sink_bias
    )
    return {
      'hardening_taylor_mpa': lambda density: taylor(density) / _MPA,
      'sink_strength_per_m2': lambda density: sink(density),
      'point_defect_path_nm': lambda density: (
        sinks.point_defect_path_m(sink(density)) / NM
      ),
    }
  voids = defect == 'voids'
  barrier = functools.partial(
    hardening.dispersed_barrier_pa,
    strength=settings.strength_voids
    if voids
    else settings.strength_precipitates,
    **plastic,
  )
  scattergood = functools.partial(
    hardening.bacon_kocks_scattergood_pa,
    term=hardening.VOID_TERM if voids else hardening.PARTICLE_TERM,
    core_radius_m=settings.core_radius_burgers * settings.burgers_nm * NM,
    **plastic,
  )
  orowan = functools.partial(hardening.ashby_orowan_pa, **elastic)

  def in_units(
    formula: Callable[[float, float], float], unit: float
  ) -> Callable[..., float]:
    return lambda density, diameter_nm: (
      formula(density, diameter_nm * NM) / unit
    )

  return {
    'hardening_barrier_mpa': in_units(barrier, _MPA),
    'hardening_orowan_mpa': in_units(orowan, _MPA),
    'hardening_bks_mpa': in_units(scattergood, _MPA),
    'obstacle_spacing_nm': in_units(hardening.obstacle_spacing_m, NM),
    'sink_strength_per_m2': in_units(sinks.particle_sink_per_m2, 1.0),
    'point_defect_path_nm': in_units(
      lambda n, d: sinks.point_defect_path_m(sinks.particle_sink_per_m2(n, d)),
      NM,
    ),
  }
