"""A file -> frames, in this process: it may crash, hang, or take all memory."""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Iterator

from defectseg_jax.errors import InputError, file_error
from defectseg_jax.micrographs.formats import HAVE_TEXT_BESIDE, READERS
from defectseg_jax.micrographs.formats.frame import Frame
from defectseg_jax.micrographs.formats.pixel_size import (
  NOTHING,
  StatedScale,
  agreed_scale,
)
from defectseg_jax.micrographs.formats.text_beside import scale_beside


def frames_of(path: pathlib.Path) -> Iterator[Frame]:
  """Reads the images of a file, one after the other.

  Args:
    path: a file with a suffix that is known, not empty.

  Yields:
    The images. Of a damaged file some may come before the error.

  Raises:
    InputError: whatever is wrong with the file.
  """
  # By os.path, which is quicker: an image may take no longer than its library.
  suffix = os.path.splitext(path)[1].lower()
  with naming_damage(path):
    for frame in READERS[suffix](path):
      if suffix in HAVE_TEXT_BESIDE:
        frame = _with_scale_beside(frame, path)
      yield frame


@contextlib.contextmanager
def naming_damage(path: pathlib.Path) -> Iterator[None]:
  """Says in one line what is wrong with a file that the block reads.

  Args:
    path: of the file.

  Raises:
    InputError: the block raised anything.
  """
  try:
    yield
  except InputError:
    raise
  except MemoryError as error:
    raise memory_error(path) from error
  except Exception as error:
    # On damaged files libraries raise exceptions of any kind, some of them
    # derived from Exception itself, and tifffile even AssertionError.
    raise file_error(
      path,
      f'it is damaged or cut off ({type(error).__name__}: {error})',
      'copy or export it again',
    ) from error


def memory_error(path: pathlib.Path) -> InputError:
  """The error for a file that is too large when it is unpacked.

  Args:
    path: the file.
  """
  return file_error(
    path,
    'it needs more memory than a file of its size may take',
    'see whether it is damaged; else crop it, or save its images one by one',
  )


def _with_scale_beside(frame: Frame, path: pathlib.Path) -> Frame:
  """The frame with what a microscope wrote into a text beside its file."""
  beside = scale_beside(path, columns=frame.values.shape[1])
  if beside == NOTHING:
    return frame
  own = StatedScale(frame.pixel_size_nm, frame.scale_doubt)
  scale = agreed_scale({'the file': own, 'the text beside it': beside})
  return dataclasses.replace(
    frame, pixel_size_nm=scale.pixel_size_nm, scale_doubt=scale.doubt
  )
