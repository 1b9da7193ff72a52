"""A file of outlines -> shapes, in this process: it may crash or hang."""

import importlib
import pathlib
from collections.abc import Iterator
from typing import Any

from defectseg_jax.errors import InputError, file_error, open_error
from defectseg_jax.micrographs.annotations.shapes import Annotation
from defectseg_jax.micrographs.formats.opening import memory_error


def shapes_of(path: pathlib.Path) -> Iterator[list[Annotation]]:
  """Reads what a person drew.

  Args:
    path: JSON of a program that `annotations` knows, or a set of ImageJ's.

  Yields:
    Once, an entry for each image.

  Raises:
    InputError: whatever is wrong with the file.
  """
  try:
    if path.suffix.lower() in ('.zip', '.roi'):
      yield _module('imagej_sets').parse_regions(path)
    else:
      yield _module('annotations.parsing').parse_annotations(path)
  except InputError:
    raise
  except OSError as error:
    raise open_error(path, error) from error
  except MemoryError as error:
    raise memory_error(path) from error
  except Exception as error:
    raise file_error(
      path,
      f'it is damaged or cut off ({type(error).__name__}: {error})',
      'save or export it again',
    ) from error


def _module(name: str) -> Any:
  """Loaded when it is first needed: most sessions have images alone."""
  return importlib.import_module(f'defectseg_jax.micrographs.{name}')
