"""Particles of a mask that changes, measured again only where it does.

What is measured of a particle depends on its own pixels alone. So a change
costs what it changes, and the numbers are those of a whole measurement to the
last bit.
"""

import copy
import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from defectseg_jax.quantification.particles.boolean_model import (
  square_counts,
  square_counts_in,
)
from defectseg_jax.quantification.particles.connectivity import (
  Numbers,
  corner_touches_in,
  numbers_of,
)
from defectseg_jax.quantification.particles.properties import (
  Particles,
  measure_runs,
)
from defectseg_jax.quantification.particles.run_lengths import (
  Runs,
  find_runs,
  paint_runs,
)
from defectseg_jax.quantification.particles.run_regions import number_pieces
from defectseg_jax.quantification.particles.window import Window

# Columns of a particle's row.
_COLUMNS = (
  *('row_px', 'column_px', 'area_px', 'convex_area_px'),
  *('feret_maximum_px', 'feret_minimum_px', 'mean_width_px', 'eccentricity'),
  *('mean_intensity', 'box_px', 'at_gap', 'foot_at_gap'),
)
# Measured at a time; by eye.
_BAND_PX = 1 << 22
# Top, left, bottom, right; the row and column after the last.
Box = tuple[int, int, int, int]


class ChangingParticles:
  """The particles of an image whose ids change, by one connectivity."""

  def __init__(
    self,
    ids: np.ndarray,
    *,
    connectivity: int,
    pixel_size_nm: float | None,
    window: Window,
  ) -> None:
    """Measures all of them.

    Args:
      ids: int [H, W], the object at each pixel, 0 in the background; it is
        looked at again by `change`.
      connectivity: 4 or 8.
      pixel_size_nm: side of a pixel; None where it is not known.
      window: where the image shows specimen.
    """
    self._ids, self._connectivity = ids, connectivity
    self._pixel_size_nm = pixel_size_nm or math.nan
    self._window = window
    owners, firsts, rows = zip(*(self._measure(*one) for one in _bands(ids)))
    self._owner, self._first = np.concatenate(owners), np.concatenate(firsts)
    self._rows = _joined(rows)

  def change(self, box: Box, affected: np.ndarray) -> None:
    """Measures again what changed.

    Args:
      box: of the pixels that changed.
      affected: ids that are in it, or were.
    """
    old = np.isin(self._owner, affected)
    # All pixels of what changed are in the box, or where it was before.
    boxes = [np.array([box]), self._rows.box_px[old]]
    first = np.concatenate(boxes)[:, :2].min(axis=0)
    after = np.concatenate(boxes)[:, 2:].max(axis=0)
    looked = int(first[0]), int(first[1]), int(after[0]), int(after[1])
    owner, first, rows = self._measure(looked, affected)
    self._owner = np.concatenate([self._owner[~old], owner])
    self._first = np.concatenate([self._first[~old], first])
    kept = {name: getattr(self._rows, name)[~old] for name in _COLUMNS}
    self._rows = _joined([dataclasses.replace(self._rows, **kept), rows])

  def by(self, connectivity: int) -> 'ChangingParticles':
    """The same, by a connectivity that until now made the same of them."""
    other = copy.copy(self)
    other._connectivity = connectivity
    return other

  def particles(self, squares: np.ndarray | None = None) -> Particles:
    """All of them, in the order of their first pixels.

    Their labels are the ids, which are not in that order.

    Args:
      squares: counts of `square_counts`.
    """
    order = np.argsort(self._first, kind='stable')
    columns = {name: getattr(self._rows, name)[order] for name in _COLUMNS}
    return dataclasses.replace(
      self._rows, labels=self._ids, squares=squares, **columns
    )

  def _measure(
    self, box: Box, only: np.ndarray | None
  ) -> tuple[np.ndarray, np.ndarray, Particles]:
    """Ids, first pixels and measures of the particles in a box.

    Args:
      box: that holds them.
      only: ids to be measured; None for all.
    """
    top, left, bottom, right = box
    ids = self._ids[top:bottom, left:right]
    if self._window.valid is not None:
      ids = np.where(self._window.valid[top:bottom, left:right], ids, 0)
    if only is not None:
      wanted = np.zeros(1 + int(max([0, ids.max(initial=0), *only])), bool)
      wanted[only] = True
      ids = np.where(wanted[ids], ids, 0)
    runs, count = number_pieces(find_runs(ids), self._connectivity)
    labels = ids
    if self._window.valid is not None:
      labels = paint_runs(runs, ids.shape)
    # Of each label the first run begins with its first pixel.
    starts = np.searchsorted(runs.label, np.arange(1, count + 1))
    row, column = runs.row[starts], runs.first[starts]
    owner = ids[row, column]
    first = (row + top) * self._ids.shape[1] + column + left
    moved = Runs(
      runs.label, runs.row + top, runs.first + left, runs.last + left
    )
    found = measure_runs(
      labels,
      moved,
      count,
      pixel_size_nm=self._pixel_size_nm,
      mean_intensity=np.full(count, math.nan),
      window=self._window,
      corner=(top, left),
    )
    # Those of the image are known; these would be as large.
    return owner, first, dataclasses.replace(found, labels=self._ids)


