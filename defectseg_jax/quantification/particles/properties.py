"""Place, size and shape of each particle of a mask."""

import dataclasses
import math

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks
from defectseg_jax.quantification.particles.borders import select_counted
from defectseg_jax.quantification.particles.components import label_regions
from defectseg_jax.quantification.particles.hulls import measure_hulls
from defectseg_jax.quantification.particles.run_lengths import (
  Runs,
  find_runs,
  run_boxes,
)
from defectseg_jax.quantification.particles.window import (
  Window,
  specimen_mask,
)

SIDES = ('top', 'left', 'bottom', 'right')


@dataclasses.dataclass(frozen=True, eq=False)
class Particles:
  """The particles of a mask; arrays have an entry for each, in order of id.

  Attributes:
    labels: int32 [H, W], the id at each pixel, 0 in the background.
    pixel_size_nm: side of a pixel; NaN where it is not known.
    row_px, column_px: centroid; 0, 0 is the middle of the first pixel.
    area_px: number of pixels.
    convex_area_px: area of the convex hull (see `hulls`).
    feret_maximum_px, feret_minimum_px: largest and smallest Feret diameter.
    mean_width_px: Feret diameter averaged over all directions.
    eccentricity: of the ellipse with the same second moments: 0 for a circle,
      towards 1 for a line.
    mean_intensity: of the image; NaN if no image was given.
    box_px: int64 [n, 4], bounding box: first row and column, and the row and
      column after the last.
    window: where the image shows specimen.
    at_gap: bool [n], whether it touches a gap in the window.
    foot_at_gap: bool [n], whether it does so with its lowest point.
    squares: of `boolean_model.square_counts`; None where it is not known yet.
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
  window: Window
  at_gap: np.ndarray
  foot_at_gap: np.ndarray
  squares: np.ndarray | None = None

  def __len__(self) -> int:
    return len(self.area_px)

  @property
  def diameter_px(self) -> np.ndarray:
    """Diameter of the circle of the same area: sqrt(4 A / pi)."""
    return np.sqrt(4 * self.area_px / math.pi)

  @property
  def diameter_nm(self) -> np.ndarray:
    """Diameter of the circle of the same area."""
    return self.diameter_px * self.pixel_size_nm

  @property
  def at_border(self) -> np.ndarray:
    """bool [n, 4]: whether it touches each of the window's `SIDES`."""
    return self.box_px == self.window.sides

  @property
  def whole(self) -> np.ndarray:
    """bool [n]: whether it touches no side of the window, and no gap."""
    return ~self.at_border.any(axis=1) & ~self.at_gap

  def counted(self, rule: str) -> np.ndarray:
    """bool [n]: which of them a border rule counts."""
    return select_counted(
      self.at_border,
      rule,
      at_gap=self.at_gap,
      foot_at_gap=self.foot_at_gap,
    )

  def columns(self) -> dict[str, np.ndarray]:
    """Columns of a table with a row for each particle.

    Returns:
      Arrays of one length, units in their names. `id` counts from 1 as in
      `labels`. `touches_border` names the sides, such as `top+left`, and `gap`
      where specimen is missing; '' means that it touches none.
    """
    pixel = self.pixel_size_nm
    lengths = {
      'diameter': self.diameter_px,
      'feret_maximum': self.feret_maximum_px,
      'feret_minimum': self.feret_minimum_px,
    }
    touches = [
      '+'.join(side for side, yes in zip((*SIDES, 'gap'), row) if yes)
      for row in np.column_stack([self.at_border, self.at_gap])
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
  pixel_size_nm: float | None,
  image: np.ndarray | None = None,
  ids: np.ndarray | None = None,
  connectivity: int = 8,
  minimum_area_px: int = 1,
  fill_holes: bool = False,
  separate: bool = False,
  valid: np.ndarray | None = None,
) -> Particles:
  """Finds and measures the particles of a mask.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    pixel_size_nm: side of a pixel; None where it is not known.
    image: [H, W], for the mean over each particle; or None.
    ids, connectivity, minimum_area_px, fill_holes, separate: as of
      `components.label_regions`.
    valid: bool [H, W], True on specimen, outside of which is no particle.

  Returns:
    The particles. Area, centroid, eccentricity and mean intensity are those of
    skimage.measure.regionprops.

  Raises:
    InputError: the mask is not a mask, the scale is not above 0, the image has
      another shape, or an argument is out of its range.

  Examples:
    A rectangle of 2 x 4 pixels of 0.5 nm.

    >>> mask = np.zeros((10, 10), bool)
    >>> mask[0:2, 3:7] = True
    >>> columns = measure_particles(mask, pixel_size_nm=0.5).columns()
    >>> columns['area_nm2'], columns['row_px'], columns['column_px']
    (array([2.]), array([0.5]), array([4.5]))
  """
  size_nm = checks.length_or_nan(pixel_size_nm, 'pixel_size_nm')
  mask, window = specimen_mask(mask, valid)
  if ids is not None and window.valid is not None:
    ids = np.where(window.valid, ids, 0)
  labels, count = label_regions(
    mask,
    ids=ids,
    connectivity=connectivity,
    minimum_area_px=minimum_area_px,
    fill_holes=fill_holes,
    separate=separate,
  )
  if window.valid is not None:
    # A gap may be taken for the hole of a particle, and filled.
    labels[~window.valid] = 0
  if image is not None and image.shape != labels.shape:
    raise InputError(
      f'an image of shape {image.shape} for a mask of shape {labels.shape}: '
      'give the image that the mask was drawn on'
    )
  return _measure_labels(labels, count, size_nm, image, window)


