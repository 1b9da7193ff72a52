"""What a document begins from, what was done since, and what is on disk."""

import contextlib
import hashlib
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

import defectseg_jax
from defectseg_jax import disk
from defectseg_jax.errors import InputError, file_error
from defectseg_jax.files import write_whole
from defectseg_jax.prediction.sure_regions import sure_regions
from defectseg_jax.review import beginning
from defectseg_jax.review.image_source import ImageSource
from defectseg_jax.review.journal import Entry, Journal
from defectseg_jax.review.layers import (
  MOST_AHEAD_PX,
  NO_SPECIMEN,
  NOT_LABELLED,
  Layers,
  areas_of,
  ids_in,
)
from defectseg_jax.review.rethreshold import with_old_ids
from defectseg_jax.review.scene import Edit
from defectseg_jax.sessions.index import IGNORE, MASKS, VALID

FOLDER = 'review'


class _Beginning(NamedTuple):
  """What the first change writes beside itself, whatever it is.

  Attributes:
    base: content of the file that the journal begins from.
    pixels: checksum of the micrograph, which nobody edits.
  """

  base: bytes
  pixels: str


class History:
  """The journal of an image, and the layers that it begins from.

  Attributes:
    journal: of the image.
  """

  def __init__(self, source: ImageSource, shape: tuple[int, int]) -> None:
    """Reads the journal, if there is one.

    Args:
      source: of the image.
      shape: of the micrograph.
    """
    self._source, self._shape = source, shape
    folder = source.folder / FOLDER
    self._base = folder / f'{source.name}.npz'
    self.journal = Journal(folder / f'{source.name}.jsonl')
    self._ahead: _Beginning | None = None

  @property
  def base_by_hand(self) -> bool:
    """Whether the mask was a person's before the first change."""
    begun = self.journal.begin
    return self._source.by_hand if begun is None else bool(begun['by_hand'])

  def begin(self) -> Layers:
    """The layers before the first change.

    Raises:
      InputError: a file cannot be read, is of another size, or was changed.
    """
    if self.journal.begin is None:
      return self._source.layers(self._shape)
    if list(self._shape) != self.journal.begin['shape']:
      raise file_error(
        self.journal.path,
        f'is of an image of {self.journal.begin["shape"]} pixels, and '
        f'{self._source.name} has {list(self._shape)}',
        'move it out of the folder, and the image is edited from the beginning',
      )
    return beginning.read(self._base, self.journal.begin['base'])

  def prepare(self, layers: Layers, lock: threading.RLock) -> None:
    """Packs ahead what the first change writes; writes nothing itself.

    Args:
      layers: of the document.
      lock: of the document; others may hold it most of the while.
    """
    small = layers.ids.size <= MOST_AHEAD_PX
    if not small or self._ahead is not None or self.journal.begin is not None:
      return
    # What cannot be read is told by the change that needs it.
    with contextlib.suppress(OSError, InputError):
      made = self._make_beginning(layers)
      with lock:
        # Nothing changes the layers before the first change, which may have
        # come meanwhile.
        if self.journal.begin is None:
          self._ahead = made

  def do(self, entry: Entry, layers: Layers, values: Mapping[str, Any]) -> None:
    """Writes a change down; the first one with what it begins from.

    Args:
      entry: the change.
      layers: before it.
      values: before it.
    """
    if self.journal.begin is None:
      made = self._ahead or self._make_beginning(layers)
      with write_whole(self._base) as temporary:
        temporary.write_bytes(made.base)
      self.journal.begin_with(
        {
          'image': self._source.name,
          'program': defectseg_jax.__version__,
          'shape': list(self._shape),
          'pixels': made.pixels,
          'base': hashlib.sha256(made.base).hexdigest(),
          'by_hand': self._source.by_hand,
          'files': self._source.checksums(),
          'values': dict(values),
        }
      )
      self._ahead = None
    self.journal.do(entry)

  def files_stand(self) -> bool:
    """Whether the files on disk show what the journal ends with."""
    journal = self.journal
    if not journal.version:
      return True
    for file, checksum in self._source.checksums().items():
      version, last = journal.saved.get(file, (0, None))
      # A kill may come after the note and before the file. What another
      # program wrote is a change of its own.
      behind = checksum != last and journal.knows(file, checksum)
      if version != journal.version or behind:
        return False
    return True

  def network_objects(
    self, probabilities: np.ndarray, threshold: float
  ) -> np.ndarray:
    """Ids of the network's objects of its map at a threshold, int32 [H, W]."""
    limits = self._source.limits
    assert limits is not None
    if threshold == limits.threshold and not self.base_by_hand:
      # Not made of this map alone, where a network looks at several scales.
      return self.begin().ids
    found = sure_regions(probabilities, limits._replace(threshold=threshold))
    if self._source.minimum_area_px > 1:
      small = areas_of(found) < self._source.minimum_area_px
      small[0] = False
      found[small[found]] = 0
    return found

  def outside_change(self, layers: Layers, next_id: int) -> Edit | None:
    """What another program changed in the files since they were saved.

    Args:
      layers: as the journal has them.
      next_id: that no object ever had.
    """
    if self.journal.begin is None:
      return None
    files = self._source.checksums()
    strange = [f for f, one in files.items() if not self.journal.knows(f, one)]
    if not strange:
      return None
    # The other program goes on from what was saved last; what it left of the
    # journal's changes, which may be newer, is what it shows.
    found = self._source.layers(self._shape)
    new, before = found.ids.ravel(), layers.ids.ravel()
    ids, next_id = with_old_ids(new, before, np.zeros_like(before), next_id)
    ids = ids.reshape(self._shape)
    removed = np.where(ids > 0, 0, layers.removed)
    gone = (layers.ids > 0) & (ids == 0) & (removed == 0)
    removed[gone] = layers.ids[gone]
    hand = ids_in(ids[ids != layers.ids])
    return Edit(
      (0, 0, *self._shape),
      {'ids': ids, 'removed': removed, 'regions': found.regions},
      f'another program changed {", ".join(strange)}',
      frozenset(int(one) for one in hand),
      {'next_id': next_id},
    )

  def save(
    self,
    layers: Layers,
    ids_stand: bool,
    corrected: tuple[int, int],
    lock: threading.RLock,
  ) -> None:
    """Writes the files of a person.

    Args:
      layers: a copy.
      ids_stand: whether ids must be in the mask.
      corrected: objects that a person's hand is on, and all.
      lock: of the document, held where the journal is written.
    """
    version = self.journal.version
    first = self._first_files()
    stand = {
      kind: bool((layers.regions == value).any())
      or first.get(self._source.file(kind)) is not None
      for kind, value in ((IGNORE, NOT_LABELLED), (VALID, NO_SPECIMEN))
    }
    stand[MASKS] = True
    writers = self._source.writers(
      layers, ids_stand=ids_stand, regions_stand=stand
    )

    def note(files: Mapping[str, str | None]) -> None:
      with lock:
        self.journal.note_saved(files, version, corrected)

    self._source.save(writers, note)

  def _first_files(self) -> Mapping[str, str | None]:
    begun = self.journal.begin
    return begun['files'] if begun else {}

  def _make_beginning(self, layers: Layers) -> _Beginning:
    pixels = disk.file_checksum(self._source.path('images'))
    return _Beginning(beginning.pack(layers), pixels)
