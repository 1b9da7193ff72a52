"""How strongly defects take up point defects, and how far those get.

Brailsford and Bullough, Journal of Nuclear Materials 44, 121 (1972), to the
first order: sinks do not shade each other.
"""

import math


def particle_sink_per_m2(density_per_m3: float, diameter_m: float) -> float:
  """Of voids, and of precipitates whose interface takes up all: 4 pi r N.

  Args:
    density_per_m3: N.
    diameter_m: 2 r, mean.

  Examples:
    >>> print(f'{particle_sink_per_m2(1e22, 10e-9):.3g}')
    6.28e+14
  """
  return 2 * math.pi * diameter_m * density_per_m3


def dislocation_sink_per_m2(
  line_density_per_m2: float, *, bias: float
) -> float:
  """Of dislocations: Z rho.

  Args:
    line_density_per_m2: rho.
    bias: Z; about 1 for vacancies, and a little more for interstitials.
  """
  return bias * line_density_per_m2


def point_defect_path_m(sink_per_m2: float) -> float:
  """Mean free path of a point defect that diffuses: 1 / sqrt(k^2).

  Args:
    sink_per_m2: k^2, of all sinks together.

  Returns:
    Infinite without sinks.

  Examples:
    >>> point_defect_path_m(1e14)
    1e-07
  """
  return 1 / math.sqrt(sink_per_m2) if sink_per_m2 > 0 else math.inf
