"""Where the pixels of a simulated micrograph lie, in nanometres."""

import math

import numpy as np

from defectseg_jax.simulation.parameters import FoilParameters


def centred_coordinates(foil: FoilParameters) -> tuple[np.ndarray, np.ndarray]:
  """x and y of the pixels' centres, from the centre of the micrograph.

  Args:
    foil: its parameters.

  Returns:
    x, float32 [1, side_px], and y, float32 [side_px, 1], in nanometres.
  """
  x = (np.arange(foil.side_px, dtype=np.float32) + 0.5) * np.float32(
    foil.pixel_size_nm
  ) - np.float32(foil.side_nm / 2)
  return x[None, :], x[:, None]


def window_around(
  x_nm: float, y_nm: float, reach_nm: float, foil: FoilParameters
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
  """The pixels within a distance of a point, and how far they are from it.

  Args:
    x_nm: of the point.
    y_nm: of the point.
    reach_nm: half the side of the window.
    foil: its parameters.

  Returns:
    Slices of rows and columns, clipped to the micrograph; the distances to the
    right, [1, columns], and down, [rows, 1], in nanometres.
  """
  pixel = foil.pixel_size_nm
  rows, columns = (
    slice(
      max(0, math.floor((c - reach_nm) / pixel)),
      max(0, min(foil.side_px, math.ceil((c + reach_nm) / pixel))),
    )
    for c in (y_nm, x_nm)
  )
  right = (np.arange(columns.start, columns.stop) + 0.5) * pixel - x_nm
  down = (np.arange(rows.start, rows.stop) + 0.5) * pixel - y_nm
  return (rows, columns), right[None, :], down[:, None]
