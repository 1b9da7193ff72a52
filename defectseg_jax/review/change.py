"""What one change of a document did."""

import dataclasses

from defectseg_jax.errors import InputError


class OutdatedError(InputError):
  """An operation was made on another version of the document."""


@dataclasses.dataclass(frozen=True)
class Change:
  """What an operation, or undoing or redoing one, did.

  Attributes:
    version: of the document after it.
    box: top, left, bottom, right of the pixels that changed; the row and column
      after the last. All 0 where no pixel did.
    text: what a person reads: "object 17 taken out".
    can_undo, can_redo: whether there is something to undo, to redo.
    done: whether a person accepted the image.
  """

  version: int
  box: tuple[int, int, int, int]
  text: str
  can_undo: bool
  can_redo: bool
  done: bool
