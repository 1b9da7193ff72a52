"""What turns the lines that a mask shows into all lines of the foil.

A mask of lines shows less length than there is, for three reasons:

  overlap      where labels of lines overlap, crossings merge and length is
               drawn once. Let A_A be the part of the image that labels cover.
               If lines lie independently of each other (the Boolean model), a
               mask shows 1 - A_A of the crossings and -A_A / log(1 - A_A) of
               the length
  projection   an inclined line looks shorter: `projection_factor`
  contrast     lines with g.b = 0 are invisible: `unseen_fraction` of the length
"""

import dataclasses
import math

from defectseg_jax.quantification import checks, intervals
from defectseg_jax.quantification.densities import RANDOM_DIRECTIONS


@dataclasses.dataclass(frozen=True)
class LineCorrections:
  """What is known of the lines besides the mask.

  Attributes:
    projection_factor: mean of a line's length over its projection.
    projection_uncertainty: relative standard uncertainty of that factor.
    unseen_fraction: part of the length that is out of contrast.
    unseen_uncertainty: standard uncertainty of that part.
  """

  projection_factor: float = RANDOM_DIRECTIONS
  projection_uncertainty: float = 0.0
  unseen_fraction: float = 0.0
  unseen_uncertainty: float = 0.0

  def __post_init__(self) -> None:
    """Raises InputError if a number is out of its range."""
    checks.require_positive(self.projection_factor, 'projection_factor')
    checks.require_fraction(self.unseen_fraction, 'unseen_fraction')
    for name in ('projection_uncertainty', 'unseen_uncertainty'):
      checks.require_not_negative(getattr(self, name), name)

  @property
  def factor(self) -> float:
    """True length over the projected length that is visible."""
    return self.projection_factor / (1 - self.unseen_fraction)

  @property
  def uncertainty(self) -> float:
    """Relative standard uncertainty of the factor."""
    unseen = self.unseen_uncertainty / (1 - self.unseen_fraction)
    return intervals.product_uncertainty(
      (1, self.projection_uncertainty), (1, unseen)
    )


def crossings_overlap_factor(covered: float) -> float:
  """1 / (1 - A_A): true crossings over those that a mask shows.

  Args:
    covered: A_A, part of the image that labels cover.

  Examples:
    >>> crossings_overlap_factor(0.5)
    2.0
  """
  return 1 / (1 - covered) if covered < 1 else math.nan


def length_overlap_factor(covered: float) -> float:
  """-log(1 - A_A) / A_A: true length over the length that a mask shows.

  Args:
    covered: A_A, part of the image that labels cover.

  Examples:
    2 log(2):

    >>> print(f'{length_overlap_factor(0.5):.3f}')
    1.386
  """
  if covered == 0:
    return 1.0
  return -math.log1p(-covered) / covered if covered < 1 else math.nan
