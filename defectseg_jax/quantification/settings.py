"""How masks are measured: the section `config.quantification`."""

import dataclasses
import math
from typing import Annotated

from defectseg_jax.bounds import Relative, one_of, require_fields, within
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

  connectivity: Annotated[int, one_of(4, 8)] = 8
  minimum_area_px: Annotated[
    int, within(0, 1000000000, 'it is a number of pixels')
  ] = 0
  fill_holes: bool = False
  separate: bool = False
  border: Annotated[str, one_of(*RULES)] = 'frame'
  unseen_nm: Annotated[
    float, within(0, 10000, 'it is a part of a particle, in nanometres')
  ] = 0.0
  spacing_px: Annotated[
    int, within(1, 65536, 'one line at least crosses an image')
  ] = 32
  random_lines: Annotated[int, within(1, 100000, 'each takes time')] = 64
  spur_px: Annotated[float, within(0, 10000, 'it is a length in pixels')] = 5.0
  projection_factor: Annotated[
    float, within(1, 100, 'no line is shorter than its projection')
  ] = RANDOM_DIRECTIONS
  projection_uncertainty: Relative = 0.0
  unseen_fraction: Annotated[
    float, within(0, 1, 'of all lines nothing would be seen', below=True)
  ] = 0.0
  unseen_uncertainty: Annotated[
    float, within(0, 1, 'it is that of a fraction', below=True)
  ] = 0.0
  thickness_uncertainty: Relative = 0.0
  pixel_size_uncertainty: Relative = 0.0

  def __post_init__(self) -> None:
    require_fields(type(self), vars(self), '')

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
