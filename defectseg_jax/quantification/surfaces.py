"""What a surface shows, as an SEM images it: a plane, and no foil.

No number is per volume, nothing overlaps in projection, and no surface of a
foil cuts anything off. What is left has the names of stereology: N_A, particles
per area; A_A, the part of the area that they cover; L_A, length of lines per
area (Underwood, Quantitative Stereology, 1970; for inclusions in steel, ASTM
E1245).
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.needs import why_missing

# Of the foil, too: they belong to corrections for projection and overlap.
_OF_CORRECTIONS = ('shape_factor', 'projection_factor', 'unseen_fraction')

PARTICLE_HEADLINES = (
  'number_per_area_per_m2',
  'area_fraction',
  'diameter_mean_nm',
  'diameter_std_nm',
)
PARTICLE_CONVENTIONS = {
  'count': 'particles that the border rule counts',
  'number_per_area_per_m2': (
    'N_A = N / A: N particles that the border rule counts, in an area A of the '
    'surface'
  ),
  'area_fraction': (
    'A_A: part of the surface that particles cover. On a plane that cuts the '
    'material at random it estimates the volume fraction, V_V = A_A (Delesse)'
  ),
  'diameter_mean_px': 'as diameter_mean_nm, in pixels',
  'diameter_mean_nm': (
    'mean of sqrt(4 a / pi) over particles that touch no edge: a area that the '
    'surface shows. A plane cuts spheres of one size in circles of pi / 4 of '
    'their diameter, on average'
  ),
  'diameter_std_nm': (
    'standard deviation (n - 1) of the diameters of particles that touch no '
    'edge'
  ),
}
LINE_HEADLINES = ('line_length_per_area_per_m', 'area_fraction')
LINE_CONVENTIONS = {
  'area_fraction': (
    'A_A: part of the surface that lines cover as they are drawn'
  ),
  'line_length_px': 'length of the skeletons of all lines, in pixels',
  'line_length_per_area_per_m': (
    'L_A = l / A: l length of the lines in an area A of the surface'
  ),
}
REMARK = (
  'These are surfaces: N_A (number per area), A_A (area fraction) and L_A '
  '(line length per area) are of the plane of the image, and no number is per '
  'volume. Names and formulas: Underwood, Quantitative Stereology, 1970; ASTM '
  'E1245.'
)


def measure_on_surface(
  measure_mask: Callable[..., Measurement],
  mask: np.ndarray,
  *,
  thickness_nm: float | None,
  **more: Any,
) -> Measurement:
  """Measures a mask without what only a foil has.

  Args:
    measure_mask: measures one in a foil.
    mask: [H, W].
    thickness_nm: None.
    more: arguments of `measure_mask`.

  Raises:
    InputError: there is a thickness.
  """
  if thickness_nm is not None:
    raise InputError(
      f'thickness_nm={thickness_nm:g}: a surface has no foil; give None, or '
      'leave surface out'
    )
  found = measure_mask(mask, thickness_nm=None, **more)
  foil = {'thickness_nm': None}
  return dataclasses.replace(
    found,
    summary={
      name: value
      for name, value in found.summary.items()
      if not why_missing(name, foil) and name not in _OF_CORRECTIONS
    },
  )
