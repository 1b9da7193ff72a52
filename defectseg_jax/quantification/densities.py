"""Numbers of a foil from counts: pure formulas, SI units in, SI units out."""

import math
from typing import TypeVar

import numpy as np

from defectseg_jax.quantification import checks

NM = 1e-9

# Mean ratio of a line's length to its projection, over all directions in space.
RANDOM_DIRECTIONS = 4 / math.pi
# Length of lines per area for one crossing per length of test lines (Buffon).
_BUFFON = math.pi / 2

_Number = TypeVar('_Number', float, np.ndarray)


def number_density(
  count: float,
  *,
  area_m2: float,
  thickness_m: float,
  diameter_m: float = 0.0,
  unseen_m: float = 0.0,
) -> float:
  """Particles in a volume: N / (A (t + d - 2 h)).

  A projection also shows particles whose centre is outside the foil, if the
  foil's surface cuts them. It shows the particles of a layer that is thicker
  than the foil by one diameter, less the slivers that are too thin to be seen
  (Hilliard 1962; Underwood, Quantitative Stereology, 1970, chapter 6). The
  paper's N / (A t) has d = 0; it is right if people draw a cut particle where
  about half of it is in the foil.

  Args:
    count: N.
    area_m2: A, of the image.
    thickness_m: t, of the foil.
    diameter_m: d, mean.
    unseen_m: h, thickness of the thickest sliver that nobody draws.

  Returns:
    Particles per cubic metre; NaN if the diameter is NaN.

  Raises:
    InputError: area or thickness not above 0, another number negative, or
      2 h not below t + d.

  Examples:
    50 particles in 1 um x 1 um of a foil of 100 nm: 50 in 0.1 um3. With a mean
    diameter of 25 nm the layer is 125 nm thick.

    >>> foil = {'area_m2': 1e-12, 'thickness_m': 100e-9}
    >>> print(f'{number_density(50, **foil):.3g}')
    5e+20
    >>> print(f'{number_density(50, **foil, diameter_m=25e-9):.3g}')
    4e+20
  """
  checks.require_positive(area_m2, 'area_m2')
  checks.require_positive(thickness_m, 'thickness_m')
  checks.require_not_negative(unseen_m, 'unseen_m')
  depth_m = thickness_m + diameter_m - 2 * unseen_m
  checks.require_below(2 * unseen_m, thickness_m + diameter_m, '2 * unseen_m')
  return count / (area_m2 * depth_m)


def swelling(volume_m3: float, *, area_m2: float, thickness_m: float) -> float:
  """Swelling by voids: S = V / (A t - V).

  Args:
    volume_m3: V, of all voids.
    area_m2: A, of the image.
    thickness_m: t, of the foil.

  Returns:
    A fraction; NaN if the voids would fill the foil.

  Raises:
    InputError: area or thickness not above 0.

  Examples:
    Voids of 2 in 100 parts of the foil, over the 98 that are solid.

    >>> print(f'{swelling(2.0, area_m2=10.0, thickness_m=10.0):.4f}')
    0.0204
  """
  checks.require_positive(area_m2, 'area_m2')
  checks.require_positive(thickness_m, 'thickness_m')
  solid_m3 = area_m2 * thickness_m - volume_m3
  return volume_m3 / solid_m3 if solid_m3 > 0 else math.nan


def sphere_volume(diameter: _Number) -> _Number:
  """Volume of a sphere: pi d^3 / 6, in the cube of the diameter's unit.

  Args:
    diameter: d; a number or an array.

  Examples:
    >>> print(f'{sphere_volume(2.0):.4f}')
    4.1888
  """
  return math.pi / 6 * diameter**3


def line_density_of_crossings(
  crossings: float,
  *,
  test_length_m: float,
  thickness_m: float,
  projection_factor: float = RANDOM_DIRECTIONS,
) -> float:
  """Dislocation density from crossings with test lines.

  factor (pi / 2) N / (L t). With the factor 4 / pi of random directions this is
  2 N / (L t) (Ham, Philosophical Magazine 6, 1961, 1183; Smith and Guttman
  1953). With the factor 1 it is the density of the projected length.

  Args:
    crossings: N.
    test_length_m: L, of all test lines together.
    thickness_m: t, of the foil.
    projection_factor: mean of a line's length over its projection.

  Returns:
    Metres of line per cubic metre.

  Raises:
    InputError: length, thickness or factor not above 0.

  Examples:
    2 * 50 crossings over 10 um of test lines and a foil of 100 nm.

    >>> density = line_density_of_crossings(
    ...   50, test_length_m=10e-6, thickness_m=100e-9
    ... )
    >>> print(f'{density:.3g}')
    1e+14
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

  Examples:
    5 um of lines that lie flat, in 1 um x 1 um of a foil of 100 nm.

    >>> density = line_density_of_length(
    ...   5e-6, area_m2=1e-12, thickness_m=100e-9, projection_factor=1.0
    ... )
    >>> print(f'{density:.3g}')
    5e+13
  """
  checks.require_positive(area_m2, 'area_m2')
  checks.require_positive(thickness_m, 'thickness_m')
  checks.require_positive(projection_factor, 'projection_factor')
  return projection_factor * length_m / (area_m2 * thickness_m)
