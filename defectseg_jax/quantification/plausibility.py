"""Warnings of calibrations that cannot be right, each with a name.

A scale that is wrong by a factor of 10 makes densities wrong by a factor of 100
or 1000, and no single number shows it. But then the foil is often thinner than
the particles in it, or the particles fill more than half of it.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification import checks

# All limits are by eye.
THICKEST_FOIL_NM = 1000.0
THINNEST_FOIL_NM = 10.0
LARGEST_VOLUME_FRACTION = 0.5
# Of the particles: so many are no clump, and do not all lie flat.
_MANY = 1 / 4
# Of the marked area, in particles that the border rule does not count.
LARGEST_UNCOUNTED = 2 / 3
# Of the image, in one region that touches all sides.
LARGEST_REGION = 0.5
# A dislocation's image in a foil is narrower.
WIDEST_LINE_NM = 50.0
# Lines so close that their cores (1 nm) touch.
HIGHEST_LINE_DENSITY_PER_M2 = 1e18
# Warnings of what cannot be right, whatever the specimen: numbers of such an
# image would be wrong in a mean, too. The largest particle alone may lie flat
# in the foil, and what lies at the border is for the reader to judge.
IMPOSSIBLE = frozenset(
  {
    'foil_thick',
    'foil_thin',
    'foil_thinner_than_particles',
    'line_density_high',
    'lines_wide',
    'mask_inverted',
    'volume_fraction_high',
  }
)


class QualityWarning(NamedTuple):
  """One thing that is implausible.

  Attributes:
    name: short, and the same for every image, so that one can sort by it.
    message: one line with the numbers and what to check.
  """

  name: str
  message: str


def why_impossible(warnings: Iterable[QualityWarning]) -> str:
  """Names of the warnings by which an image cannot be right; '' for none.

  Args:
    warnings: of the image.

  Examples:
    >>> why_impossible(foil_warnings(pixel_size_nm=0.3, thickness_nm=1e5))
    'foil_thick'
  """
  names = (one.name for one in warnings if one.name in IMPOSSIBLE)
  return ', '.join(dict.fromkeys(names))


def foil_warnings(
  *, pixel_size_nm: float | None, thickness_nm: float | None
) -> list[QualityWarning]:
  """What is implausible about the foil.

  Args:
    pixel_size_nm: side of a pixel; None where it is not known.
    thickness_nm: of the foil; likewise.

  Returns:
    Warnings: `foil_thick` (electrons of a common microscope do not come
    through), `foil_thin`.

  Raises:
    InputError: a length is not above 0.

  Examples:
    >>> foil_warnings(pixel_size_nm=0.3, thickness_nm=100.0)
    []
    >>> [found] = foil_warnings(pixel_size_nm=0.3, thickness_nm=1e5)
    >>> found.name
    'foil_thick'
  """
  checks.length_or_nan(pixel_size_nm, 'pixel_size_nm')
  thickness_nm = checks.length_or_nan(thickness_nm, 'thickness_nm')
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
  pixel_size_nm: float | None,
  thickness_nm: float | None,
) -> list[QualityWarning]:
  """What is implausible about particles in a foil.

  Args:
    diameters_nm: [particles], in any order; may be empty.
    volume_fraction: of the same particles, V / (A t); may be NaN.
    pixel_size_nm: side of a pixel; None where it is not known. What needs it is
      not judged then.
    thickness_nm: of the foil; likewise.

  Returns:
    Warnings: those of `foil_warnings`, `foil_thinner_than_particles` (a quarter
    of their diameters are more than the thickness),
    `foil_thinner_than_largest`, `volume_fraction_high`.

  Raises:
    InputError: pixel size or thickness is not above 0.
  """
  found = foil_warnings(pixel_size_nm=pixel_size_nm, thickness_nm=thickness_nm)
  if pixel_size_nm is None or thickness_nm is None:
    return found
  if len(diameters_nm):
    large, largest = np.quantile(diameters_nm, 1 - _MANY), np.max(diameters_nm)
    name, what, size = 'foil_thinner_than_particles', 'a quarter of', large
    if large <= thickness_nm:
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


def border_warnings(
  areas_px: np.ndarray,
  at_border: np.ndarray,
  counted: np.ndarray,
  *,
  image_px: int,
) -> list[QualityWarning]:
  """What the border rule leaves out of the numbers.

  Args:
    areas_px: [particles].
    at_border: bool [particles, 4], which sides each touches.
    counted: bool [particles], whether the rule counts it.
    image_px: pixels of the image.

  Returns:
    One warning at most: `mask_inverted` (one region covers most of the image
    and touches all its sides), or else `most_at_border` (most of what is
    marked is in particles that are not counted).

  Examples:
    >>> sides = np.array([[True] * 4, [False] * 4])
    >>> [found] = border_warnings(
    ...   np.array([900, 20]), sides, ~sides[:, 0], image_px=1000
    ... )
    >>> found.name
    'mask_inverted'
  """
  around = areas_px[at_border.all(axis=1)]
  if len(around) and around.max() > LARGEST_REGION * image_px:
    return [
      QualityWarning(
        'mask_inverted',
        f'one region covers {100 * around.max() / image_px:.0f}% of the image '
        'and touches all its sides: if defects are black in the mask, invert '
        'it, or give --mask_class=0',
      )
    ]
  marked = int(areas_px.sum())
  hidden = int(areas_px[~counted].sum())
  if marked and hidden > LARGEST_UNCOUNTED * marked:
    return [
      QualityWarning(
        'most_at_border',
        f'{100 * hidden / marked:.0f}% of the marked area, '
        f'{100 * hidden / image_px:.2g}% of the image, is in particles that '
        'the border rule does not count: look at a larger part of the '
        'specimen, or count all (beside --config, '
        '--config.quantification.border=all)',
      )
    ]
  return []


def beside_warnings(marked_px: int) -> list[QualityWarning]:
  """What is marked beside the specimen, and so in no number.

  Args:
    marked_px: how many pixels of the mask.

  Returns:
    One warning at most: `marked_beside_specimen`.
  """
  if not marked_px:
    return []
  return [
    QualityWarning(
      'marked_beside_specimen',
      f'{marked_px} marked pixels lie where no specimen is, and '
      'count in no number: if it is specimen, say so by --valid, or give '
      '--find_specimen=false',
    )
  ]


def dislocation_warnings(
  *,
  density_per_m2: float,
  line_width_nm: float,
  pixel_size_nm: float | None,
  thickness_nm: float | None,
) -> list[QualityWarning]:
  """What is implausible about dislocations in a foil.

  Args:
    density_per_m2: metres of line per cubic metre.
    line_width_nm: of the labels: their area over their length; may be NaN.
    pixel_size_nm: side of a pixel; None where it is not known, and the numbers
      that need it are NaN.
    thickness_nm: of the foil; likewise.

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
