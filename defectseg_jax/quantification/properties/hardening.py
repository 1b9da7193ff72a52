"""How much obstacles and dislocations add to the yield stress.

Lengths are in metres, moduli and stresses in pascals, densities per cubic metre
or, of dislocations, metres per cubic metre.
"""

import math
from collections.abc import Iterable

from defectseg_jax.quantification import checks

# ln terms of Bacon, Kocks and Scattergood's fit: of impenetrable particles
# (Philosophical Magazine 28, 1241, 1973), and of voids (Scattergood and Bacon,
# Acta Metallurgica 30, 1665, 1982).
PARTICLE_TERM, VOID_TERM = 0.7, 1.52
# Gladman, Materials Science and Technology 15, 30, 1999: with the Taylor factor
# and the mean over sizes of random arrays.
_ASHBY_OROWAN = 0.538


def obstacle_spacing_m(density_per_m3: float, diameter_m: float) -> float:
  """Mean distance of obstacles in a slip plane: 1 / sqrt(N d).

  Args:
    density_per_m3: N.
    diameter_m: d, mean.

  Returns:
    Between centres; infinite without obstacles.

  Examples:
    1e22 per m3 of 10 nm: 1e14 per m2 of slip plane.

    >>> print(f'{obstacle_spacing_m(1e22, 10e-9):.3g}')
    1e-07
  """
  _require_not_negative(density_per_m3=density_per_m3, diameter_m=diameter_m)
  per_area = density_per_m3 * diameter_m
  return 1 / math.sqrt(per_area) if per_area > 0 else math.inf


def dispersed_barrier_pa(
  density_per_m3: float,
  diameter_m: float,
  *,
  strength: float,
  taylor_factor: float,
  shear_modulus_pa: float,
  burgers_m: float,
) -> float:
  """Dispersed-barrier hardening: alpha M mu b sqrt(N d).

  Seeger, Proc. 2nd UN Conf. Peaceful Uses of Atomic Energy 6, 250 (1958). For
  strong obstacles that are far from each other.

  Args:
    density_per_m3: N.
    diameter_m: d, mean.
    strength: alpha, 1 of an obstacle that cannot be cut.
    taylor_factor: M.
    shear_modulus_pa: mu.
    burgers_m: b.

  Examples:
    1e22 per m3 of 10 nm, 100 nm apart: 3 mu b / L = 3 80e9 0.25 / 100.

    >>> stress_pa = dispersed_barrier_pa(
    ...   1e22, 10e-9, strength=1.0, taylor_factor=3.0,
    ...   shear_modulus_pa=80e9, burgers_m=0.25e-9,
    ... )
    >>> print(f'{stress_pa / 1e6:.0f} MPa')
    600 MPa
  """
  spacing_m = obstacle_spacing_m(density_per_m3, diameter_m)
  return strength * taylor_factor * shear_modulus_pa * burgers_m / spacing_m


def ashby_orowan_pa(
  density_per_m3: float,
  diameter_m: float,
  *,
  shear_modulus_pa: float,
  burgers_m: float,
) -> float:
  """Orowan's stress as Ashby has it: 0.538 mu b sqrt(f) / d ln(d / 2 b).

  Gladman, Materials Science and Technology 15, 30 (1999), for a yield stress; f
  is the volume fraction, of spheres of one size: pi N d^3 / 6.

  Args:
    density_per_m3: N.
    diameter_m: d, mean.
    shear_modulus_pa: mu.
    burgers_m: b.

  Returns:
    The stress; 0 of particles of 2 b or less, which a dislocation cuts.

  Examples:
    >>> stress_pa = ashby_orowan_pa(
    ...   1e22, 10e-9, shear_modulus_pa=80e9, burgers_m=0.25e-9
    ... )
    >>> print(f'{stress_pa / 1e6:.0f} MPa')
    233 MPa
  """
  _require_not_negative(density_per_m3=density_per_m3, diameter_m=diameter_m)
  if diameter_m <= 2 * burgers_m:
    return 0.0
  fraction = math.pi / 6 * density_per_m3 * diameter_m**3
  return (
    _ASHBY_OROWAN
    * shear_modulus_pa
    * burgers_m
    * math.sqrt(fraction)
    / diameter_m
    * math.log(diameter_m / (2 * burgers_m))
  )


def bacon_kocks_scattergood_pa(
  density_per_m3: float,
  diameter_m: float,
  *,
  term: float,
  taylor_factor: float,
  shear_modulus_pa: float,
  burgers_m: float,
  core_radius_m: float,
) -> float:
  """Orowan's stress with the dislocation's pull on itself.

  M mu b / (2 pi L) (ln(D / r0) + B), with 1 / D = 1 / d + 1 / L: Bacon, Kocks
  and Scattergood, Philosophical Magazine 28, 1241 (1973), of edge dislocations
  at a row of obstacles. L is the free distance, 1 / sqrt(N d) - d.

  Args:
    density_per_m3: N.
    diameter_m: d, mean.
    term: B, `PARTICLE_TERM` or `VOID_TERM`.
    taylor_factor: M.
    shear_modulus_pa: mu.
    burgers_m: b.
    core_radius_m: r0, about b.

  Returns:
    The stress; 0 without obstacles, NaN where they leave no free distance.
  """
  spacing_m = obstacle_spacing_m(density_per_m3, diameter_m)
  if math.isinf(spacing_m):
    return 0.0
  free_m = spacing_m - diameter_m
  if free_m <= 0:
    return math.nan
  harmonic_m = 1 / (1 / diameter_m + 1 / free_m)
  logarithm = math.log(harmonic_m / core_radius_m) + term
  stress_pa = taylor_factor * shear_modulus_pa * burgers_m * logarithm
  return max(stress_pa / (2 * math.pi * free_m), 0.0)


def taylor_pa(
  line_density_per_m2: float,
  *,
  strength: float,
  taylor_factor: float,
  shear_modulus_pa: float,
  burgers_m: float,
) -> float:
  """Hardening by dislocations: alpha M mu b sqrt(rho).

  Taylor, Proceedings of the Royal Society A 145, 362 (1934).

  Args:
    line_density_per_m2: rho, metres of line per cubic metre.
    strength: alpha, 0.2 to 0.5.
    taylor_factor: M.
    shear_modulus_pa: mu.
    burgers_m: b.

  Examples:
    >>> stress_pa = taylor_pa(
    ...   1e14, strength=0.3, taylor_factor=3.0,
    ...   shear_modulus_pa=80e9, burgers_m=0.25e-9,
    ... )
    >>> print(f'{stress_pa / 1e6:.0f} MPa')
    180 MPa
  """
  _require_not_negative(line_density_per_m2=line_density_per_m2)
  root = math.sqrt(line_density_per_m2)
  return strength * taylor_factor * shear_modulus_pa * burgers_m * root


def superpose_linearly(stresses_pa: Iterable[float]) -> float:
  """Of obstacles of different strength: their sum."""
  return math.fsum(stresses_pa)


def superpose_by_squares(stresses_pa: Iterable[float]) -> float:
  """Of many obstacles of like strength: the root of the sum of squares.

  Foreman and Makin, Canadian Journal of Physics 45, 511 (1967).

  Examples:
    >>> superpose_by_squares([300e6, 400e6]) / 1e6
    500.0
  """
  return math.hypot(*stresses_pa)


def _require_not_negative(**numbers: float) -> None:
  for name, value in numbers.items():
    checks.require_not_negative(value, name)
