"""A second look at an image: a network that knows it says the same again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from defectseg_jax.applicability.signs import image_signs
from defectseg_jax.prediction.merging import Merged
from defectseg_jax.prediction.scales import resample

# By eye: another scale, and still the same objects.
_REDUCED = 0.8
_LEAST_SIDE_PX = 64
# Over the standard deviation of the image; by eye.
_NOISE = 0.25
# Of large images the part with objects is looked at again: it is to say how
# steady the network is, and need not cost as much as the image.
_LARGEST_PX = 1024


def signs_of(
  look: Callable[[np.ndarray, Sequence[float]], Merged],
  pixels: np.ndarray,
  found: Merged,
  zooms: Sequence[float],
  *,
  threshold: float,
) -> dict[str, float]:
  """The signs of an image that is looked at again, turned and smaller.

  Once as it is, and once with noise added.

  Args:
    look: as `Run.look`.
    pixels: [H, W], as they are in the file.
    found: at the first look, with the mask that is measured.
    zooms: scales that the network looks at.
    threshold: of its probabilities.

  Returns:
    What `image_signs` gives, of at most 1024 x 1024 pixels, around the middle
    of what was found.
  """
  rows, columns = (
    _around(found.mask.any(axis=other), side)
    for other, side in zip((1, 0), pixels.shape)
  )
  part = pixels[rows, columns]
  turned = np.ascontiguousarray(part.T)
  sides = tuple(
    max(_LEAST_SIDE_PX, round(_REDUCED * side)) for side in turned.shape
  )
  reduced = resample(turned, sides)
  # The same for the same image: what is random must not change a verdict.
  noise = np.random.default_rng(0).standard_normal(sides, np.float32)
  noisy = reduced + _NOISE * reduced.std() * noise
  # A small image is one tile, which has one core at work.
  with ThreadPoolExecutor(2) as threads:
    again, in_noise = threads.map(
      lambda seen: look(seen, zooms).mask, (reduced, noisy)
    )
  return image_signs(
    part,
    found.mask[rows, columns],
    found.probabilities[rows, columns],
    resample(again.T, part.shape) >= 0.5,
    resample(in_noise.T, part.shape) >= 0.5,
    threshold=threshold,
    zoom=max(found.zooms, default=1.0),
  )


def _around(shown: np.ndarray, side_px: int) -> slice:
  """As much of a side as is looked at again: around the middle of objects."""
  middle = np.median(np.flatnonzero(shown)) if shown.any() else side_px / 2
  first = int(middle) - _LARGEST_PX // 2
  first = min(max(0, first), max(0, side_px - _LARGEST_PX))
  return slice(first, first + _LARGEST_PX)
