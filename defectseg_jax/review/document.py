"""One image that a person edits.

Three layers of the image's size are edited: the objects, those that were taken
out, and the regions that count for nothing. Each change stands in the journal
before it is answered.
"""

import dataclasses
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from defectseg_jax.review.change import Change


@dataclasses.dataclass(frozen=True)
class EditedObject:
  """An object of a document, or one that was taken out.

  Attributes:
    id: at its pixels, in `ids` or, if it is out, in `removed`.
    box: top, left, bottom, right; the row and column after the last.
    state: 'network' as it was found, 'changed' by a person, 'drawn' by one, or
      'out'.
  """

  id: int
  box: tuple[int, int, int, int]
  state: str


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
    probabilities: float32 [H, W] of the network; None where there is none.
    version: a number that each change, undo and redo raises by 1.
    ids: int32 [H, W], the object at each pixel, 0 in the background. Objects
      that touch have different ids; each is in one piece.
    removed: int32 [H, W], likewise of objects that were taken out.
    regions: uint8 [H, W]: 0 as usual, 1 not labelled, 2 no specimen.
    threshold: of probabilities, that the network's objects were made with;
      None without a network.
    least_peak: the probability that a region reaches somewhere.
    done: whether a person accepted the image.
    lock: held by each method.
  """

  name: str
  defect: str
  shape: tuple[int, int]
  pixel_size_nm: float | None
  pixels: np.ndarray
  probabilities: np.ndarray | None
  version: int
  ids: np.ndarray
  removed: np.ndarray
  regions: np.ndarray
  threshold: float | None
  least_peak: float | None
  done: bool
  lock: threading.RLock

  def apply(self, operation: Mapping[str, Any]) -> Change:
    """Does what a person asks for; it is on disk when this returns.

    Args:
      operation: a JSON object, as `operations.read_operation` checks it.

    Returns:
      What changed.

    Raises:
      OutdatedError: the operation's `version` is not the document's.
      InputError: the operation is no operation, or does nothing here.
    """
    raise NotImplementedError

  def undo(self) -> Change:
    """Takes the last change back; raises InputError where there is none."""
    raise NotImplementedError

  def redo(self) -> Change:
    """Makes the last change that was undone again; InputError likewise."""
    raise NotImplementedError

  @property
  def can_undo(self) -> bool:
    """Whether there is a change to take back."""
    raise NotImplementedError

  @property
  def can_redo(self) -> bool:
    """Whether there is a change that was taken back last."""
    raise NotImplementedError

  def objects(self) -> list[EditedObject]:
    """All objects by id, then those that are out."""
    raise NotImplementedError

  def numbers(self) -> dict[str, Any]:
    """Numbers of the image as it is now, ready for JSON.

    Returns:
      `version`; `headlines`: a list of {label, value, low, high, unit, text}
      (the texts are those of the page); `row`: the cells of summary.csv;
      `objects`, `counted`: how many; `corrected`, `of`: objects that a person
      took out, drew or changed, and all; `changes`: "17 of 230 objects
      corrected by hand"; `warnings`: a list of {name, message}.
    """
    raise NotImplementedError

  def save(self) -> None:
    """Writes the mask and regions, if they changed; others do so each second.

    Raises:
      InputError: the disk does not take them.
    """
    raise NotImplementedError

  def close(self) -> None:
    """Saves, and lets the arrays go."""
    raise NotImplementedError
