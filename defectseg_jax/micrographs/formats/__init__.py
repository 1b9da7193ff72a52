"""A reader for each family of files, and which suffixes it reads.

To add a reader:

1. Write a module here with a function that takes the path of a file, which is
   there and not empty, and returns its images as `frame.Frame`s: in the file's
   own numbers, with the size of a pixel if the file says it (`pixel_size` turns
   units into nanometres). Import a package that need not be installed within
   that function.
2. What it cannot use it refuses: `raise file_error(path, problem, remedy)`.
   Call `frame.check_size` before memory is asked for. Where the library that
   parses the file does not notice that a part of it is missing, write a check
   in integrity/ and call it first.
3. Name its suffixes in READERS. Whatever lists the files that can be read, the
   message about an unknown suffix for one, takes them from here.
4. Write its tests beside those of the others in tests/micrographs, also with a
   file that is cut off at every byte. Those that take every suffix of READERS
   run without more.

Examples:
  >>> '.dm4' in SUFFIXES, '.jp2' in SUFFIXES
  (True, False)
"""

import pathlib
from collections.abc import Callable, Mapping

from defectseg_jax.micrographs.formats import (
  dm5,
  ome_zarr,
  raster,
  rosettasciio,
  tiff,
)
from defectseg_jax.micrographs.formats.frame import Frame

READERS: Mapping[str, Callable[[pathlib.Path], list[Frame]]] = {
  '.tif': tiff.read_tiff,
  '.tiff': tiff.read_tiff,
  '.png': raster.read_picture,
  '.jpg': raster.read_picture,
  '.jpeg': raster.read_picture,
  '.bmp': raster.read_picture,
  '.npy': raster.read_npy,
  dm5.SUFFIX: dm5.read_dm5,
  '.zarr': ome_zarr.read_zarr,
  **dict.fromkeys(rosettasciio.SUFFIXES, rosettasciio.read_microscope_file),
}
"""The reader of each lower-case suffix."""

SUFFIXES: tuple[str, ...] = tuple(READERS)
"""Lower-case suffixes of the files that can be read."""

FOLDERS = ('.zarr',)
"""Suffixes of images that are folders."""

HAVE_TEXT_BESIDE = ('.tif', '.tiff', '.png', '.jpg', '.jpeg', '.bmp')
"""Suffixes of images beside which scanning microscopes put a text."""
