"""The images that are open in the browser, and what is said of them.

Everything that a page asks for goes through here, one request after the other:
a document is not closed while somebody reads its arrays.
"""

import collections
import pathlib
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from defectseg_jax.errors import InputError
from defectseg_jax.review.change import Change
from defectseg_jax.review.document import Document, EditedObject
from defectseg_jax.review.doubts import places_to_check
from defectseg_jax.review.opening import ReviewImage
from defectseg_jax.review.picture import Picture
from defectseg_jax.review.review import Review

# Tiles of 512 x 512 pixels, deflated; a screen shows forty of each kind.
_MOST_TILES = 400
# Each keeps its document in memory.
_MOST_PICTURES = 3
# The fastest: a page on this machine waits for the deflating alone.
_DEFLATE = 1

TileKey = tuple[str, str, int, int, int, object]


class Desk:
  """What the server answers with."""

  def __init__(self, review: Review) -> None:
    """Opens nothing yet.

    Args:
      review: that is shown.
    """
    self.review = review
    self.lock = threading.RLock()
    self._pictures: collections.OrderedDict[str, Picture] = (
      collections.OrderedDict()
    )
    self._objects: dict[str, dict[int, EditedObject]] = {}
    self._tiles: collections.OrderedDict[TileKey, bytes] = (
      collections.OrderedDict()
    )
    self._doubts: dict[str, float] = {}

  def images(self) -> dict[str, Any]:
    """All images, as a list shows them."""
    with self.lock:
      return {
        'folder': self.review.path.name,
        'defect': self.review.defect,
        'images': [
          {
            'name': one.name,
            'done': one.done,
            'corrected': one.corrected_objects,
            'applies': one.applies,
            'reason': one.reason,
          }
          for one in self.review.images
        ],
      }

  def order(self, learnt: Sequence[str]) -> list[str]:
    """All images, what teaches most first, and what is accepted last.

    A network that learnt is the best judge of what it does not know. Before
    that, it is where the session's own does worst by references; without any,
    where it is least sure.

    Args:
      learnt: names in the order in which a lesson would have them; empty
        before one.
    """
    images = self.review.images
    places = {name: place for place, name in enumerate(learnt)}
    judged = any(one.applies for one in images)

    def rank(one: ReviewImage) -> tuple[bool, float, str]:
      if places:
        place = places.get(one.name, len(places))
      else:
        place = one.order if judged else -self._doubt(one.name)
      return one.done, place, one.name

    return [one.name for one in sorted(images, key=rank)]

  def state(self) -> dict[str, int]:
    """Versions of the images that are open, by name."""
    with self.lock:
      return {
        name: picture.document.version
        for name, picture in self._pictures.items()
      }

  def image(self, name: str) -> dict[str, Any]:
    """All that a page must know of an image to show it; no pixels, no numbers.

    Numbers are asked for by themselves: a whole image may be measured for them.
    """
    with self.lock:
      picture = self._picture(name)
      document = picture.document
      with document.lock:
        self._objects[name] = _by_key(document)
        return {
          'name': name,
          'height': document.shape[0],
          'width': document.shape[1],
          'levels': picture.levels,
          'pixel_size_nm': document.pixel_size_nm,
          'has_probabilities': document.probabilities is not None,
          'threshold': document.threshold,
          'lesson': document.lesson,
          'version': document.version,
          'done': document.done,
          'can_undo': document.can_undo,
          'can_redo': document.can_redo,
          'objects': list(map(_row_of, self._objects[name].values())),
        }

  def numbers(self, name: str) -> dict[str, Any]:
    """Numbers of an image as it is now."""
    with self.lock:
      document = self._picture(name).document
    # It may take long, and holds the lock of this document alone.
    return document.numbers()

  def prepare(self, name: str) -> None:
    """Does ahead what takes longest of the next change and its numbers."""
    with self.lock:
      picture = self._pictures.get(name)
    if picture is not None:
      picture.document.prepare()

  def check(self, name: str) -> list[dict[str, Any]]:
    """What of an image to look at first."""
    with self.lock:
      document = self._picture(name).document
      with document.lock:
        return places_to_check(document)

  def tile(
    self,
    name: str,
    kind: str,
    place: tuple[int, int, int],
    proposal: pathlib.Path | None = None,
  ) -> bytes:
    """A tile's numbers, little-endian and deflated.

    Args:
      name: of the image.
      kind: as `Picture.tile` takes it.
      place: level, row and column.
      proposal: the mask that is proposed for the image; None without one.

    Raises:
      InputError: there is no such image or tile.
    """
    with self.lock:
      picture = self._picture(name)
      with picture.document.lock:
        if kind == 'proposal':
          picture.propose(proposal)
        if not picture.has_tile(kind, *place):
          raise InputError(f'{kind}: has no such tile; reload the page')
        key = (name, kind, *place, picture.version_of(kind))
        if key in self._tiles:
          self._tiles.move_to_end(key)
          return self._tiles[key]
        found = picture.tile(kind, *place)
        numbers = found.astype(found.dtype.newbyteorder('<')).tobytes()
    deflated = zlib.compress(numbers, _DEFLATE)
    with self.lock:
      self._tiles[key] = deflated
      while len(self._tiles) > _MOST_TILES:
        self._tiles.popitem(last=False)
    return deflated

  def change(
    self, name: str, make: Callable[[Document], Change]
  ) -> dict[str, Any]:
    """Changes a document, and says what changed.

    Args:
      name: of the image.
      make: what is done to its document.

    Returns:
      The change, the objects that are not as they were in the version before,
      and the numbers. They are None where they take long: the picture need not
      wait for them, and they are asked for by themselves.

    Raises:
      InputError: it cannot be done.
    """
    with self.lock:
      picture = self._picture(name)
      document = picture.document
      with document.lock:
        picture.catch_up()
        change = make(document)
        picture.refresh(change.box)
        before = self._objects.get(name, {})
        after = self._objects[name] = _by_key(document)
        return {
          'version': change.version,
          'box': change.box,
          'text': change.text,
          'done': change.done,
          'can_undo': change.can_undo,
          'can_redo': change.can_redo,
          'threshold': document.threshold,
          'lesson': document.lesson,
          'objects': _differences(before, after),
          'numbers': document.numbers() if document.counts_at_once else None,
        }

  def _doubt(self, name: str) -> float:
    if name not in self._doubts:
      self._doubts[name] = self.review.doubt(name)
    return self._doubts[name]

  def _picture(self, name: str) -> Picture:
    document = self.review.document(name)
    known = self._pictures.get(name)
    if known is None or known.document is not document:
      self._pictures[name] = Picture(document)
      self._objects.pop(name, None)
    self._pictures.move_to_end(name)
    while len(self._pictures) > _MOST_PICTURES:
      closed, _ = self._pictures.popitem(last=False)
      self._objects.pop(closed, None)
    return self._pictures[name]


def _by_key(document: Document) -> dict[int, EditedObject]:
  return {one.id: one for one in document.objects()}


def _row_of(one: EditedObject) -> list[Any]:
  return [one.id, *one.box, one.state]


def _differences(
  before: Mapping[int, EditedObject], after: Mapping[int, EditedObject]
) -> dict[str, Any]:
  return {
    'changed': [
      _row_of(one) for key, one in after.items() if before.get(key) != one
    ],
    'gone': [key for key in before if key not in after],
  }
