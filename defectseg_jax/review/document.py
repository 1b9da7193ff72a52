"""One image that a person edits.

Three layers of the image's size are edited: the objects, those that were taken
out, and the regions that count for nothing. Each change stands in the journal
before it is answered; the mask follows within a second.
"""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.review import objects, painting
from defectseg_jax.review.change import Change, require_open, require_version
from defectseg_jax.review.edited import Edited, EditedObject
from defectseg_jax.review.history import History
from defectseg_jax.review.image_source import ImageSource
from defectseg_jax.review.journal import Entry
from defectseg_jax.review.layers import NOWHERE
from defectseg_jax.review.live_numbers import LiveNumbers
from defectseg_jax.review.operations import Operation, read_operation
from defectseg_jax.review.proposal import Networks, propose
from defectseg_jax.review.rethreshold import rethreshold
from defectseg_jax.review.scene import Edit, Scene, plural

_EDITS: Mapping[str, Callable[[Scene, Operation], Edit]] = {
  'toggle': objects.toggle,
  'grow': objects.grow,
  'paint': painting.paint,
  'polygon': painting.polygon,
  'line': painting.line,
  'split': objects.split,
  'merge': objects.merge,
  'threshold': rethreshold,
  'region': painting.region,
}


class Document:
  """One image that is edited, and its numbers.

  Whoever reads arrays while others may change them holds `lock`. Coordinates
  are pixels of the image; pixel (0, 0) covers [0, 1) x [0, 1).

  Attributes:
    name: of the image.
    defect: what is marked.
    shape: height and width in pixels.
    pixel_size_nm: side of a pixel; None where it is not known.
    pixels: [H, W], the micrograph as it is stored.
    measurement_settings: how a person's mask is measured.
  """

  def __init__(self, source: ImageSource) -> None:
    """Reads the image, and does again what its journal holds.

    Raises:
      InputError: a file cannot be read, or is not what the journal begins from.
    """
    self._source = source
    self.name, self.defect = source.name, source.settings.defect
    self.pixel_size_nm = source.pixel_size_nm
    self.measurement_settings = source.settings
    self.lock, self._saving = threading.RLock(), threading.Lock()
    self.pixels = source.pixels()
    self.shape: tuple[int, int] = self.pixels.shape[0], self.pixels.shape[1]
    self._history = History(source, self.shape)
    self._networks = Networks(source, self._history.network_objects)
    self._edited = Edited(source, self._history.begin())
    for entry in self._history.journal.entries():
      self._edited.do(entry, 1)
    self._numbers = LiveNumbers(source, self._edited.layers, self.pixels)
    self._unsaved, self._closed = not self._history.files_stand(), False
    self._take_outside_changes()

  @property
  def version(self) -> int:
    """A number that each change, undo and redo raises by 1."""
    return self._history.journal.version

  @property
  def ids(self) -> np.ndarray:
    """int32 [H, W], the object at each pixel, 0 in the background.

    Objects that touch have different ids; each is in one piece.
    """
    return self._edited.layers.ids

  @property
  def removed(self) -> np.ndarray:
    """int32 [H, W], likewise of objects that were taken out."""
    return self._edited.layers.removed

  @property
  def regions(self) -> np.ndarray:
    """uint8 [H, W]: 0 as usual, 1 not labelled, 2 no specimen."""
    return self._edited.layers.regions

  @property
  def threshold(self) -> float | None:
    """Of probabilities, that the network's objects are made with."""
    return self._edited.values['threshold']

  @property
  def lesson(self) -> int:
    """Whose network found the objects; 0 for the session's own."""
    return self._edited.values['lesson']

  @property
  def probabilities(self) -> np.ndarray | None:
    """float32 [H, W] of that network; None where there is none."""
    with self.lock:
      return self._networks.probabilities(self.lesson)

  @property
  def least_peak(self) -> float | None:
    """The probability that a region of the network reaches somewhere."""
    return self._networks.least_peak(self.lesson)

  @property
  def done(self) -> bool:
    """Whether a person accepted the image."""
    return bool(self._edited.values['done'])

  @property
  def by_hand(self) -> bool:
    """Whether the mask is another one than the network's."""
    return self._history.base_by_hand or self._edited.mask_differs()

  @property
  def can_undo(self) -> bool:
    """Whether there is a change to take back."""
    return self._history.journal.can_undo

  @property
  def can_redo(self) -> bool:
    """Whether there is a change that was taken back last."""
    return self._history.journal.can_redo

  @property
  def unsaved(self) -> bool:
    """Whether the mask on disk is not what is seen yet."""
    return self._unsaved

  def apply(self, operation: Mapping[str, Any]) -> Change:
    """Does what a person asks for, and says what changed; it is on disk then.

    Args:
      operation: a JSON object, as `operations.read_operation` checks it.

    Raises:
      OutdatedError: the operation's `version` is not the document's.
      InputError: the operation is no operation, or does nothing here.
    """
    with self.lock:
      asked = read_operation(operation, self.shape)
      require_open(self.name, closed=self._closed)
      require_version(self.name, operation.get('version'), self.version)
      if asked.kind == 'done':
        text = 'accepted as done' if asked.value else 'not done any more'
        edit = Edit(NOWHERE, {}, text, values={'done': asked.value})
      else:
        scene = self._edited.scene(
          *(self.pixels, self.probabilities, self.defect),
          self._networks.objects_of(self.lesson),
        )
        if asked.kind == 'proposal':
          edit = propose(scene, asked, self._networks.proposal(asked.value))
        else:
          edit = _EDITS[asked.kind](scene, asked)
      return self._take(edit, operation)

  def undo(self) -> Change:
    """Takes the last change back; raises InputError where there is none."""
    with self.lock:
      require_open(self.name, closed=self._closed)
      entry = self._history.journal.undo()
      return self._done(entry, -1, f'undone: {entry.text}')

  def redo(self) -> Change:
    """Makes the last change that was undone again; InputError likewise."""
    with self.lock:
      require_open(self.name, closed=self._closed)
      entry = self._history.journal.redo()
      return self._done(entry, 1, f'done again: {entry.text}')

  def objects(self) -> list[EditedObject]:
    """All objects by id, then those that are out."""
    with self.lock:
      return self._edited.list()

  def corrected(self) -> tuple[int, int]:
    """How many objects a person took out, drew or changed, and of how many."""
    with self.lock:
      return self._edited.corrected()

  def numbers(self) -> dict[str, Any]:
    """Numbers of the image as it is now, ready for JSON.

    Returns:
      `version`; `headlines`, with the page's texts; `row`: of summary.csv;
      `objects`, `counted`: how many; `corrected`, `of`: those of a person's
      hand, and all; `changes`: that in words; `warnings`: {name, message}.
    """
    with self.lock:
      corrected, of = self.corrected()
      found = self._numbers.numbers(
        as_written=not self.by_hand and not self._edited.regions_differ(),
        touching=self._edited.touching > 0,
      )
      return {
        'version': self.version,
        **found,
        'corrected': corrected,
        'of': of,
        'changes': f'{corrected} of {plural(of)} corrected by hand',
      }

  @property
  def counts_at_once(self) -> bool:
    """Whether `numbers` need no measurement of the whole image."""
    return self._numbers.ready

  def prepare(self) -> None:
    """Does ahead what takes longest of the next change and its numbers."""
    self._history.prepare(self._edited.layers, self.lock)
    self._numbers.prepare(self.lock)

  def save(self) -> None:
    """Writes the mask and regions, if they changed; raises as `Review.save`."""
    with self._saving:
      with self.lock:
        if not self._unsaved:
          return
        ids_stand = self.by_hand and self._edited.touching > 0
        shown = self._edited.layers.to_save(ids_stand=ids_stand)
        corrected = self.corrected()
        self._unsaved = False
      try:
        self._history.save(shown, ids_stand, corrected, self.lock)
      # Whatever it was, Ctrl-C too: nothing is taken for saved that is not.
      except BaseException:
        self._unsaved = True
        raise

  def close(self) -> None:
    """Takes no change any more: another document may be opened of the image."""
    with self.lock:
      self._closed = True

  def take_numbers(self, source: ImageSource) -> None:
    """Takes note of what summary.csv says since it was written again."""
    with self.lock:
      stand = self._history.base_by_hand
      self._source = dataclasses.replace(source, by_hand=stand)
      self._numbers.take_row(source)

  def _take(self, edit: Edit, operation: Mapping[str, Any] | None) -> Change:
    """Writes a change down, then makes it."""
    box, delta = self._edited.layers.delta(edit.box, edit.new)
    after = {
      name: value
      for name, value in edit.values.items()
      if self._edited.values.get(name) != value
    }
    if box == NOWHERE and not after.keys() - {'next_id'}:
      raise InputError(f'{edit.text}: nothing changes')
    entry = Entry(
      edit.text,
      box,
      delta,
      {name: self._edited.values.get(name) for name in after},
      after,
      tuple(sorted(edit.hand - self._edited.hand)),
      operation,
    )
    self._history.do(entry, self._edited.layers, self._edited.values)
    return self._done(entry, 1, entry.text)

  def _done(self, entry: Entry, sign: int, text: str) -> Change:
    self._numbers.before(entry.box, regions='regions' in entry.delta)
    self._numbers.change(entry.box, self._edited.do(entry, sign))
    self._unsaved = True
    return Change(
      self.version, entry.box, text, self.can_undo, self.can_redo, self.done
    )

  def _take_outside_changes(self) -> None:
    """What another program did to the mask becomes a change like others."""
    edit = self._history.outside_change(
      self._edited.layers, self._edited.values['next_id']
    )
    if edit is not None:
      with contextlib.suppress(InputError):
        # Another program may have written the same mask again.
        self._take(edit, None)
