"""What is known of the foil that an image of particles shows."""

import dataclasses
from typing import Self

from defectseg_jax.quantification import checks, intervals


@dataclasses.dataclass(frozen=True)
class Foil:
  """What is known of a foil.

  Attributes:
    thickness_nm: t, above 0; NaN where it is not known.
    unseen_nm: h, thickness of the thickest sliver that nobody draws.
    thickness_uncertainty, pixel_size_uncertainty: relative standard
      uncertainties.

  Raises:
    InputError: a number is out of its range.
  """

  thickness_nm: float
  unseen_nm: float
  thickness_uncertainty: float
  pixel_size_uncertainty: float

  @classmethod
  def of(cls, thickness_nm: float | None, *others: float) -> Self:
    """A foil whose thickness is None where it is not known."""
    return cls(checks.length_or_nan(thickness_nm, 'thickness_nm'), *others)

  def __post_init__(self) -> None:
    checks.require_not_negative(self.unseen_nm, 'unseen_nm')
    # Of a thickness that is not known, no length is too large.
    checks.require_below(self.unseen_nm, self.thickness_nm / 2, 'unseen_nm')
    for name in ('thickness_uncertainty', 'pixel_size_uncertainty'):
      checks.require_not_negative(getattr(self, name), name)

  @property
  def density_uncertainty(self) -> float:
    """Of 1 / (A t), with A the square of the pixel size."""
    return intervals.product_uncertainty(
      (-2, self.pixel_size_uncertainty), (-1, self.thickness_uncertainty)
    )

  @property
  def volume_uncertainty(self) -> float:
    """Of V / (A t), with V the cube of the pixel size."""
    return intervals.product_uncertainty(
      (1, self.pixel_size_uncertainty), (-1, self.thickness_uncertainty)
    )
