"""A reader for each family of files, and which suffixes it reads.

To add a reader:

1. Write a module here with a function that takes the path of a file, which is
   there and not empty, and returns or yields its images as `frame.Frame`s: in
   the file's own numbers, with the size of a pixel if the file says it
   (`pixel_size` turns units into nanometres). Import a package that need not be
   installed within that function.
2. What it cannot use it refuses: `raise file_error(path, problem, remedy)`.
   Call `frame.check_size` before memory is asked for. Where the library that
   parses the file does not notice that a part of it is missing, write a check
   in integrity/ and call it first. What the library raises need not be caught:
   `opening` does that.
3. Name its suffixes in READERS. Whatever lists the files that can be read, the
   message about an unknown suffix for one, takes them from here.
4. Write its tests beside those of the others in tests/micrographs, also with a
   file that is cut off at every byte. Those that take every suffix of READERS
   run without more.

Examples:
  >>> '.dm4' in SUFFIXES, '.jp2' in SUFFIXES
  (True, False)
"""

import importlib
import pathlib
from collections.abc import Callable, Iterable, Mapping

from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.formats.rosettasciio import (
  SUFFIXES as _OF_RSCIIO,
)

Reader = Callable[[pathlib.Path], Iterable[Frame]]


def _later(module: str, name: str) -> Reader:
  """A reader that is loaded with its libraries when it is first called."""

  def read(path: pathlib.Path) -> Iterable[Frame]:
    return getattr(importlib.import_module(f'{__name__}.{module}'), name)(path)

  return read


READERS: Mapping[str, Reader] = {
  **dict.fromkeys(('.tif', '.tiff'), _later('tiff', 'read_tiff')),
  **dict.fromkeys(
    ('.png', '.jpg', '.jpeg', '.bmp'), _later('raster', 'read_picture')
  ),
  '.npy': _later('raster', 'read_npy'),
  '.dm5': _later('dm5', 'read_dm5'),
  '.zarr': _later('ome_zarr', 'read_zarr'),
  **dict.fromkeys(_OF_RSCIIO, _later('rosettasciio', 'read_microscope_file')),
}
"""The reader of each lower-case suffix."""

SUFFIXES: tuple[str, ...] = tuple(READERS)
"""Lower-case suffixes of the files that can be read."""

FOLDERS = ('.zarr',)
"""Suffixes of images that are folders."""

HAVE_TEXT_BESIDE = ('.tif', '.tiff', '.png', '.jpg', '.jpeg', '.bmp')
"""Suffixes of images beside which scanning microscopes put a text."""
