"""Files, folders and patterns, as --input names them -> a list of files."""

import contextlib
import glob
import pathlib
from collections.abc import Collection, Iterable, Sequence

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.formats import FOLDERS, SUFFIXES
from defectseg_jax.micrographs.formats.rosettasciio import drop_emi_twins
from defectseg_jax.micrographs.image_names import (
  printable_name,
  require_usable_name,
  without_place,
)
from defectseg_jax.micrographs.reading import iterate_frames


def image_files(
  given: Sequence[str],
  *,
  flag: str = '--input',
  suffixes: Collection[str] = SUFFIXES,
  refused: dict[str, str] | None = None,
) -> list[pathlib.Path]:
  """The image files that paths and patterns name, each once.

  Args:
    given: files, folders (their images; other files are ignored) and patterns
      such as `session/*.tif`. Of an .emi and its .ser files in one folder or
      pattern, which are the same images, the .ser files are taken.
    flag: for messages.
    suffixes: of the files of a folder that are meant, in lower case.
    refused: where to put, by its name, why a file of a folder or a pattern is
      left out; without it, the first such file raises InputError.

  Returns:
    In the order given; the files of a folder or a pattern are sorted by name.

  Raises:
    InputError: nothing is there, a folder has no images, or nothing can be
      called after a file that is named, or after any.

  Examples:
    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ('b.tif', 'a.dm4', 'notes.txt'):
    ...   (folder / name).touch()
    >>> [path.name for path in image_files([str(folder)])]
    ['a.dm4', 'b.tif']
  """
  found: dict[pathlib.Path, None] = {}
  left_out: dict[str, str] = {}
  for text in given:
    named = pathlib.Path(text).expanduser()
    for path in _files_of(named, text, flag, suffixes):
      try:
        require_usable_name(path)
        found[path] = None
      except InputError as error:
        if refused is None or path == named:
          raise
        left_out[printable_name(path)] = str(error)
  if left_out and not found:
    raise InputError(next(iter(left_out.values())))
  if refused is not None:
    refused |= left_out
  return list(found)


def _files_of(
  named: pathlib.Path, text: str, flag: str, suffixes: Collection[str]
) -> list[pathlib.Path]:
  """Those of a file, a folder or a pattern."""
  if named.is_dir() and named.suffix.lower() not in FOLDERS:
    return images_in(named, flag=flag, suffixes=suffixes)
  if named.exists():
    return [named]
  paths = drop_emi_twins(map(pathlib.Path, sorted(glob.glob(str(named)))))
  if not paths:
    raise InputError(
      f'{flag}={text}: there is no such file or folder; see that the path is '
      'right'
    )
  return paths


def images_in(
  folder: pathlib.Path, *, flag: str, suffixes: Collection[str] = SUFFIXES
) -> list[pathlib.Path]:
  """The images of a folder, sorted by name.

  Args:
    folder: hidden files in it, and files with other suffixes, are ignored.
    flag: that named it, for messages.
    suffixes: of the files that are meant, in lower case.

  Raises:
    InputError: the folder has no images.
  """
  paths = drop_emi_twins(
    path
    for path in sorted(folder.iterdir())
    if path.suffix.lower() in suffixes and not path.name.startswith('.')
  )
  if not paths:
    raise InputError(
      f'{flag}={folder}: no image in this folder; it may hold '
      f'{", ".join(suffixes)}'
    )
  return paths


def files_by_stem(
  paths: Iterable[pathlib.Path], *, flag: str = '--input'
) -> dict[str, pathlib.Path]:
  """Files by their stem, as tables and pictures call them.

  Args:
    paths: of files.
    flag: that named them, for messages.

  Raises:
    InputError: two files have the same stem, or one has that of an image in
      another, as z[0].tif beside z.tif with several images.

  Examples:
    >>> files_by_stem([pathlib.Path('a.tif')])['a'].name
    'a.tif'
  """
  found = {}
  for path in paths:
    if path.stem in found:
      raise InputError(
        f'{flag}: {found[path.stem]} and {path} have the same name; rename one '
        'of them'
      )
    found[path.stem] = path
  for name, path in found.items():
    if (several := found.get(without_place(name), path)) != path:
      _require_other_names(several, path, flag)
  return found


def _require_other_names(
  several: pathlib.Path, one: pathlib.Path, flag: str
) -> None:
  """Refuses a file that is called like an image of another file."""
  count = 1
  # What cannot be read is said where it is to be read.
  with contextlib.suppress(InputError):
    count = sum(1 for _ in iterate_frames(several))
  if count > 1 and one.stem in [f'{several.stem}[{i}]' for i in range(count)]:
    raise InputError(
      f'{flag}: {several} holds {count} images, one of which is called '
      f'{one.stem}, as {one} is; rename one of the files'
    )
