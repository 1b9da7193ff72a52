"""Calibrations that make the answer absurd, each with a name.

A scale that is wrong by ten makes densities wrong by a hundred or a thousand
and looks like any other number. What it cannot do is leave the foil thicker
than the particles in it, or the volume fraction below one half.
"""

from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification import checks

THICKEST_FOIL_NM = 1000.0
THINNEST_FOIL_NM = 10.0
LARGEST_VOLUME_FRACTION = 0.5
# Labels of dislocation lines as wide as this are no lines of one foil.
WIDEST_LINE_NM = 50.0
# Lines so close that their cores (1 nm) touch.
HIGHEST_LINE_DENSITY_PER_M2 = 1e18


class QualityWarning(NamedTuple):
  """One thing that cannot be right.

  Attributes:
    name: short, the same for every image, to sort by.
    message: one line with the numbers and what to look at.
  """

  name: str
  message: str


def foil_warnings(
  *, pixel_size_nm: float, thickness_nm: float
) -> list[QualityWarning]:
  """What is odd about the foil itself.

  Args:
    pixel_size_nm: side of a pixel.
    thickness_nm: of the foil.

  Returns:
    Warnings: `foil_thick` (electrons of a common microscope do not come
    through), `foil_thin`.

  Raises:
    InputError: one is not above 0.
  """
  checks.require_positive(pixel_size_nm, 'pixel_size_nm')
  checks.require_positive(thickness_nm, 'thickness_nm')
  if thickness_nm > THICKEST_FOIL_NM:
    return [
      QualityWarning(
        'foil_thick',
        f'a foil of {thickness_nm:g} nm is thicker than {THICKEST_FOIL_NM:g} '
        'nm: is thickness_nm in nanometres?',
      )
    ]
  if thickness_nm < THINNEST_FOIL_NM:
    return [
      QualityWarning(
        'foil_thin',
        f'a foil of {thickness_nm:g} nm is thinner than {THINNEST_FOIL_NM:g} '
        'nm: is thickness_nm in nanometres?',
      )
    ]
  return []


def particle_warnings(
  diameters_nm: np.ndarray,
  *,
  volume_fraction: float,
  pixel_size_nm: float,
  thickness_nm: float,
) -> list[QualityWarning]:
  """What is odd about particles in a foil.

  Args:
    diameters_nm: of the particles, in any order; none is fine.
    volume_fraction: of the same particles, V / (A t); NaN is fine.
    pixel_size_nm: side of a pixel.
    thickness_nm: of the foil.

  Returns:
    Warnings: those of `foil_warnings`, `foil_thinner_than_particles` (their
    median diameter is more than the thickness), `foil_thinner_than_largest`,
    `volume_fraction_high`.

  Raises:
    InputError: pixel size or thickness is not above 0.
  """
  found = foil_warnings(pixel_size_nm=pixel_size_nm, thickness_nm=thickness_nm)
  if len(diameters_nm):
    typical, largest = np.median(diameters_nm), np.max(diameters_nm)
    name, what, size = 'foil_thinner_than_particles', 'half of', typical
    if typical <= thickness_nm:
      name, what, size = 'foil_thinner_than_largest', 'the largest of', largest
    if size > thickness_nm:
      found.append(
        QualityWarning(
          name,
          f'{what} the particles are {size:.3g} nm or more across, in a foil '
          f'of {thickness_nm:g} nm: check pixel_size_nm={pixel_size_nm:g} (10 '
          'times too large?) and the thickness',
        )
      )
  if volume_fraction > LARGEST_VOLUME_FRACTION:
    found.append(
      QualityWarning(
        'volume_fraction_high',
        f'particles would fill {volume_fraction:.3g} of the foil: check '
        f'pixel_size_nm={pixel_size_nm:g} and thickness_nm={thickness_nm:g}',
      )
    )
  return found


def dislocation_warnings(
  *,
  density_per_m2: float,
  line_width_nm: float,
  pixel_size_nm: float,
  thickness_nm: float,
) -> list[QualityWarning]:
  """What is odd about dislocations in a foil.

  Args:
    density_per_m2: metres of line per cubic metre.
    line_width_nm: of the labels: their area over their length; NaN is fine.
    pixel_size_nm: side of a pixel.
    thickness_nm: of the foil.

  Returns:
    Warnings: those of `foil_warnings`, `line_density_high`, `lines_wide`.

  Raises:
    InputError: pixel size or thickness is not above 0.
  """
  found = foil_warnings(pixel_size_nm=pixel_size_nm, thickness_nm=thickness_nm)
  if density_per_m2 > HIGHEST_LINE_DENSITY_PER_M2:
    found.append(
      QualityWarning(
        'line_density_high',
        f'at {density_per_m2:.3g} per m2 the cores of dislocations touch: '
        f'check pixel_size_nm={pixel_size_nm:g} and '
        f'thickness_nm={thickness_nm:g}',
      )
    )
  if line_width_nm > WIDEST_LINE_NM:
    found.append(
      QualityWarning(
        'lines_wide',
        f'lines are labelled {line_width_nm:.3g} nm wide: check '
        f'pixel_size_nm={pixel_size_nm:g}',
      )
    )
  return found
