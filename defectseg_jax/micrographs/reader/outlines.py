"""A file of outlines -> shapes, in this process: it may crash or hang."""

import pathlib

from defectseg_jax.micrographs.annotations.parsing import parse_annotations
from defectseg_jax.micrographs.annotations.shapes import Annotation
from defectseg_jax.micrographs.formats.opening import naming_damage
from defectseg_jax.micrographs.imagej_sets import SUFFIXES, parse_regions


def shapes_of(path: pathlib.Path) -> list[Annotation]:
  """Reads what a person drew.

  Args:
    path: JSON of a program that `annotations` knows, or a set of ImageJ's.

  Returns:
    An entry for each image.

  Raises:
    InputError: whatever is wrong with the file.
  """
  is_set = path.suffix.lower() in SUFFIXES
  with naming_damage(path):
    return parse_regions(path) if is_set else parse_annotations(path)
