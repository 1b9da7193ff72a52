"""Particles of a mask, one by one: where they lie, how large and what shape."""

import dataclasses
import math

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks
from defectseg_jax.quantification.particles.components import label_regions
from defectseg_jax.quantification.particles.hulls import hulls_of
from defectseg_jax.quantification.particles.run_lengths import Runs, runs_of

SIDES = ('top', 'left', 'bottom', 'right')


@dataclasses.dataclass(frozen=True, eq=False)
class Particles:
  """The particles of a mask; every array has an entry for each, by id.

  Attributes:
    labels: int32 [H, W], the id at each pixel, 0 in the background.
    pixel_size_nm: side of a pixel.
    row_px, column_px: centroid; 0, 0 is the middle of the first pixel.
    area_px: number of pixels.
    convex_area_px: of the convex hull (see `hulls`).
    feret_maximum_px, feret_minimum_px: largest and smallest Feret diameter.
    mean_width_px: Feret diameter averaged over all directions.
    eccentricity: of the ellipse with the same second moments: 0 for a circle,
      towards 1 for a line.
    mean_intensity: of the image, NaN where none was given.
    box_px: int64 [n, 4], bounding box: first row and column, and the row and
      column after the last.
  """

  labels: np.ndarray
  pixel_size_nm: float
  row_px: np.ndarray
  column_px: np.ndarray
  area_px: np.ndarray
  convex_area_px: np.ndarray
  feret_maximum_px: np.ndarray
  feret_minimum_px: np.ndarray
  mean_width_px: np.ndarray
  eccentricity: np.ndarray
  mean_intensity: np.ndarray
  box_px: np.ndarray

  def __len__(self) -> int:
    return len(self.area_px)

  @property
  def diameter_px(self) -> np.ndarray:
    """Of the circle of the same area: sqrt(4 A / pi)."""
    return np.sqrt(4 * self.area_px / math.pi)

  @property
  def diameter_nm(self) -> np.ndarray:
    """Of the circle of the same area."""
    return self.diameter_px * self.pixel_size_nm

  @property
  def at_border(self) -> np.ndarray:
    """bool [n, 4]: whether it touches the image's `SIDES`."""
    return self.box_px == (0, 0, *self.labels.shape)

  @property
  def whole(self) -> np.ndarray:
    """bool [n]: whether it touches no side of the image."""
    return ~self.at_border.any(axis=1)

  def columns(self) -> dict[str, np.ndarray]:
    """All of it as columns of a table, in pixels and in nanometres.

    Returns:
      Arrays of one length, units in their names; `id` counts from 1 as
      `labels` does; `touches_border` names sides, as `top+left`, or is ''.
    """
    pixel = self.pixel_size_nm
    lengths = {
      'diameter': self.diameter_px,
      'feret_maximum': self.feret_maximum_px,
      'feret_minimum': self.feret_minimum_px,
    }
    touches = [
      '+'.join(side for side, yes in zip(SIDES, row) if yes)
      for row in self.at_border
    ]
    return {
      'id': np.arange(1, len(self) + 1),
      'row_px': self.row_px,
      'column_px': self.column_px,
      'x_nm': (self.column_px + 0.5) * pixel,
      'y_nm': (self.row_px + 0.5) * pixel,
      'area_px': self.area_px,
      'area_nm2': self.area_px * pixel**2,
      **{f'{name}_px': value for name, value in lengths.items()},
      **{f'{name}_nm': value * pixel for name, value in lengths.items()},
      'eccentricity': self.eccentricity,
      'mean_intensity': self.mean_intensity,
      'touches_border': np.array(touches, dtype=str),
    }


def measure_particles(
  mask: np.ndarray,
  *,
  pixel_size_nm: float,
  image: np.ndarray | None = None,
  connectivity: int = 8,
  minimum_area_px: int = 1,
  fill_holes: bool = False,
  separate: bool = False,
) -> Particles:
  """Finds and measures the particles of a mask.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    pixel_size_nm: side of a pixel.
    image: [H, W], numbers whose mean over each particle is wanted, or None.
    connectivity, minimum_area_px, fill_holes, separate: see
      `regions.label_regions`.

  Returns:
    The particles. Area, centroid, eccentricity and mean intensity are those of
    skimage.measure.regionprops.

  Raises:
    InputError: the mask is none, the scale is not above 0, the image has
      another shape, or an argument is out of its range.
  """
  checks.require_positive(pixel_size_nm, 'pixel_size_nm')
  labels, count = label_regions(
    mask,
    connectivity=connectivity,
    minimum_area_px=minimum_area_px,
    fill_holes=fill_holes,
    separate=separate,
  )
  if image is not None and image.shape != labels.shape:
    raise InputError(
      f'an image of shape {image.shape} for a mask of shape {labels.shape}: '
      'give the image that the mask was drawn on'
    )
  runs = runs_of(labels)
  hulls = hulls_of(runs, count)
  area, row, column, eccentricity = _moments(runs, count)
  return Particles(
    labels=labels,
    pixel_size_nm=float(pixel_size_nm),
    row_px=row,
    column_px=column,
    area_px=area,
    convex_area_px=hulls.area_px,
    feret_maximum_px=hulls.feret_maximum_px,
    feret_minimum_px=hulls.feret_minimum_px,
    mean_width_px=hulls.mean_width_px,
    eccentricity=eccentricity,
    mean_intensity=_mean_intensity(labels, count, image),
    box_px=_boxes(runs, count),
  )


def _moments(runs: Runs, count):
  """Area, centroid and eccentricity, from sums over runs in closed form."""

  def total(values):
    return np.bincount(runs.label, weights=values, minlength=count + 1)[1:]

  length = (runs.last - runs.first + 1).astype(float)
  area = total(length)
  row = total(length * runs.row) / area
  middle = (runs.first + runs.last) / 2
  column = total(length * middle) / area
  # Moments about the centroid: sums of squares about the corner of a large
  # image would lose the digits that matter.
  y = runs.row - row[runs.label - 1]
  x = middle - column[runs.label - 1]
  yy = total(length * y * y) / area
  xx = total(length * (x * x + (length * length - 1) / 12)) / area
  xy = total(length * x * y) / area
  apart = np.hypot((xx - yy) / 2, xy)
  long_ = (xx + yy) / 2 + apart
  short = np.maximum((xx + yy) / 2 - apart, 0)
  ratio = np.divide(short, long_, out=np.ones_like(long_), where=long_ > 0)
  return area.astype(np.int64), row, column, np.sqrt(1 - ratio)


def _mean_intensity(labels, count, image):
  if image is None:
    return np.full(count, math.nan)
  sums, pixels = np.zeros(count + 1), np.zeros(count + 1)
  rows = max(1, (1 << 21) // labels.shape[1])
  for top in range(0, len(labels), rows):
    part = labels[top : top + rows]
    inside = part > 0
    ids = part[inside]
    values = image[top : top + rows][inside]
    sums += np.bincount(ids, weights=values, minlength=count + 1)
    pixels += np.bincount(ids, minlength=count + 1)
  return sums[1:] / pixels[1:]


def _boxes(runs: Runs, count):
  if count == 0:
    return np.zeros((0, 4), np.int64)
  starts = np.searchsorted(runs.label, np.arange(1, count + 1))
  return np.stack(
    [
      np.minimum.reduceat(runs.row, starts),
      np.minimum.reduceat(runs.first, starts),
      np.maximum.reduceat(runs.row, starts) + 1,
      np.maximum.reduceat(runs.last, starts) + 1,
    ],
    axis=1,
  )
