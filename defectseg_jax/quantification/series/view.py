"""The part of the specimen that every frame shows."""

import numpy as np

from defectseg_jax.quantification.series.drift import Drift


class CommonView:
  """What all frames have shown, as a part of the first."""

  def __init__(self) -> None:
    """Has seen nothing yet."""
    self._seen: np.ndarray | None = None

  def add(
    self, shape: tuple[int, int], valid: np.ndarray | None, drift: Drift
  ) -> None:
    """Takes away what another frame does not show.

    Args:
      shape: of the frame.
      valid: bool [H, W], True on specimen; None where all is.
      drift: of it, which is known; to the nearest pixel.
    """
    valid = np.ones(shape, bool) if valid is None else valid
    if self._seen is None:
      self._seen = valid.copy()
      return
    seen = self._seen
    height, width = seen.shape
    rows = np.arange(height) + round(drift.rows_px)
    columns = np.arange(width) + round(drift.columns_px)
    of_rows = (rows >= 0) & (rows < shape[0])
    of_columns = (columns >= 0) & (columns < shape[1])
    seen &= of_rows[:, None] & of_columns
    part = np.ix_(of_rows, of_columns)
    seen[part] &= valid[np.ix_(rows[of_rows], columns[of_columns])]

  @property
  def area_px(self) -> int:
    """Pixels that all frames show."""
    return 0 if self._seen is None else int(np.count_nonzero(self._seen))

  def count(self, places_px: np.ndarray) -> int:
    """How many centres lie in it.

    Args:
      places_px: float [n, 2], rows and columns on the specimen.
    """
    if self._seen is None or not len(places_px):
      return 0
    at = np.round(places_px).astype(int)
    inside = ((at >= 0) & (at < self._seen.shape)).all(axis=1)
    return int(np.count_nonzero(self._seen[tuple(at[inside].T)]))
