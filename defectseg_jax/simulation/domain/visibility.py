"""Which objects a person could see, by contrast over noise."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from defectseg_jax.simulation.pixel_grid import pixels_of_boxes
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
  # Two boxes are as wide as a Gaussian of that standard deviation.
  smooth = _two_boxes(empty, math.sqrt(6 * small**2 + 1))
  # What is as wide as objects is worked out at half the size.
  halved = _halve(smooth)
  window = int(large) // 2 * 2 + 1
  ground = _two_boxes(halved, window)

  def variance(squares: np.ndarray) -> np.ndarray:
    mean = ndimage.uniform_filter(squares, 2 * window + 1)
    return np.maximum(mean, 0) / ground**2

  fine = variance(_halve((empty - smooth) ** 2)) + _halve(counting) ** 2
  clutter = variance((halved - ground) ** 2)
  rows, columns = empty.shape
  return Noise(
    *(
      np.sqrt(one).repeat(2, 0).repeat(2, 1)[:rows, :columns]
      for one in (fine, clutter)
    )
  )


def _two_boxes(
  field: Float[np.ndarray, 'h w'], width_px: float
) -> Float[np.ndarray, 'h w']:
  """Nearly Gaussian; wide Gaussians take ten times as long."""
  odd = 2 * round((width_px - 1) / 2) + 1
  return ndimage.uniform_filter(ndimage.uniform_filter(field, odd), odd)


def _halve(field: Float[np.ndarray, 'h w']) -> Float[np.ndarray, 'h2 w2']:
  """Means of 2 x 2 pixels; a last odd row or column counts twice."""
  rows, columns = field.shape
  if rows % 2 or columns % 2:
    field = np.pad(field, ((0, rows % 2), (0, columns % 2)), mode='edge')
  pairs = field[::2] + field[1::2]
  return (pairs[:, ::2] + pairs[:, 1::2]) / 4


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
  if not silhouettes:
    return []
  sizes, starts, pixels = _bodies(silhouettes, change.shape[1])

  def average(field: np.ndarray) -> np.ndarray:
    return np.add.reduceat(field.ravel()[pixels], starts, dtype=float) / sizes

  contrast = np.sqrt(average(change**2))
  averaged = np.hypot(1 / np.sqrt(sizes), _LEAST_AVERAGE)
  spread = np.hypot(
    averaged * average(noise.fine), _CLUTTER * average(noise.clutter)
  )
  return (contrast >= ratio * spread).tolist()


def _bodies(
  silhouettes: Sequence[Silhouette], width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The pixels of all bodies, one after the other.

  Args:
    silhouettes: of the bodies, none of them empty.
    width: of the micrograph.

  Returns:
    Number of each one's pixels; place of its first one among all; and of each
    pixel its place in the micrograph, row by row.
  """
  first = np.array([(s.rows.start, s.columns.start) for s in silhouettes])
  sides = np.array([s.path_nm.shape for s in silhouettes])
  box, row, column = pixels_of_boxes(first, sides)
  inside = np.concatenate([s.path_nm.ravel() for s in silhouettes]) > 0
  sizes = np.bincount(box[inside], minlength=len(first))
  return sizes, sizes.cumsum() - sizes, (row * width + column)[inside]


def fill_silhouettes(
  silhouettes: Sequence[Silhouette], side_px: int
) -> Bool[np.ndarray, '{side_px} {side_px}']:
  """The area of objects."""
  mask = np.zeros((side_px, side_px), bool)
  for seen in silhouettes:
    mask[seen.rows, seen.columns] |= seen.path_nm > 0
  return mask
