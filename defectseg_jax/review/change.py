"""What one change of a document did."""

import dataclasses
from typing import Any

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


def require_version(name: str, given: Any, version: int) -> None:
  """Refuses an operation that was made on another version of a document.

  Args:
    name: of the document.
    given: that the operation was made on.
    version: of the document.

  Raises:
    OutdatedError: it is another one.
    InputError: it is missing.
  """
  if given is None or isinstance(given, bool):
    raise InputError('version: is missing; give that of the document')
  if given != version:
    raise OutdatedError(
      f'{name}: was changed in another window (version {version}, and not '
      f'{str(given)[:20]}); reload'
    )


def require_open(name: str, *, closed: bool) -> None:
  """Refuses to change a document that was put away.

  Args:
    name: of the document.
    closed: whether it was.

  Raises:
    OutdatedError: it was; another one may be open of the same image.
  """
  if closed:
    raise OutdatedError(f'{name}: was put away; reload')
