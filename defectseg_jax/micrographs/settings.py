"""What is done to a micrograph before a network or a method sees it."""

import dataclasses
from typing import Annotated

from defectseg_jax.bounds import one_of, within

# Wider than any micrograph is a filter that does nothing.
_RADIUS = within(0.1, 10_000, 'it is a length in pixels')


@dataclasses.dataclass(frozen=True)
class PreprocessingSettings:
  """Fields are those of `config.preprocessing`.

  Attributes:
    invert: whether defects are dark in the micrograph, as in a bright-field
      image, and it is to be inverted.
    background: how the background is subtracted: none, gaussian or
      rolling_ball.
    background_radius_px: standard deviation of the Gaussian, or radius of the
      ball, in pixels.
    normalisation: how variance is normalised: none, global or local.
    normalisation_radius_px: standard deviation of the window of local
      normalisation, in pixels.
  """

  invert: bool = False
  background: Annotated[str, one_of('none', 'gaussian', 'rolling_ball')] = (
    'gaussian'
  )
  background_radius_px: Annotated[float, _RADIUS] = 100.0
  normalisation: Annotated[str, one_of('none', 'global', 'local')] = 'global'
  normalisation_radius_px: Annotated[float, _RADIUS] = 100.0
