"""The name of a dataset: a checksum of all that it is made from."""

import hashlib
import json
import pathlib
from typing import Any

from defectseg_jax.datasets import folder
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.formats import FOLDERS
from defectseg_jax.micrographs.parts import parts_of
from defectseg_jax.micrographs.regular_files import size_to_read


def fingerprint_of(source: str | pathlib.Path, recipe: dict[str, Any]) -> str:
  """The fingerprint of a folder, and of what is made of it.

  Args:
    source: the folder.
    recipe: whatever else the dataset follows from; goes to JSON.

  Raises:
    InputError: anything is wrong with the folder, or a file cannot be read.
  """
  files = folder.labelled_files(source)
  digest = hashlib.sha256()
  digest.update(json.dumps(recipe, sort_keys=True).encode())
  for file in files:
    in_table = [file.split, file.pixel_size_nm, file.thickness_nm]
    digest.update(json.dumps([file.image.name, *in_table]).encode())
    parts = [part for part in (file.ignore, file.valid) if part is not None]
    for part in parts:
      digest.update(part.path.parent.name.encode())
    masks = [one.path for one in (file.mask, *parts)]
    is_folder = file.image.suffix.lower() in FOLDERS
    size_to_read(file.image, may_be_folder=is_folder)
    # With an image's text, as its scale may stand there.
    for path in (*parts_of(file.image), *masks):
      size_to_read(path)
      try:
        with path.open('rb') as stream:
          digest.update(hashlib.file_digest(stream, 'sha256').digest())
      except OSError as error:
        raise InputError(
          f'{path}: cannot be read ({error.strerror}); repair it or take it out'
        ) from error
  return digest.hexdigest()[:16]
