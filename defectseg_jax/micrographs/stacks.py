"""The images of a file by their places, of a long stack one in memory."""

import pathlib
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

from defectseg_jax.errors import InputError, file_error, open_error
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import (
  MOST_HELD_BYTES,
  iterate_frames,
  micrograph_of,
)

Image = TypeVar('Image')


class Stack(Generic[Image]):
  """What is made of each image of a file.

  Attributes:
    shapes: rows and columns of each.

  A file is read to its end first, to see that none of it is damaged. If its
  images do not fit into some memory, it is read again, from the first image to
  the one that is asked for; best is to ask in order.
  """

  def __init__(
    self, path: pathlib.Path, convert: Callable[[Frame, str], Image]
  ) -> None:
    """Reads the file once.

    Args:
      path: a file as `read_frames` reads it.
      convert: what to make of an image, by its name, when it is asked for.

    Raises:
      InputError: as `read_frames`.
    """
    self._path, self._convert = path, convert
    self._version = _version(path)
    self.shapes: list[tuple[int, ...]] = []
    self._held: list[Frame] = []
    held_bytes = 0
    for frame in iterate_frames(path):
      self._held.append(frame)
      self.shapes.append(frame.values.shape[:2])
      held_bytes += frame.values.nbytes
      if len(self) > 1 and held_bytes > MOST_HELD_BYTES:
        self._held.clear()
    if len(self._held) < len(self):
      self._held = []
    self._frames: Generator[Frame, None, None] | None = None
    self._following = 0
    self._last: tuple[int, Image] | None = None

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
      stem = self._path.stem
      name = f'{stem}[{place}]' if len(self) > 1 else stem
      self._last = place, self._convert(self._frame(place), name)
    return self._last[1]

  def _frame(self, place: int) -> Frame:
    if self._held:
      return self._held[place]
    # The images before are of what it was.
    if _version(self._path) != self._version:
      raise self._changed()
    if self._frames is None or place < self._following:
      if self._frames is not None:
        self._frames.close()
      self._frames, self._following = iterate_frames(self._path), 0
    for frame in self._frames:
      self._following += 1
      if self._following > place:
        return frame
    raise self._changed()

  def _changed(self) -> InputError:
    return file_error(
      self._path,
      'it was changed while its images were read',
      'give the same command again',
    )


def _version(path: pathlib.Path) -> tuple[int, int]:
  """What is another once somebody has written to a file."""
  try:
    about = path.stat()
  except OSError as error:
    raise open_error(path, error) from error
  return about.st_size, about.st_mtime_ns


def micrograph_stack(path: pathlib.Path, *, rgb: str) -> Stack[Micrograph]:
  """The micrographs of a file; arguments and errors as `read_micrographs`."""

  def convert(frame: Frame, name: str) -> Micrograph:
    return micrograph_of(frame, name, path, rgb)

  return Stack(path, convert)
