"""Which sizes a network finds, as a page shows it."""

import dataclasses
import math

from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)
from defectseg_jax.reporting.figures.detection import detection_curve
from defectseg_jax.reporting.page.pictures import figure_uri


@dataclasses.dataclass(frozen=True)
class DetectionView:
  """What is shown of it.

  Attributes:
    curve: data URI of the picture.
    sentences: what it says, and what it does not hold.
  """

  curve: str
  sentences: tuple[str, ...]


def detection_view(
  by_size: DetectionBySize | None, *, defect: str
) -> DetectionView | None:
  """The curve of a network, and in words from which sizes on it finds objects.

  Args:
    by_size: of its development set; None where that is not known.
    defect: that it finds.
  """
  if by_size is None:
    return None
  half, most = (_text(by_size, part) for part in (0.5, 0.9))
  return DetectionView(
    figure_uri(detection_curve(by_size, defect=defect), colours=64),
    (
      f'Half of the {defect} are found {half}, and 90% {most}; in pixels of '
      'the network, with 95% intervals.',
      'Numbers beside the points are those of the objects. Objects of one '
      'micrograph are found or missed together: the interval is that of '
      f'{by_size.design_effect:.2g} times fewer.',
      'It holds for micrographs like those of the development set: fainter '
      'objects are missed also where they are large.',
    ),
  )


def _text(by_size: DetectionBySize, part: float) -> str:
  found = by_size.found_from(part)
  if math.isnan(found.value):
    return 'of no size'
  ends = (
    'not reached' if math.isnan(end) else f'{end:.3g}'
    for end in (found.low, found.high)
  )
  return f'from {found.value:.3g} px on ({" to ".join(ends)})'
