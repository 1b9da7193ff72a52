"""Properties of an alloy, from the numbers of all images together."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from defectseg_jax.quantification import Interval, MeasurementSettings
from defectseg_jax.quantification.properties.carry import Measured
from defectseg_jax.quantification.properties.of_numbers import (
  input_names,
  properties_of,
)
from defectseg_jax.quantification.samples.planning import fewest_more_images


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


def images_to_halve_properties(
  numbers_with: Callable[[int], Mapping[str, Measured]],
  settings: MeasurementSettings,
) -> dict[str, int | None]:
  """How many more images would halve the interval of each property.

  Args:
    numbers_with: of so many more images, the numbers as `together` takes them.
    settings: how they were measured; with the alloy.

  Returns:
    By property; None where no number of images does: what they share, and how
    well a strength is known, does not become smaller.
  """

  def width(name: str, more: int) -> float:
    low, high = together(numbers_with(more), settings)[name].interval
    return high - low

  def halving(name: str) -> int | None:
    now = width(name, 0)
    if not 0 < now < math.inf:
      return None
    return fewest_more_images(lambda more: width(name, more) <= now / 2)

  return {name: halving(name) for name in settings.property_names}


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
