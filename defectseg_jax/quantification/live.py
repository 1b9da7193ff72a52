"""The numbers of a mask that changes: of each change, and of the whole.

A person who corrects a mask waits for them. What changed alone is measured
again; the numbers are those of `MeasurementSettings.measure`, to the last bit.
"""

import dataclasses
from typing import Any

import numpy as np

from defectseg_jax.quantification.bootstrap import prepare_draws
from defectseg_jax.quantification.checks import require_positive
from defectseg_jax.quantification.dislocations.changing import ChangingLines
from defectseg_jax.quantification.dislocations.joined_lines import (
  ChangingJoins,
  JoinedLines,
  joined_lines,
)
from defectseg_jax.quantification.dislocations.measure_mask import (
  line_measurement,
)
from defectseg_jax.quantification.measure_mask import MeasurementSettings
from defectseg_jax.quantification.measurement import Measurement
from defectseg_jax.quantification.particles.changing import Box, ChangingMask
from defectseg_jax.quantification.particles.measure_mask import (
  particle_measurement,
)
from defectseg_jax.quantification.particles.window import (
  Window,
  create_window,
)
from defectseg_jax.quantification.surfaces import measure_on_surface


class LiveMeasurement:
  """The numbers of ids that change."""

  def __init__(
    self,
    ids: np.ndarray,
    settings: MeasurementSettings,
    *,
    pixel_size_nm: float | None,
    thickness_nm: float | None,
    valid: np.ndarray | None = None,
  ) -> None:
    """Measures all of it.

    Args:
      ids: int [H, W], the object at each pixel, 0 in the background. Each is in
        one piece, corners connect; objects that touch have different ids. They
        may change after `before` and until `change`.
      settings: how to measure; of a person's mask, as `by_hand` gives them.
      pixel_size_nm, thickness_nm, valid: as of `measure`.

    Raises:
      InputError: an argument is out of its range.
    """
    for name, value in (
      ('pixel_size_nm', pixel_size_nm),
      ('thickness_nm', thickness_nm),
    ):
      if value is not None:
        require_positive(value, name)
    self._ids, self._settings = ids, settings
    self._pixel_size_nm, self._thickness_nm = pixel_size_nm, thickness_nm
    self._window = create_window(ids.shape, valid)
    self._whole = 0
    self._lines: ChangingLines | None = None
    # None where no specimen may cut lines in pieces.
    self._joins: ChangingJoins | None = None
    self._mask: np.ndarray | None = None
    self._particles: ChangingMask | None = None
    how = settings.quantification
    if settings.kind.has_test_lines:
      self._mask = self._marked((0, 0, *ids.shape))
      self._lines = ChangingLines(
        self._mask,
        lines=how.random_lines,
        seed=settings.seed,
        valid=self._window.valid,
      )
      if self._window.valid is None:
        self._joins = ChangingJoins(ids)
    else:
      self._particles = ChangingMask(
        ids,
        connectivity=how.connectivity,
        pixel_size_nm=pixel_size_nm,
        window=self._window,
      )

  @staticmethod
  def can_measure(settings: MeasurementSettings) -> bool:
    """Whether these settings look at each object by itself.

    What fills holes, cuts objects apart or leaves small ones out does not.
    """
    how = settings.quantification
    return settings.detection is None and (
      settings.kind.has_test_lines
      or not (how.fill_holes or how.separate or how.minimum_area_px > 1)
    )

  def before(self, box: Box) -> None:
    """Takes note of what is in a box, before it changes."""
    if self._particles is not None:
      self._particles.before(box)
    if self._joins is not None:
      self._joins.before(box)

  def change(self, box: Box, affected: np.ndarray) -> None:
    """Measures again what changed.

    Args:
      box: that `before` was told of.
      affected: ids that are in it, or were.
    """
    if self._particles is not None:
      self._particles.change(box, affected)
    if self._joins is not None:
      self._joins.change(box)
    if self._lines is not None and self._mask is not None:
      top, left, bottom, right = box
      self._mask[top:bottom, left:right] = self._marked(box)
      self._lines.change(box)

  def measure(self, *, touching: bool = False) -> Measurement:
    """The numbers, without the table of objects.

    Args:
      touching: whether any objects touch.
    """
    if self._settings.surface:
      return measure_on_surface(
        lambda mask, **_: self._measure(touching), self._ids, thickness_nm=None
      )
    return self._measure(touching)

  def prepare(self) -> None:
    """Draws what the interval of one object more needs, and of one less.

    Another thread may do it meanwhile: the numbers do not change by it.
    """
    for count in (self._whole - 1, self._whole + 1):
      prepare_draws(count, seed=self._settings.seed)

  def _measure(self, touching: bool) -> Measurement:
    settings, how = self._settings, self._settings.quantification
    window = self._now()
    more: Any = {
      'thickness_nm': self._thickness_nm,
      'settings': how,
      'detection': None,
      'seed': settings.seed,
    }
    if self._particles is not None:
      found, other = self._particles.found(how.border)
      found = dataclasses.replace(found, window=window)
      self._whole = int(found.whole.sum())
      return particle_measurement(found, other, table=False, **more)
    assert self._lines is not None and self._mask is not None
    return line_measurement(
      self._mask,
      window,
      self._lines.skeleton(spur_px=how.spur_px),
      joined=self._joined() if touching else None,
      table=False,
      random=self._lines.random,
      pixel_size_nm=self._pixel_size_nm,
      **more,
    )

  def _joined(self) -> JoinedLines:
    assert self._mask is not None
    if self._joins is None:
      return joined_lines(self._mask, self._ids)
    return self._joins.count()

  def _now(self) -> Window:
    """The window, with what is marked beside it."""
    if self._window.valid is None:
      return self._window
    beside = (self._ids > 0) & ~self._window.valid
    return dataclasses.replace(
      self._window, marked_beside_px=int(np.count_nonzero(beside))
    )

  def _marked(self, box: Box) -> np.ndarray:
    top, left, bottom, right = box
    part = slice(top, bottom), slice(left, right)
    marked = self._ids[part] > 0
    if self._window.valid is None:
      return marked
    return marked & self._window.valid[part]
