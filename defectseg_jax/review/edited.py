"""What a document holds: its layers, and what is known of its objects."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.review.fingerprint import Fingerprint
from defectseg_jax.review.image_source import ImageSource
from defectseg_jax.review.journal import Entry
from defectseg_jax.review.layers import Box, Layers, Places, Step, ids_in
from defectseg_jax.review.scene import Scene


class EditedObject(NamedTuple):
  """An object of a document, or one that was taken out.

  Attributes:
    id: at its pixels, in `ids` or, if it is out, in `removed`.
    box: top, left, bottom, right; the row and column after the last.
    state: 'network' as it was found, 'changed' by a person, 'drawn' by one, or
      'out'.
  """

  id: int
  box: Box
  state: str


class Edited:
  """The layers of a document, and where and whose its objects are.

  Attributes:
    layers: of the document.
    objects, out: where the objects are, and those that were taken out.
    hand: ids that a person's hand is on.
    values: what else changes: threshold, done, next_id, and the lesson whose
      network found the objects.
    touching: pairs of pixels of objects that touch.
  """

  def __init__(self, source: ImageSource, layers: Layers) -> None:
    """Looks through the layers.

    Args:
      source: of the image.
      layers: before the first change; they change from then on.
    """
    self.layers = layers
    self.objects, self.out = Places(layers.ids), Places(layers.removed)
    self.hand: set[int] = set()
    self._has_network = source.limits is not None
    self._first_new = max([0, *self.objects.boxes]) + 1
    self.values: dict[str, Any] = {
      'threshold': source.limits.threshold if source.limits else None,
      'done': False,
      'next_id': self._first_new,
      'lesson': 0,
    }
    self._print = Fingerprint(layers.ids)
    self._base_key = self._print.key()
    self._base_regions = layers.regions.copy() if layers.regions.any() else None

  @property
  def touching(self) -> int:
    """Pairs of pixels of objects that touch."""
    return self._print.touching

  def mask_differs(self) -> bool:
    """Whether the mask is another one than before the first change."""
    return self._print.key() != self._base_key

  def regions_differ(self) -> bool:
    """Whether other regions count than before the first change."""
    if self._base_regions is None:
      return bool(self.layers.regions.any())
    return not np.array_equal(self._base_regions, self.layers.regions)

  def do(self, entry: Entry, sign: int) -> set[int]:
    """Makes a change of the journal, or undoes it.

    Args:
      entry: the change.
      sign: 1 makes it, -1 undoes it.

    Returns:
      Ids of pixels that changed, before and after.
    """
    affected: dict[str, set[int]] = {'ids': set(), 'removed': set()}
    for step in self.layers.steps(entry.box, entry.delta):
      found = self._do(step, sign)
      if step.name in affected:
        affected[step.name].update(found)
    for name, places in (('ids', self.objects), ('removed', self.out)):
      if affected[name]:
        places.update(entry.box, affected[name])
    self.values.update(entry.after if sign > 0 else entry.before)
    if sign > 0:
      self.hand.update(entry.hand)
    else:
      self.hand.difference_update(entry.hand)
    return affected['ids']

  def _do(self, step: Step, sign: int) -> list[int]:
    """Makes a part of a change; the values of its pixels, before and after."""
    layer = getattr(self.layers, step.name)
    before = layer.take(step.places)
    after = before + step.values if sign > 0 else before - step.values
    if step.name == 'ids':
      self._print.without(layer, step.places)
    layer.put(step.places, after)
    if step.name == 'ids':
      self._print.with_(layer, step.places)
    return [*ids_in(before).tolist(), *ids_in(after).tolist()]

  def corrected(self) -> tuple[int, int]:
    """How many objects a person took out, drew or changed, and of how many."""
    out = len(self.out.boxes)
    changed = len(self.hand & self.objects.boxes.keys())
    return changed + out, len(self.objects.boxes) + out

  def list(self) -> list[EditedObject]:
    """All objects by id, then those that are out."""
    there = [
      EditedObject(one, box, self._state(one))
      for one, box in sorted(self.objects.boxes.items())
    ]
    out = sorted(self.out.boxes.items())
    return there + [EditedObject(one, box, 'out') for one, box in out]

  def scene(
    self,
    pixels: np.ndarray,
    probabilities: np.ndarray | None,
    defect: str,
    network_objects: Callable[[np.ndarray, float], np.ndarray],
  ) -> Scene:
    """What an operation sees; arguments as of `Scene`."""
    return Scene(
      layers=self.layers,
      objects=self.objects,
      out=self.out,
      pixels=pixels,
      probabilities=probabilities,
      lines=kind_of(defect).has_test_lines,
      hand=self.hand,
      next_id=self.values['next_id'],
      network_objects=network_objects,
    )

  def _state(self, one: int) -> str:
    if one not in self.hand:
      by_network = self._has_network or self.values['lesson']
      return 'network' if by_network else 'drawn'
    return 'drawn' if one >= self._first_new else 'changed'
