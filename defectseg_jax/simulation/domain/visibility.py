"""Which objects a person could see, by contrast over noise."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from defectseg_jax.simulation.silhouettes import Silhouette

# Structures of the background that are as large as an object count like this
# part of noise that is averaged away; by eye.
_CLUTTER = 0.25
# The eye does not average over more than about 200 pixels; by eye.
_LEAST_AVERAGE = 0.07


@dataclasses.dataclass(frozen=True, eq=False)
class Noise:
  """What an object has to stand out of, relative to the intensity.

  Attributes:
    fine: [H, W], standard deviation of a pixel; an average over many has less.
    clutter: [H, W], standard deviation of structures as large as an object.
  """

  fine: np.ndarray
  clutter: np.ndarray


def noise_of_averages(
  empty: Float[np.ndarray, 'h w'],
  *,
  counting: Float[np.ndarray, 'h w'],
  diameter_px: float,
) -> Noise:
  """The noise of a micrograph without its objects.

  Args:
    empty: [H, W], intensity, above 0.
    counting: [H, W], relative standard deviation of counting electrons.
    diameter_px: of a typical object.

  Returns:
    The noise everywhere.
  """
  small, large = max(1.0, diameter_px / 6), max(2.0, diameter_px / 1.5)
  smooth = ndimage.gaussian_filter(empty, small, truncate=2.5)
  window = 2 * int(large) + 1
  # Of two boxes, since Gaussians as wide as this take ten times as long.
  ground = ndimage.uniform_filter(
    ndimage.uniform_filter(smooth, window), window
  )

  def spread(part: np.ndarray) -> np.ndarray:
    variance = ndimage.uniform_filter(part**2, 2 * window + 1)
    return np.sqrt(np.maximum(variance, 0)) / ground

  return Noise(
    fine=np.hypot(spread(empty - smooth), counting),
    clutter=spread(smooth - ground),
  )


def visible_objects(
  silhouettes: Sequence[Silhouette],
  change: Float[np.ndarray, 'h w'],
  noise: Noise,
  *,
  ratio: float,
) -> list[bool]:
  """Whether each object stands out of the noise.

  Contrast is the root mean square of the change over the object's area, noise
  the standard deviation of an average over it: sd / sqrt(pixels), and a part of
  the clutter.

  Args:
    silhouettes: of the objects.
    change: [H, W], relative change of the intensity by all objects.
    noise: of the micrograph without them.
    ratio: of contrast over noise that is asked for; Rose's criterion is 5.

  Returns:
    One for each silhouette.

  References:
    A. Rose, The sensitivity performance of the human eye on an absolute scale,
    J. Opt. Soc. Am. 38, 196 (1948).
  """
  found = []
  fields = np.stack([change**2, noise.fine, noise.clutter])
  for seen in silhouettes:
    body = seen.path_nm > 0
    part = fields[:, seen.rows, seen.columns][:, body]
    size = part.shape[1]
    power, fine, clutter = (part.sum(axis=1) / size).tolist()
    averaged = math.hypot(1 / math.sqrt(size), _LEAST_AVERAGE)
    spread = math.hypot(averaged * fine, _CLUTTER * clutter)
    found.append(math.sqrt(power) >= ratio * spread)
  return found


def fill_silhouettes(
  silhouettes: Sequence[Silhouette], side_px: int
) -> Bool[np.ndarray, '{side_px} {side_px}']:
  """The area of objects."""
  mask = np.zeros((side_px, side_px), bool)
  for seen in silhouettes:
    mask[seen.rows, seen.columns] |= seen.path_nm > 0
  return mask
