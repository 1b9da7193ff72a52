"""How masks are measured: the section `config.quantification`."""

import dataclasses
import math

from defectseg_jax.quantification import checks
from defectseg_jax.quantification.densities import RANDOM_DIRECTIONS
from defectseg_jax.quantification.particles.borders import RULES


@dataclasses.dataclass(frozen=True)
class QuantificationSettings:
  """How masks are measured; names and defaults are those of the config.

  Attributes:
    connectivity: 8 joins pixels that touch at a corner, 4 does not.
    minimum_area_px: particles of fewer pixels are left out; 0 takes all.
    fill_holes: whether background that a particle encloses becomes part of it.
    separate: whether particles that touch are cut apart where they are narrow.
    border: which particles at the image's edge are counted: all, exclude or
      frame (`particles.borders`).
    unseen_nm: thickness of the thickest sliver of a cut particle that nobody
      draws.
    spacing_px: between the test lines of the grid over dislocations.
    random_lines: number of test lines at random places in random directions.
    spur_px: side branches of dislocation lines that are shorter are pruned.
    projection_factor: mean length of dislocations over that of their
      projection; 4 / pi in random directions, 1 if they lie flat in the foil.
    projection_uncertainty: relative standard uncertainty of that factor.
    unseen_fraction: part of the dislocations' length that is out of contrast.
    unseen_uncertainty: standard uncertainty of that part.
    thickness_uncertainty: relative standard uncertainty of the foil's
      thickness; 0.1 is 10%.
    pixel_size_uncertainty: relative standard uncertainty of the pixel's side.

  Raises:
    InputError: a number is out of its range, or a choice is unknown.
  """

  connectivity: int = 8
  minimum_area_px: int = 0
  fill_holes: bool = False
  separate: bool = False
  border: str = 'frame'
  unseen_nm: float = 0.0
  spacing_px: int = 32
  random_lines: int = 64
  spur_px: float = 5.0
  projection_factor: float = RANDOM_DIRECTIONS
  projection_uncertainty: float = 0.0
  unseen_fraction: float = 0.0
  unseen_uncertainty: float = 0.0
  thickness_uncertainty: float = 0.0
  pixel_size_uncertainty: float = 0.0

  def __post_init__(self) -> None:
    checks.require_choice(self.connectivity, (4, 8), 'connectivity')
    checks.require_choice(self.border, RULES, 'border')
    for name in ('spacing_px', 'random_lines'):
      checks.require_whole(getattr(self, name), name)
    checks.require_positive(self.projection_factor, 'projection_factor')
    checks.require_fraction(self.unseen_fraction, 'unseen_fraction')
    for name in (
      'minimum_area_px',
      'unseen_nm',
      'spur_px',
      'projection_uncertainty',
      'unseen_uncertainty',
      'thickness_uncertainty',
      'pixel_size_uncertainty',
    ):
      checks.require_not_negative(getattr(self, name), name)

  def at_zoom(self, zoom: float) -> 'QuantificationSettings':
    """The settings for an image that a network saw enlarged.

    Args:
      zoom: pixels of the network for each pixel of the image.

    Returns:
      With `minimum_area_px`, which is of the network's pixels, in the image's.

    Examples:
      >>> settings = QuantificationSettings(minimum_area_px=16)
      >>> settings.at_zoom(0.5).minimum_area_px
      64
    """
    if zoom == 1 or not self.minimum_area_px:
      return self
    area_px = max(1, math.ceil(self.minimum_area_px / zoom**2))
    return dataclasses.replace(self, minimum_area_px=area_px)
