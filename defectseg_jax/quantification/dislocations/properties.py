"""Place and length of each dislocation line of a mask."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification import checks
from defectseg_jax.quantification.dislocations import skeletons
from defectseg_jax.quantification.particles import components
from defectseg_jax.quantification.particles.properties import SIDES


class Lines(NamedTuple):
  """The lines of a mask; arrays have an entry for each, in order of id.

  Lines that touch each other are one line.

  Attributes:
    labels: int32 [H, W], the id at each pixel, 0 in the background.
    pixel_size_nm: side of a pixel; NaN where it is not known.
    row_px, column_px: a place on the line, about in its middle.
    length_px: of its skeleton; 0 if that is a single pixel.
    area_px: number of its pixels.
    at_border: bool [n, 4]: whether it touches each of the image's `SIDES`.
  """

  labels: np.ndarray
  pixel_size_nm: float
  row_px: np.ndarray
  column_px: np.ndarray
  length_px: np.ndarray
  area_px: np.ndarray
  at_border: np.ndarray

  def columns(self) -> dict[str, np.ndarray]:
    """Columns of a table with a row for each line.

    Returns:
      Arrays of one length, units in their names. `id` counts from 1 as in
      `labels`. `touches_border` names the sides, such as `top+left`; '' means
      that it touches none.
    """
    pixel = self.pixel_size_nm
    touches = [
      '+'.join(side for side, yes in zip(SIDES, row) if yes)
      for row in self.at_border
    ]
    return {
      'id': np.arange(1, len(self.area_px) + 1),
      'row_px': self.row_px,
      'column_px': self.column_px,
      'x_nm': (self.column_px + 0.5) * pixel,
      'y_nm': (self.row_px + 0.5) * pixel,
      'length_px': self.length_px,
      'length_nm': self.length_px * pixel,
      'area_px': self.area_px,
      'touches_border': np.array(touches, dtype=str),
    }


def measure_lines(
  mask: np.ndarray,
  skeleton: skeletons.Skeleton,
  *,
  pixel_size_nm: float | None,
) -> Lines:
  """Finds and measures the lines of a mask.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    skeleton: of the same mask.
    pixel_size_nm: side of a pixel; None where it is not known.

  Returns:
    The lines, in the order of their first pixels, row after row.

  Raises:
    InputError: the mask is not a mask, or the scale is not above 0.
  """
  size_nm = checks.length_or_nan(pixel_size_nm, 'pixel_size_nm')
  labels, count = components.label_regions(mask)
  of_pixel = labels[skeleton.row, skeleton.column]
  boxes = ndimage.find_objects(labels)
  bottom_right = labels.shape
  return Lines(
    labels=labels,
    pixel_size_nm=size_nm,
    **_middles(skeleton, of_pixel, count),
    length_px=np.bincount(
      of_pixel, weights=skeletons.pixel_lengths(skeleton), minlength=count + 1
    )[1:],
    area_px=components.areas_px(labels, count)[1:],
    at_border=np.array(
      [
        (
          rows.start == 0,
          columns.start == 0,
          rows.stop == bottom_right[0],
          columns.stop == bottom_right[1],
        )
        for rows, columns in boxes
      ],
      bool,
    ).reshape(-1, len(SIDES)),
  )


def _middles(
  skeleton: skeletons.Skeleton, of_pixel: np.ndarray, count: int
) -> dict[str, np.ndarray]:
  """The middle one of each line's skeleton pixels, row after row."""
  order = np.argsort(of_pixel, kind='stable')
  starts = np.searchsorted(of_pixel[order], np.arange(1, count + 2))
  middle = order[(starts[:-1] + starts[1:] - 1) // 2]
  return {
    'row_px': skeleton.row[middle].astype(float),
    'column_px': skeleton.column[middle].astype(float),
  }
