"""What --input names: files, folders and patterns, to a list of files."""

import glob
import pathlib
from collections.abc import Iterable, Sequence

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.formats import SUFFIXES
from defectseg_jax.micrographs.formats.rosettasciio import drop_emi_twins


def image_files(
  given: Sequence[str], *, flag: str = '--input'
) -> list[pathlib.Path]:
  """The image files that paths and patterns name, each once.

  Args:
    given: files, folders (their images; other files are passed over) and
      patterns such as `session/*.tif`. Of an .emi and its .ser files in one
      folder or pattern, which are the same images, the .ser files are taken.
    flag: for messages.

  Returns:
    In the order given, those of a folder or a pattern by name.

  Raises:
    InputError: nothing is there, or a folder has no images.
  """
  found = {}
  for text in given:
    path = pathlib.Path(text).expanduser()
    if path.is_dir():
      paths = images_in(path, flag=flag)
    elif path.exists():
      paths = [path]
    else:
      paths = drop_emi_twins(map(pathlib.Path, sorted(glob.glob(str(path)))))
      if not paths:
        raise InputError(
          f'{flag}={text}: there is no such file or folder; see that the path '
          'is right'
        )
    found |= dict.fromkeys(paths)
  return list(found)


def images_in(folder: pathlib.Path, *, flag: str) -> list[pathlib.Path]:
  """The images of a folder, by name.

  Raises:
    InputError: it has none.
  """
  paths = drop_emi_twins(
    path
    for path in sorted(folder.iterdir())
    if path.suffix.lower() in SUFFIXES and not path.name.startswith('.')
  )
  if not paths:
    raise InputError(
      f'{flag}={folder}: no image in this folder; it may hold '
      f'{", ".join(SUFFIXES)}'
    )
  return paths


def files_by_stem(
  paths: Iterable[pathlib.Path], *, flag: str = '--input'
) -> dict[str, pathlib.Path]:
  """Files by the name that tables and pictures give them.

  Raises:
    InputError: two have the same.
  """
  found = {}
  for path in paths:
    if path.stem in found:
      raise InputError(
        f'{flag}: {found[path.stem]} and {path} have the same name; rename one '
        'of them'
      )
    found[path.stem] = path
  return found
