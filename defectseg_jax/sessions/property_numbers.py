"""Properties of an alloy, from the numbers of all images together."""

import math
from collections.abc import Mapping
from typing import Any

from defectseg_jax.quantification import Interval, MeasurementSettings
from defectseg_jax.quantification.properties.carry import Measured
from defectseg_jax.quantification.properties.of_numbers import (
  input_names,
  properties_of,
)


def together(
  numbers: Mapping[str, Measured], settings: MeasurementSettings
) -> dict[str, Measured]:
  """Properties of a density and a diameter of several images.

  Not the mean of the images' own: strength goes with the root of a density.

  Args:
    numbers: by name, those of `input_names`; what is missing is not known.
    settings: how they were measured; with the alloy.
  """
  if not settings.property_names:
    return {}
  unknown = Measured(math.nan, Interval(math.nan, math.nan))
  needed = input_names(settings.defect, settings.properties)
  return properties_of(
    {name: numbers.get(name, unknown) for name in needed},
    settings.defect,
    settings.properties,
  )


def with_mean_properties(
  over_images: Mapping[str, Mapping[str, Any]], settings: MeasurementSettings
) -> dict[str, dict[str, Any]]:
  """Statistics over images, with properties of the mean numbers.

  Args:
    over_images: by name, as of `statistics_over_images`.
    settings: how they were measured.
  """
  means = {
    name: Measured(row['mean'], Interval(row['low'], row['high']))
    for name, row in over_images.items()
  }
  found = {name: dict(row) for name, row in over_images.items()}
  for name, one in together(means, settings).items():
    low, high = one.interval
    found[name] |= {
      'mean': one.value,
      'low': low,
      'high': high,
      'weighted_by': 'the mean numbers that it is made of',
    }
  return found


def property_remarks(settings: MeasurementSettings) -> list[str]:
  """Of which alloy properties are, and what their intervals leave out."""
  if not settings.property_names:
    return []
  known = settings.properties
  exact = ', and take strengths as exact' * (not known.strength_uncertainty)
  return [
    f'Properties are of {known.alloy} (mu = {known.shear_modulus_gpa:g} GPa, '
    f'b = {known.burgers_nm:g} nm, M = {known.taylor_factor:g}), each of one '
    f'kind of defect alone, from {known.densities} densities. Their intervals '
    f'hold those of densities and diameters{exact}; the constants stand in '
    'config.properties.'
  ]
