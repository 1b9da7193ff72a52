"""What all images of a specimen share: scale, thickness and corrections."""

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.settings import QuantificationSettings

# Powers of the pixel size and of the thickness in each number. Those of
# swelling, V / (A t - V), are of small ones.
_POWERS = {
  'number_density_per_m3': (-2, -1),
  'number_density_corrected_per_m3': (-2, -1),
  'number_per_area_per_m2': (-2, 0),
  'line_length_per_area_per_m': (-1, 0),
  'diameter_mean_nm': (1, 0),
  'diameter_std_nm': (1, 0),
  'volume_fraction': (1, -1),
  'swelling': (1, -1),
  'density_grid_per_m2': (-1, -1),
  'density_length_per_m2': (-1, -1),
  'density_grid_corrected_per_m2': (-1, -1),
  'density_length_corrected_per_m2': (-1, -1),
}
_OF_CORRECTED_LINES = (
  'density_grid_corrected_per_m2',
  'density_length_corrected_per_m2',
)


def shared_uncertainty(name: str, settings: QuantificationSettings) -> float:
  """How wrong a number of all images may be together.

  One thickness and one scale, or one way to find them, belong to all images of
  a specimen: what is wrong with them does not average out. So it is with what
  corrected dislocation densities assume of the lines.

  Args:
    name: of a number of a summary.
    settings: with the relative standard uncertainties.

  Returns:
    Relative standard uncertainty; 0 for a number without a scale, as an IU.

  Examples:
    A density of particles goes with the thickness and the area, a mean diameter
    with the side of a pixel.

    >>> known = QuantificationSettings(
    ...   thickness_uncertainty=0.03, pixel_size_uncertainty=0.02
    ... )
    >>> print(f'{shared_uncertainty("number_density_per_m3", known):.2f}')
    0.05
    >>> shared_uncertainty('diameter_mean_nm', known)
    0.02
  """
  of_pixel, of_thickness = _POWERS.get(name, (0, 0))
  factors = [
    (of_pixel, settings.pixel_size_uncertainty),
    (of_thickness, settings.thickness_uncertainty),
  ]
  if name in _OF_CORRECTED_LINES:
    unseen = settings.unseen_uncertainty / (1 - settings.unseen_fraction)
    factors += [(1, settings.projection_uncertainty), (1, unseen)]
  return intervals.product_uncertainty(*factors)
