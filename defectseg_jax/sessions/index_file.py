"""Writes session.json, or what is new of it beside it."""

import contextlib
import pathlib
from collections.abc import Callable, Mapping, Sequence

from defectseg_jax.files import json_line, write_text, write_whole
from defectseg_jax.sessions.index import (
  Done,
  Index,
  images_to_json,
  index_text,
)
from defectseg_jax.sessions.index_log import checksum_of, log_of, write_log

# By eye: of so many, about two for each image, writing them takes no time yet,
# and of a session of 10,000 images all of it is written 200 times, not 20,000.
_MOST_LINES = 100


class IndexFile:
  """session.json of a session that this process alone works on.

  Attributes:
    path: of session.json.
    whole: whether all of it must be written next: nothing was yet, or what is
      new cannot be said in a line, which only says what there is.
  """

  def __init__(self, path: pathlib.Path) -> None:
    """Writes nothing yet."""
    self.path = path
    self.whole = True
    self._checksum = ''
    self._lines: list[str] = []

  def note(
    self,
    done: Mapping[str, Done],
    written: Mapping[str, Sequence[str]],
    index: Callable[[], Index],
  ) -> None:
    """Brings what is new to the disk.

    Args:
      done: new images.
      written: new checksums, by path.
      index: all of it, with these.
    """
    if self.whole or len(self._lines) == _MOST_LINES:
      self.write(index())
      return
    line = {'images': images_to_json(done), 'written': written}
    self._lines.append(json_line(line))
    write_log(self.path, self._checksum, self._lines)

  def gather(self, index: Callable[[], Index]) -> None:
    """Leaves one file; where that cannot be, two say the same.

    Args:
      index: all of it.
    """
    with contextlib.suppress(OSError):
      if log_of(self.path).exists():
        self.write(index())

  def write(self, index: Index) -> None:
    """Brings all of it to the disk; nothing goes on from it yet."""
    text = index_text(index)
    with write_whole(self.path) as temporary:
      write_text(temporary, text)
    log_of(self.path).unlink(missing_ok=True)
    self._checksum, self._lines = checksum_of(text.encode()), []
    self.whole = False
