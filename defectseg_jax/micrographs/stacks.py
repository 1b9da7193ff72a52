"""The images of a file by their places, of a long stack one in memory."""

import contextlib
import os
import pathlib
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

from defectseg_jax.errors import InputError, file_error, open_error
from defectseg_jax.micrographs.formats import FOLDERS
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import (
  iterate_frames,
  micrograph_of,
  named_frames,
)

# Of a stack that is read but once. By eye: small beside a network.
MOST_HELD_BYTES = 2**28

Image = TypeVar('Image')


class Stack(Generic[Image]):
  """What is made of each image of a file.

  Attributes:
    shapes: rows and columns of each.

  A file is read to its end first, to see that none of it is damaged. If its
  images do not fit into some memory, it is read again, from the first image to
  the one that is asked for; best is to ask in order. A file that is changed
  before its last image is read is refused: its images would be of two files.
  """

  def __init__(
    self,
    path: pathlib.Path,
    convert: Callable[[Frame, str], Image],
    *,
    check: bool = False,
  ) -> None:
    """Reads the file once.

    Args:
      path: a file as `read_frames` reads it.
      convert: what to make of an image, by its name, when it is asked for.
      check: whether to make each once now, so that what `convert` refuses in
        one image is raised before any is given.

    Raises:
      InputError: as `read_frames`; the file was changed meanwhile; with check,
        whatever `convert` raises.
    """
    self._path, self._convert = path, convert
    self.shapes: list[tuple[int, ...]] = []
    self._names: list[str] = []
    self._held: list[Frame] = []
    self._frames: Generator[Frame, None, None] | None = None
    self._following = 0
    self._last: tuple[int, Image] | None = None
    self._version = _version(path)
    try:
      self._read_once(check)
    finally:
      self._require_unchanged()

  def _read_once(self, check: bool) -> None:
    held_bytes = 0
    with contextlib.closing(named_frames(self._path)) as frames:
      for frame, name in frames:
        self._held.append(frame)
        self.shapes.append(frame.values.shape[:2])
        self._names.append(name)
        held_bytes += frame.values.nbytes
        if len(self) > 1 and held_bytes > MOST_HELD_BYTES:
          self._held.clear()
        if check:
          self._last = None
          self._last = len(self) - 1, self._convert(frame, name)
    # Of one alone, what was made of it is enough.
    if len(self._held) < len(self) or (check and len(self) == 1):
      self._held = []

  def __len__(self) -> int:
    return len(self.shapes)

  def __iter__(self) -> Iterator[Image]:
    return (self[place] for place in range(len(self)))

  def __getitem__(self, place: int) -> Image:
    """Of the image at a place.

    Raises:
      IndexError: there is none.
      InputError: the file was changed meanwhile; and whatever `convert` raises.
    """
    if not 0 <= place < len(self):
      raise IndexError(place)
    if self._last is None or self._last[0] != place:
      # First, lest two are in memory.
      self._last = None
      frame = self._frame(place)
      self._last = place, self._convert(frame, self._names[place])
    return self._last[1]

  def _frame(self, place: int) -> Frame:
    if self._held:
      return self._held[place]
    try:
      return self._read_again(place)
    finally:
      # Also where reading failed: then this is why.
      self._require_unchanged()

  def _read_again(self, place: int) -> Frame:
    if self._frames is None or place < self._following:
      if self._frames is not None:
        self._frames.close()
      self._frames, self._following = iterate_frames(self._path), 0
    for frame in self._frames:
      self._following += 1
      if self._following > place:
        return frame
    raise self._changed()

  def _require_unchanged(self) -> None:
    if _version(self._path) != self._version:
      raise self._changed()

  def _changed(self) -> InputError:
    return file_error(
      self._path,
      'it was changed while its images were read',
      'give the same command again',
    )


def _version(path: pathlib.Path) -> tuple[int, int, int]:
  """What is another once somebody has written to a file, or into a folder."""
  is_folder = path.suffix.lower() in FOLDERS
  try:
    files = [path, *path.rglob('*')] if is_folder else [path]
    found = [os.stat(file) for file in files]
  except OSError as error:
    raise open_error(path, error) from error
  return (
    len(found),
    sum(one.st_size for one in found),
    max(one.st_mtime_ns for one in found),
  )


def micrograph_stack(path: pathlib.Path, *, rgb: str) -> Stack[Micrograph]:
  """The micrographs of a file; arguments and errors as `read_micrographs`."""
  return _stack(path, rgb, check=False)


def iterate_micrographs(
  path: str | os.PathLike, *, rgb: str = 'refuse'
) -> Iterator[Micrograph]:
  """All images of a file one after the other, for stacks of any length.

  Args:
    path: a file as `read_micrographs` reads it.
    rgb: what to do with colour, as there.

  Yields:
    The micrographs, named as by `read_micrographs`.

  Raises:
    InputError: as there, before the first image; or the file was changed
      meanwhile.
  """
  yield from _stack(pathlib.Path(path), rgb, check=True)


def _stack(path: pathlib.Path, rgb: str, *, check: bool) -> Stack[Micrograph]:
  def convert(frame: Frame, name: str) -> Micrograph:
    return micrograph_of(frame, name, path, rgb)

  return Stack(path, convert, check=check)
