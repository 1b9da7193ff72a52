"""What is done to a micrograph before a network or a method sees it."""

import dataclasses


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
  background: str = 'gaussian'
  background_radius_px: float = 100.0
  normalisation: str = 'global'
  normalisation_radius_px: float = 100.0
