"""All files that an image is read from."""

import pathlib

from defectseg_jax.micrographs.formats import HAVE_TEXT_BESIDE
from defectseg_jax.micrographs.formats.rosettasciio import ser_files
from defectseg_jax.micrographs.formats.text_beside import texts_beside


def parts_of(path: pathlib.Path) -> list[pathlib.Path]:
  """The files whose content decides what `read_frames` gives.

  Args:
    path: of an image.

  Returns:
    The file, or all files of a folder such as Zarr's, sorted; and the text that
    a microscope may have written beside it, or the .ser files of an .emi.

  Examples:
    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ('foil.tif', 'foil.txt', 'other.txt'):
    ...   (folder / name).touch()
    >>> [part.name for part in parts_of(folder / 'foil.tif')]
    ['foil.tif', 'foil.txt']
  """
  if path.is_dir():
    return sorted(part for part in path.rglob('*') if part.is_file())
  if path.suffix.lower() == '.emi':
    return [path, *ser_files(path)]
  if path.suffix.lower() not in HAVE_TEXT_BESIDE:
    return [path]
  return [path, *texts_beside(path)]