def _bands(ids: np.ndarray) -> list[tuple[Box, np.ndarray | None]]:
  """Parts of an image, and which ids are measured in each; None for all.

  A large image is measured band by band: labels of all of it would need eight
  times the memory of its ids.
  """
  height, width = ids.shape
  step = max(1, _BAND_PX // max(1, width))
  if height <= step:
    return [((0, 0, height, width), None)]
  begin: dict[int, list[int]] = {}
  end: dict[int, int] = {}
  for one, place in enumerate(ndimage.find_objects(ids), start=1):
    if place is not None:
      band = place[0].start // step
      begin.setdefault(band, []).append(one)
      end[band] = max(end.get(band, 0), place[0].stop)
  return [
    ((band * step, 0, end[band], width), np.array(those))
    for band, those in begin.items()
  ] or [((0, 0, 1, width), None)]


def _joined(parts: Sequence[Particles]) -> Particles:
  """The particles of all parts."""
  columns = {
    name: np.concatenate([getattr(part, name) for part in parts])
    for name in _COLUMNS
  }
  return dataclasses.replace(parts[0], **columns)


class ChangingMask:
  """What a measurement of particles needs of a mask that changes."""

  def __init__(
    self,
    ids: np.ndarray,
    *,
    connectivity: int,
    pixel_size_nm: float | None,
    window: Window,
  ) -> None:
    """Measures all of it; arguments as of `ChangingParticles`."""
    self._ids, self._window = ids, window
    height, width = ids.shape
    self._squares = square_counts(ids, valid=window.valid)
    self._corners = corner_touches_in(ids, (0, 0, height, width))
    begin = functools.partial(
      ChangingParticles, ids, pixel_size_nm=pixel_size_nm, window=window
    )
    self._ours = begin(connectivity=connectivity)
    self._other_one = 12 - connectivity
    # Where no corners touch, both connectivities make the same.
    self._others = (
      begin(connectivity=self._other_one) if self._corners else None
    )

  def before(self, box: Box) -> None:
    """Takes away what is in a box, before it changes."""
    self._count(box, -1)

  def change(self, box: Box, affected: np.ndarray) -> None:
    """Adds what is in it since; arguments as of `ChangingParticles.change`."""
    others = self._others or self._ours.by(self._other_one)
    self._count(box, 1)
    self._ours.change(box, affected)
    self._others = None
    if self._corners:
      others.change(box, affected)
      self._others = others

  def found(self, border: str) -> tuple[Particles, Numbers | None]:
    """The particles, and what the other connectivity makes of them.

    Args:
      border: the border rule.

    Returns:
      Both; None where the other one is known to make the same.
    """
    other = None
    if self._others is not None:
      other = numbers_of(self._others.particles(), border)
    return self._ours.particles(self._squares), other

  def _count(self, box: Box, sign: int) -> None:
    self._squares = self._squares + sign * square_counts_in(
      self._ids, box, valid=self._window.valid
    )
    self._corners += sign * corner_touches_in(self._ids, box)
