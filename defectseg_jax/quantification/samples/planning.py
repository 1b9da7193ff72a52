"""How many more images would halve the interval of a sample's number."""

import math
from collections.abc import Callable

from scipy import special

from defectseg_jax.quantification import intervals
from defectseg_jax.quantification.intervals import LEVEL, Interval
from defectseg_jax.quantification.samples.random_effects import SampleEstimate

# By eye: nobody takes more images of one sample.
MOST_IMAGES = 10_000


def images_to_halve(
  found: SampleEstimate, *, shared: float = 0.0, level: float = LEVEL
) -> int | None:
  """How many more images, like those that there are, halve the interval.

  The variance between images and that of counting stay what they seem to be
  now, and the interval is Student's. What all images share does not become
  smaller.

  Args:
    found: the number of a sample.
    shared: relative standard uncertainty that all its images share.
    level: of confidence.

  Returns:
    Images beside those that there are; None where no number of them suffices,
    or nothing tells of it: of one image, or of no object.

  Examples:
    Five that differ by what is between images: of Student's t, 2.776 / sqrt(5)
    is twice 2.179 / sqrt(13), or a little more.

    >>> from defectseg_jax.quantification import Interval
    >>> ends = Interval(10 - 2.776, 10 + 2.776)
    >>> five = SampleEstimate(
    ...   5, 10.0, ends, 1.0, degrees=4.0, between=5**0.5, counting=0.0
    ... )
    >>> images_to_halve(five)
    8
    >>> images_to_halve(five, shared=0.5) is None
    True
  """
  low, high = found.interval
  normal = float(special.ndtri((1 + level) / 2))
  now = math.hypot((high - low) / 2, normal * shared * found.value)
  if not now > 0 or found.images < 2 or not found.value:
    return None
  return fewest_more_images(
    lambda more: (
      half_width(found, found.images + more, shared=shared, level=level)
      <= now / 2
    )
  )


def fewest_more_images(suffice: Callable[[int], bool]) -> int | None:
  """The least number of more images that suffices; None where none does.

  Args:
    suffice: whether so many do; more than suffice always suffice.
  """
  if not suffice(MOST_IMAGES):
    return None
  fewest, most = 0, MOST_IMAGES
  while most - fewest > 1:
    middle = (fewest + most) // 2
    if suffice(middle):
      most = middle
    else:
      fewest = middle
  return most


def interval_with_more(
  found: SampleEstimate, interval: Interval, more: int, *, shared: float
) -> Interval:
  """The interval that so many more images would leave.

  Args:
    found: the number of a sample.
    interval: of it, with what its images share.
    more: images, like those that there are.
    shared: relative standard uncertainty that all its images share.

  Returns:
    Each end as much nearer as the half-width becomes smaller; NaN of fewer than
    two images, of which nothing tells how they differ.
  """
  if found.images < 2:
    return intervals.UNKNOWN
  then = half_width(found, found.images + more, shared=shared)
  now = (interval.high - interval.low) / 2
  # Images that agree by chance have an interval narrower than `half_width`.
  share = min(then / now, 1.0) if now > 0 else 1.0
  low, high = (found.value + share * (end - found.value) for end in interval)
  return Interval(low, high)


def half_width(
  found: SampleEstimate, images: int, *, shared: float, level: float = LEVEL
) -> float:
  """Half the interval that so many images would have, two or more."""
  each = math.hypot(found.between, found.counting)
  normal = float(special.ndtri((1 + level) / 2))
  student = -float(special.stdtrit(images - 1, (1 - level) / 2))
  half = max(student * each, normal * found.counting) / math.sqrt(images)
  return math.hypot(half, normal * shared * found.value)
