"""Labels, as people draw them, from geometry that is known."""

from collections.abc import Sequence

import numpy as np

from defectseg_jax.simulation.dislocations import Line
from defectseg_jax.simulation.parameters import LABEL_WIDTH_PX, FoilParameters
from defectseg_jax.simulation.silhouettes import Silhouette

# Nobody sees what a surface has left of a particle if it is thinner; by eye.
_FAINTEST_VOID_NM = 6.0
_FAINTEST_PRECIPITATE_NM = 3.0
# A void is drawn whole if less than this fraction of its area is hidden; by
# eye.
_HIDDEN = 0.7


def void_is_drawn(seen: Silhouette, precipitate_path_nm: np.ndarray) -> bool:
  """Whether a careful person would outline this void.

  Args:
    seen: the void's silhouette.
    precipitate_path_nm: float32 [side_px, side_px], of all precipitates.

  Returns:
    False where what a surface has left of it is too thin to see, or where
    precipitates as thick as the void hide most of it.
  """
  if seen.path_nm.max() < _FAINTEST_VOID_NM:
    return False
  body = seen.path_nm > 0
  over = precipitate_path_nm[seen.rows, seen.columns]
  return float(np.mean((over >= seen.path_nm)[body])) < _HIDDEN


def precipitate_is_drawn(seen: Silhouette) -> bool:
  """Whether a careful person would outline this precipitate."""
  return float(seen.path_nm.max()) >= _FAINTEST_PRECIPITATE_NM


def fill_outlines(
  drawn: Sequence[Silhouette], foil: FoilParameters
) -> np.ndarray:
  """The particles' areas: bool [side_px, side_px]."""
  mask = np.zeros((foil.side_px, foil.side_px), bool)
  for seen in drawn:
    mask[seen.rows, seen.columns] |= seen.path_nm > 0
  return mask


def draw_lines(drawn: Sequence[Line], foil: FoilParameters) -> np.ndarray:
  """Pixels whose centre is within half the label's width of a line.

  Args:
    drawn: the lines to label.
    foil: its parameters.

  Returns:
    bool [side_px, side_px]; lines are 3 pixels wide, as in the paper.
  """
  side, half_px = foil.side_px, LABEL_WIDTH_PX / 2
  # With a rim, so that a label may leave the micrograph.
  wide = side + 8
  mask = np.zeros((wide, wide), bool)
  flat = mask.reshape(-1)
  points_nm = np.concatenate([np.empty((0, 3)), *(l.points_nm for l in drawn)])
  # In pixels from the first pixel's centre.
  places = points_nm[:, :2].T / foil.pixel_size_nm - 0.5
  first = np.floor(places)
  column, row = first.astype(np.int64).clip(-3, side + 1) + 4
  near_x, near_y = (
    [(first[axis] + reach - places[axis]) ** 2 for reach in range(-1, 3)]
    for axis in (0, 1)
  )
  corner = (row - 1) * wide + column - 1
  for down, y in enumerate(near_y):
    for right, x in enumerate(near_x):
      flat[(corner + down * wide + right)[x + y <= half_px**2]] = True
  return mask[4:-4, 4:-4].copy()
