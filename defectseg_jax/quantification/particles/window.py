"""The part of an image that shows specimen: where particles are counted.

The rows and columns around it are the sides of the image, as if it had been cut
out. Inside of them gaps may be left, of any shape; a particle that a gap cuts
belongs to where its lowest point is, the last one of its last row. Of a convex
particle that point lies beyond a gap if the last point of what is seen touches
it; so a particle is counted once, as by the frame at the sides.
"""

import dataclasses
import functools

import numpy as np
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.quantification import checks
from defectseg_jax.quantification.particles.run_lengths import Runs


@dataclasses.dataclass(frozen=True, eq=False)
class Window:
  """Where an image shows specimen.

  Attributes:
    shape: height and width of the image.
    valid: bool [H, W], True on specimen; None where all of it is.
    marked_beside_px: pixels of the mask that lie where no specimen is.
  """

  shape: tuple[int, int]
  valid: np.ndarray | None = None
  marked_beside_px: int = 0

  @property
  def area_px(self) -> int:
    """Pixels of specimen."""
    if self.valid is None:
      return self.shape[0] * self.shape[1]
    return int(np.count_nonzero(self.valid))

  @property
  def sides(self) -> tuple[int, int, int, int]:
    """First row and column, and the row and column after the last."""
    if self.valid is None:
      return 0, 0, *self.shape
    rows, columns = (
      np.flatnonzero(self.valid.any(axis=axis)) for axis in (1, 0)
    )
    return (
      *(int(rows[0]), int(columns[0])),
      *(int(rows[-1]) + 1, int(columns[-1]) + 1),
    )

  def gap_contacts(
    self,
    labels: np.ndarray,
    runs: Runs,
    count: int,
    corner: tuple[int, int] = (0, 0),
  ) -> tuple[np.ndarray, np.ndarray]:
    """Which particles touch a gap, and which with their lowest point.

    Args:
      labels: int [h, w], of specimen only.
      runs: of the labels.
      count: number of labels.
      corner: row and column of the first pixel of the labels.

    Returns:
      bool [count], twice.
    """
    touches = np.zeros(count + 1, bool)
    if self.valid is None or not count:
      return touches[1:], touches[1:]
    gaps, near = self._gaps
    rows, columns = (
      slice(first, first + size) for first, size in zip(corner, labels.shape)
    )
    touches[labels[near[rows, columns]]] = True
    touches[0] = False
    # Runs are in the order of labels and rows: of each, the last.
    last = np.searchsorted(runs.label, np.arange(1, count + 1), 'right') - 1
    row, column = runs.row[last] + 1, runs.last[last] + 1
    at_foot = gaps[row, column + 1]
    for aside in (-1, 0, 1):
      at_foot = at_foot | gaps[row + 1, column + aside]
    return touches[1:], at_foot

  @functools.cached_property
  def _gaps(self) -> tuple[np.ndarray, np.ndarray]:
    """Gaps, with a margin since a foot may be at a side; and what is near."""
    assert self.valid is not None
    top, left, bottom, right = self.sides
    gaps = np.zeros(self.shape, bool)
    gaps[top:bottom, left:right] = ~self.valid[top:bottom, left:right]
    return np.pad(gaps, 1), np.asarray(ndimage.binary_dilation(gaps), bool)


def create_window(shape: tuple[int, int], valid: np.ndarray | None) -> Window:
  """The window of an image, checked.

  Args:
    shape: of the image.
    valid: bool [H, W], True on specimen; None where all of it is.

  Raises:
    InputError: the mask is of another type or shape, or all False.
  """
  if valid is None:
    return Window(shape)
  valid = np.asarray(valid)
  if valid.dtype != bool or valid.shape != shape or not valid.any():
    raise InputError(
      f'valid: an array of {valid.dtype} {valid.shape} with '
      f'{np.count_nonzero(valid)} pixels for a mask of {shape}; give booleans '
      'of its shape, True on specimen'
    )
  return Window(shape) if valid.all() else Window(shape, valid)


def specimen_mask(
  mask: np.ndarray, valid: np.ndarray | None
) -> tuple[np.ndarray, Window]:
  """What is marked on specimen, and the window.

  Args:
    mask: [H, W], as `checks.boolean_mask` takes it.
    valid: as `create_window` takes it.

  Returns:
    bool [H, W], and the window.
  """
  mask = checks.boolean_mask(mask)
  window = create_window(mask.shape, valid)
  if window.valid is None:
    return mask, window
  beside_px = int(np.count_nonzero(mask & ~window.valid))
  return mask & window.valid, dataclasses.replace(
    window, marked_beside_px=beside_px
  )