def _measure_labels(
  labels: np.ndarray,
  count: int,
  pixel_size_nm: float,
  image: np.ndarray | None,
  window: Window,
) -> Particles:
  """The particles 1 to count of a label image."""
  return measure_runs(
    labels,
    find_runs(labels),
    count,
    pixel_size_nm=pixel_size_nm,
    mean_intensity=_mean_intensity(labels, count, image),
    window=window,
  )


def measure_runs(
  labels: np.ndarray,
  runs: Runs,
  count: int,
  *,
  pixel_size_nm: float,
  mean_intensity: np.ndarray,
  window: Window,
  corner: tuple[int, int] = (0, 0),
) -> Particles:
  """The particles 1 to count of the runs of a label image, or a part of it.

  Args:
    labels: int [h, w].
    runs: of the labels, in rows and columns of the whole image.
    count: number of labels.
    pixel_size_nm: NaN where it is not known.
    mean_intensity: float [count].
    window: of the whole image.
    corner: row and column of the part's first pixel.
  """
  hulls = measure_hulls(runs, count)
  area, row, column, eccentricity = _moments(runs, count)
  at_gap, foot_at_gap = window.gap_contacts(labels, runs, count, corner)
  return Particles(
    labels=labels,
    pixel_size_nm=pixel_size_nm,
    row_px=row,
    column_px=column,
    area_px=area,
    convex_area_px=hulls.area_px,
    feret_maximum_px=hulls.feret_maximum_px,
    feret_minimum_px=hulls.feret_minimum_px,
    mean_width_px=hulls.mean_width_px,
    eccentricity=eccentricity,
    mean_intensity=mean_intensity,
    box_px=run_boxes(runs, count),
    window=window,
    at_gap=at_gap,
    foot_at_gap=foot_at_gap,
  )


def _moments(
  runs: Runs, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
  """Area, row, column and eccentricity, from sums over runs in closed form."""

  def total(values: np.ndarray) -> np.ndarray:
    return np.bincount(runs.label, weights=values, minlength=count + 1)[1:]

  length = (runs.last - runs.first + 1).astype(float)
  area = total(length)
  row = total(length * runs.row) / area
  middle = (runs.first + runs.last) / 2
  column = total(length * middle) / area
  # About the centroid: sums of squares about the corner of a large image would
  # lose digits.
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


def _mean_intensity(
  labels: np.ndarray, count: int, image: np.ndarray | None
) -> np.ndarray:
  if image is None:
    return np.full(count, math.nan)
  sums, pixels = np.zeros(count + 1), np.zeros(count + 1)
  # Some MiB of working memory, whatever the size of the image; by eye.
  rows = max(1, (1 << 21) // labels.shape[1])
  for top in range(0, len(labels), rows):
    part = labels[top : top + rows]
    inside = part > 0
    ids = part[inside]
    values = image[top : top + rows][inside]
    sums += np.bincount(ids, weights=values, minlength=count + 1)
    pixels += np.bincount(ids, minlength=count + 1)
  return sums[1:] / pixels[1:]
