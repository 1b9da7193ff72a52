"""The numbers of a document after each change, those of a whole measurement."""

import dataclasses
import math
import threading
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from defectseg_jax.micrographs.object_ids import objects_of_ids
from defectseg_jax.quantification import Measurement
from defectseg_jax.quantification.live import LiveMeasurement
from defectseg_jax.reporting.page.views import summary_facts
from defectseg_jax.review.image_source import ImageSource
from defectseg_jax.review.layers import (
  MOST_AHEAD_PX,
  NOT_LABELLED,
  NOWHERE,
  USUAL,
  Box,
  Layers,
  part,
)
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.image_numbers import image_numbers

# A change of more than this part of an image is measured at once; by eye.
_PART = 0.2


class LiveNumbers:
  """The numbers of one image that is edited."""

  def __init__(
    self, source: ImageSource, layers: Layers, pixels: np.ndarray
  ) -> None:
    """Measures nothing yet: who only looks does not wait for it.

    Args:
      source: of the image.
      layers: of the document, which change.
      pixels: [H, W], the micrograph.
    """
    self._source, self._layers, self._pixels = source, layers, pixels
    self._live: LiveMeasurement | None = None
    # The ids that are measured: without those that are not labelled.
    self._ids: np.ndarray = layers.ids
    self._changes = 0

  @property
  def ready(self) -> bool:
    """Whether all but what changed is measured."""
    return self._live is not None

  def before(self, box: Box, *, regions: bool) -> None:
    """Takes note of what is in a box, before it changes.

    Args:
      box: of the pixels that will change.
      regions: whether what counts will change, too.
    """
    whole = (box[2] - box[0]) * (box[3] - box[1]) > _PART * self._ids.size
    if regions or whole:
      # By box it would take longer than at once.
      self._live = None
    if self._live is not None and box != NOWHERE:
      self._live.before(box)

  def change(self, box: Box, affected: Collection[int]) -> None:
    """Takes note of a change.

    Args:
      box: of the pixels that changed; `before` was told of it.
      affected: ids of pixels that changed, before and after.
    """
    if box == NOWHERE:
      return
    self._changes += 1
    if self._live is None:
      return
    if self._ids is not self._layers.ids:
      labelled = self._layers.regions[part(box)] != NOT_LABELLED
      ids = self._layers.ids[part(box)]
      self._ids[part(box)] = np.where(labelled, ids, 0)
    self._live.change(box, np.array(sorted(affected), np.int64))

  def take_row(self, source: ImageSource) -> None:
    """Takes note of what summary.csv says since it was written again."""
    self._source = source

  def numbers(self, *, as_written: bool, touching: bool) -> dict[str, Any]:
    """The numbers as they are now.

    Args:
      touching: whether any objects touch.
      as_written: whether the image is as it was when summary.csv was written.
    """
    source = self._source
    if as_written and source.row:
      row = dict(source.row)
      warnings = [dict(name=n, message=m) for n, m in source.warnings]
    else:
      found = self._measure(touching)
      row, warnings = self._row(found)
    settings = source.settings
    known = source.pixel_size_nm and (source.thickness_nm or settings.surface)
    # What needs neither scale nor thickness comes first where one is missing.
    without = () if known else settings.kind.pixel_headlines
    names = (*without, *settings.kind.headlines)
    return {
      'headlines': [
        _headline(row, n) for n in names if summary_facts(row, [n])
      ],
      'row': {name: _plain(value) for name, value in row.items()},
      'objects': row.get('count_all'),
      'counted': row.get('count'),
      'warnings': warnings,
    }

  def prepare(self, lock: threading.RLock) -> None:
    """Does ahead what takes longest of the numbers of the next change.

    Args:
      lock: of the document; others may hold it most of the while.
    """
    if self._live is None:
      self._measure_ahead(lock)
    live = self._live
    if live is not None:
      live.prepare()

  def _measure_ahead(self, lock: threading.RLock) -> None:
    with lock:
      small = self._layers.ids.size <= MOST_AHEAD_PX
      if not (small and LiveMeasurement.can_measure(self._source.settings)):
        return
      changes = self._changes
      ids, valid = self._labelled()
      # Others may change those of the document meanwhile.
      ids = ids.copy()
    live = self._begin(ids, valid)
    live.measure()
    with lock:
      if changes == self._changes and self._live is None:
        self._ids, self._live = ids, live

  def _measure(self, touching: bool) -> Measurement:
    source = self._source
    if not LiveMeasurement.can_measure(source.settings):
      return self._measure_whole()
    if self._live is None:
      self._ids, valid = self._labelled()
      self._live = self._begin(self._ids, valid)
    return self._live.measure(touching=touching)

  def _labelled(self) -> tuple[np.ndarray, np.ndarray | None]:
    """The ids that are measured, and where the image counts."""
    layers = self._layers
    if not (layers.regions != USUAL).any():
      return layers.ids, None
    ids = layers.ids
    if (layers.regions == NOT_LABELLED).any():
      ids = np.where(layers.regions == NOT_LABELLED, 0, layers.ids)
    return ids, layers.regions == USUAL

  def _begin(
    self, ids: np.ndarray, valid: np.ndarray | None
  ) -> LiveMeasurement:
    return LiveMeasurement(
      ids,
      self._source.settings,
      pixel_size_nm=self._source.pixel_size_nm,
      thickness_nm=self._source.thickness_nm,
      valid=valid,
    )

  def _measure_whole(self) -> Measurement:
    """Where settings look at more than each object by itself."""
    layers, source = self._layers, self._source
    objects, valid = objects_of_ids(layers.ids), None
    if (layers.regions != USUAL).any():
      objects = objects.only_where(layers.regions != NOT_LABELLED)
      valid = layers.regions == USUAL
    return source.settings.measure(
      objects.mask,
      pixel_size_nm=source.pixel_size_nm,
      thickness_nm=source.thickness_nm,
      image=self._pixels,
      ids=objects.ids,
      valid=valid,
    )

  def _row(
    self, found: Measurement
  ) -> tuple[dict[str, Any], list[dict[str, str]]]:
    source = self._source
    scale = Scale(source.pixel_size_nm, source.thickness_nm, '', '')
    made = image_numbers(
      source.name,
      dataclasses.replace(found, objects={}),
      scale,
      settings=source.settings,
      sources={},
      replaced_pixels=source.row.get('replaced_pixels', 0),
      include=True,
    )
    row = dict(made.row)
    # What a network's columns have beside: its errors say nothing of a person.
    for name in source.row:
      row.setdefault(name, None)
    warnings = [
      {'name': one.name, 'message': one.message} for one in made.warnings
    ]
    return row, warnings


def _headline(row: Mapping[str, Any], name: str) -> dict[str, Any]:
  # Without an object there is no mean diameter, and a dash says so.
  known = {name: math.nan} if row.get(name) is None else {}
  [fact] = summary_facts({**row, **known}, [name])
  return {
    'name': name,
    'label': fact.title,
    'unit': fact.unit,
    'text': fact.value,
    'interval': fact.interval,
    'value': _plain(row.get(name)),
    'low': _plain(row.get(f'{name}_low')),
    'high': _plain(row.get(f'{name}_high')),
  }


def _plain(value: Any) -> Any:
  if isinstance(value, float) and not math.isfinite(value):
    return None
  if isinstance(value, np.generic):
    return _plain(value.item())
  return value
