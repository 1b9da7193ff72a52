"""A file with images -> micrographs, or frames as the file stores them."""

import contextlib
import os
import pathlib
from collections.abc import Generator

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats import FOLDERS, READERS, SUFFIXES
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.grey import bright_is_large, grey_values
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reader.pool import stream_frames
from defectseg_jax.micrographs.regular_files import size_to_read


def read_micrograph(
  path: str | os.PathLike, *, rgb: str = 'refuse'
) -> Micrograph:
  """Reads the one image of a file.

  Args:
    path: a file as `read_micrographs` reads it, with one image.
    rgb: what to do with colour, as in `read_micrographs`.

  Returns:
    The micrograph, named by the file's stem.

  Raises:
    InputError: the file holds several images; and whatever `read_micrographs`
      refuses.

  Examples:
    >>> import tempfile
    >>> import numpy as np
    >>> from defectseg_jax.micrographs import read_micrograph, write_tiff
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f'{folder.name}/foil.tif'
    >>> pixels = np.array([[7, 250], [12, 90]], np.uint16)
    >>> write_tiff(path, pixels, pixel_size_nm=0.32)
    >>> micrograph = read_micrograph(path)
    >>> micrograph.name, micrograph.pixel_size_nm
    ('foil', 0.32)
    >>> micrograph.pixels
    array([[  7., 250.],
           [ 12.,  90.]], dtype=float32)
  """
  micrographs = read_micrographs(path, rgb=rgb)
  if len(micrographs) != 1:
    raise file_error(
      path,
      f'it holds {len(micrographs)} images',
      'read them all with read_micrographs, or save the one that is meant to a'
      ' file of its own',
    )
  return micrographs[0]


def read_micrographs(
  path: str | os.PathLike, *, rgb: str = 'refuse'
) -> list[Micrograph]:
  """Reads all images of a file.

  Values are the file's own, as float32: 16-bit grey runs to 65535, and what the
  file marks as white-is-zero is turned round so that bright is large. Pixels
  that are NaN or infinite are marked in `Micrograph.missing`.

  The pixel size of a TIFF comes from the tags of microscopes' programs, from
  OME's or ImageJ's metadata, or from the plain resolution where that is finer
  than one micrometre a pixel; that of a microscope's own file from its axes;
  that of a picture from the text that a scanning microscope wrote beside it.
  Where it is None though something stands there, `Micrograph.scale_doubt` says
  why.

  Args:
    path: TIFF, PNG, JPEG, BMP, NPY ([H, W] or [frames, H, W]), or the file of a
      microscope's own program; `formats.SUFFIXES` lists them all.
    rgb: what to do with colour: 'refuse', or 'luminance' (0.299 R + 0.587 G +
      0.114 B, ITU-R BT.601-2). Colour images that are grey in truth (equal
      channels, constant alpha) are read either way.

  Returns:
    The micrographs, named by the file's stem; those of a stack, or of a file
    with several images, stem[0], stem[1], ...

  Raises:
    InputError: a file that is missing, empty, cut off, damaged, or no image (a
      spectrum, a diffraction pattern); a suffix that is not known, or one whose
      reader is not installed; colour or varying transparency; pixels that are
      complex, none of which is finite, or not square; another value of rgb.

  Examples:
    >>> import tempfile
    >>> import numpy as np
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f'{folder.name}/series.npy'
    >>> np.save(path, np.zeros((3, 4, 5)))
    >>> [micrograph.name for micrograph in read_micrographs(path)]
    ['series[0]', 'series[1]', 'series[2]']
  """
  path = pathlib.Path(path)
  with contextlib.closing(named_frames(path)) as frames:
    return [micrograph_of(frame, name, path, rgb) for frame, name in frames]


def named_frames(
  path: str | os.PathLike,
) -> Generator[tuple[Frame, str], None, None]:
  """`iterate_frames`, each with the name that its micrograph has."""
  path = pathlib.Path(path)
  with contextlib.closing(iterate_frames(path)) as frames:
    frame, index = next(frames), 0
    while frame is not None:
      # The first image is named by whether there is another one.
      following = next(frames, None)
      several = index > 0 or following is not None
      yield frame, f'{path.stem}[{index}]' if several else path.stem
      frame, index = following, index + 1


def micrograph_of(
  frame: Frame, name: str, path: pathlib.Path, rgb: str
) -> Micrograph:
  """One image of a file; arguments and errors as of `read_micrographs`."""
  grey = grey_values(frame, rgb=rgb, path=path)
  try:
    return Micrograph(
      bright_is_large(grey, frame, path=path),
      name=name,
      pixel_size_nm=frame.pixel_size_nm,
      scale_doubt=frame.scale_doubt,
    )
  except InputError as error:
    # Micrograph knows the name of the image only; the user looks for a file.
    raise InputError(f'{path}: {error}') from error


def read_frames(path: str | os.PathLike) -> list[Frame]:
  """Reads all images of a file as it stores them.

  Another process does it, which a damaged file may crash.

  Args:
    path: a file as `read_micrographs` reads it.

  Returns:
    The images, in the file's own numbers; at least one.

  Raises:
    InputError: a file that is missing, empty, cut off, damaged, no regular
      file, or no image; a suffix that is not known, or one whose reader is not
      installed; or one that crashes its library, or takes more memory or time
      than a file of its size may take.
  """
  return list(iterate_frames(path))


def iterate_frames(path: str | os.PathLike) -> Generator[Frame, None, None]:
  """The images of a file one after the other, as `read_frames` reads them.

  Args:
    path: likewise.

  Yields:
    The images; of a damaged file some may come before the error.

  Raises:
    InputError: likewise.
  """
  path = pathlib.Path(path)
  # By os.path, which is quicker: an image may take no longer than its library.
  suffix = os.path.splitext(path)[1].lower()
  size_bytes = size_to_read(path, may_be_folder=suffix in FOLDERS)
  if suffix not in READERS:
    raise file_error(
      path,
      f'the suffix {path.suffix!r} is not known',
      f'convert it to one of {", ".join(SUFFIXES)}',
    )
  if not size_bytes:
    raise file_error(
      path, 'the file is empty (0 bytes)', 'copy or export it again'
    )
  yield from stream_frames(path)
