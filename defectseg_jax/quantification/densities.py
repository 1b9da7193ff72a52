"""Numbers of a foil from counts: pure formulas, SI units in, SI units out."""

import math

from defectseg_jax.quantification import checks

NM = 1e-9

# Mean ratio of a line's length to its projection, over all directions in space.
RANDOM_DIRECTIONS = 4 / math.pi
# Length of lines per area for one crossing per length of test lines (Buffon).
_BUFFON = math.pi / 2


def number_density(
  count: float,
  *,
  area_m2: float,
  thickness_m: float,
  diameter_m: float = 0.0,
  unseen_m: float = 0.0,
) -> float:
  """Particles in a volume: N / (A (t + d - 2 h)).

  A surface of the foil cuts particles whose centre is outside it: a projection
  shows those of a layer thicker by a diameter, less what is too thin a sliver
  to be seen (Hilliard 1962; Underwood, Quantitative Stereology, 1970, chapter
  6). The paper's N / (A t) has d = 0; it is right where about half of each cut
  particle must be in the foil for it to be drawn.

  Args:
    count: N.
    area_m2: A, of the image.
    thickness_m: t, of the foil.
    diameter_m: d, mean.
    unseen_m: h, thickness of the thickest sliver that nobody draws.

  Returns:
    Per cubic metre. NaN where the diameter is.

  Raises:
    InputError: area or thickness not above 0, another number negative, or
      2 h not below t + d.
  """
  checks.require_positive(area_m2, 'area_m2')
  checks.require_positive(thickness_m, 'thickness_m')
  checks.require_not_negative(unseen_m, 'unseen_m')
  depth_m = thickness_m + diameter_m - 2 * unseen_m
  checks.require_below(2 * unseen_m, thickness_m + diameter_m, '2 * unseen_m')
  return count / (area_m2 * depth_m)


def swelling(volume_m3: float, *, area_m2: float, thickness_m: float) -> float:
  """S = V / (A t - V), with V the volume of the voids.

  Returns:
    A fraction; NaN where the voids would fill the foil.

  Raises:
    InputError: area or thickness not above 0.
  """
  checks.require_positive(area_m2, 'area_m2')
  checks.require_positive(thickness_m, 'thickness_m')
  solid_m3 = area_m2 * thickness_m - volume_m3
  return volume_m3 / solid_m3 if solid_m3 > 0 else math.nan


def sphere_volume(diameter):
  """pi d^3 / 6, in the cube of the diameter's unit; numbers or arrays."""
  return math.pi / 6 * diameter**3


def line_density_of_crossings(
  crossings: float,
  *,
  test_length_m: float,
  thickness_m: float,
  projection_factor: float = RANDOM_DIRECTIONS,
) -> float:
  """Dislocation density from crossings with test lines.

  With the factor of random directions this is 2 N / (L t) (Ham, Philosophical
  Magazine 6, 1961, 1183; Smith and Guttman 1953); with 1, the density that the
  projected length has, pi N / (2 L t).

  Args:
    crossings: N.
    test_length_m: L, of all test lines together.
    thickness_m: t, of the foil.
    projection_factor: mean of a line's length over its projection.

  Returns:
    Metres of line per cubic metre.

  Raises:
    InputError: length, thickness or factor not above 0.
  """
  checks.require_positive(test_length_m, 'test_length_m')
  checks.require_positive(thickness_m, 'thickness_m')
  checks.require_positive(projection_factor, 'projection_factor')
  per_area = _BUFFON * crossings / test_length_m
  return projection_factor * per_area / thickness_m


def line_density_of_length(
  length_m: float,
  *,
  area_m2: float,
  thickness_m: float,
  projection_factor: float = RANDOM_DIRECTIONS,
) -> float:
  """Dislocation density from projected length: factor * l / (A t).

  Args:
    length_m: l, of all lines in the image.
    area_m2: A, of the image.
    thickness_m: t, of the foil.
    projection_factor: mean of a line's length over its projection; 4 / pi for
      random directions, 1 for lines that lie flat.

  Returns:
    Metres of line per cubic metre.

  Raises:
    InputError: area, thickness or factor not above 0.
  """
  checks.require_positive(area_m2, 'area_m2')
  checks.require_positive(thickness_m, 'thickness_m')
  checks.require_positive(projection_factor, 'projection_factor')
  return projection_factor * length_m / (area_m2 * thickness_m)
