"""Which image a person means who wrote a name into a table.

A name is compared as it stands, with that of the file and with that of the
image, as the program prints it; then without the suffix of an image file. What
is said of a file holds for each of its images that nothing is said of.
"""

import functools
import pathlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping

from defectseg_jax.errors import (
  InputError,
  file_error,
  is_utf8,
  printable,
)
from defectseg_jax.micrographs.formats import SUFFIXES

# How `read_micrographs` names the images of a file that has several.
_PLACE = re.compile(r'\[(\d+)\]$')

# Of 255 bytes that a name may have, those that '[1234].tif' leaves.
_LONGEST_STEM = 245


def name_in_table(text: str) -> str:
  """A name as it is compared: without folders, of any system.

  Letters with accents are one letter, which some systems take apart.

  Examples:
    >>> name_in_table('C:\\\\data\\\\a.png'), name_in_table('data/12.5kx.v2')
    ('a.png', '12.5kx.v2')
  """
  return unicodedata.normalize('NFC', re.split(r'[\\/]', text.strip())[-1])


# A table of a thousand rows is looked through for each of a thousand images.
@functools.lru_cache(maxsize=1 << 14)
def without_suffix(name: str) -> str:
  """A name without the suffix of an image file; other dots are its own.

  Examples:
    >>> without_suffix('foil.TIF'), without_suffix('foil_1.5um')
    ('foil', 'foil_1.5um')
  """
  for suffix in SUFFIXES:
    if name.lower().endswith(suffix) and len(name) > len(suffix):
      return name[: -len(suffix)]
  return name


def without_ome(stem: str) -> str:
  """A stem without what OME-TIFF and OME-Zarr have before their suffix.

  Examples:
    >>> without_ome('foil.ome'), without_ome('foil')
    ('foil', 'foil')
  """
  return stem[:-4] if stem.lower().endswith('.ome') else stem


def require_usable_name(path: pathlib.Path) -> None:
  """Looks whether what is made of an image can be called after it.

  Raises:
    InputError: the name is no text, has control characters, begins with a dot,
      or is so long that `x[1234].tif` is a name that no disk takes.

  Examples:
    >>> require_usable_name(pathlib.Path('...tif'))
    Traceback (most recent call last):
    defectseg_jax.errors.InputError: ...tif: its name begins with a dot, as ...
  """
  if not is_utf8(str(path)):
    raise InputError(
      f'{str(path)!a}: is no text in UTF-8; give the file or folder another '
      'name'
    )
  if any(unicodedata.category(letter) == 'Cc' for letter in path.name):
    raise InputError(
      f'{printable(str(path))}: its name has a control character, which '
      'terminals take for commands; give it another name'
    )
  if path.name.startswith('.'):
    raise file_error(
      path,
      'its name begins with a dot, as those of hidden files',
      'give it another name',
    )
  length = len(path.stem.encode())
  if length > _LONGEST_STEM:
    raise file_error(
      path,
      f'its name has {length} bytes before the suffix',
      f'give it a shorter one, of {_LONGEST_STEM} at most',
    )


def printable_name(path: pathlib.Path) -> str:
  """A file's name, also where it is no text.

  Examples:
    >>> print(printable_name(pathlib.Path('foil\\udcff.tif')))
    foil\\udcff.tif
  """
  return printable(path.name.encode('utf-8', 'backslashreplace').decode())


def without_place(name: str) -> str:
  """The name that the images of one file share.

  Examples:
    >>> without_place('z[12]'), without_place('z')
    ('z', 'z')
  """
  return _PLACE.sub('', name)


def place_of(name: str) -> int | None:
  """Which image of its file one is; None of a file's only one.

  Examples:
    >>> place_of('z[12]'), place_of('z')
    (12, None)
  """
  found = _PLACE.search(name)
  return int(found[1]) if found else None


def owners(paths: Iterable[pathlib.Path]) -> dict[str, str]:
  """By the names of files, with suffix and without, their stems.

  Examples:
    >>> owners([pathlib.Path('a.tif')])
    {'a.tif': 'a', 'a': 'a'}
  """
  return {name: path.stem for path in paths for name in (path.name, path.stem)}


def row_of(
  names: Collection[str],
  path: pathlib.Path,
  image: str,
  *,
  beside: Mapping[str, str] | None = None,
) -> str | None:
  """The row of a table that is of an image.

  Args:
    names: that stand in the table, as `name_in_table` makes them.
    path: of the image's file.
    image: its name; that of the file, or as z[0] where that holds several.
    beside: of all files, by `owners`. A row that is the name of another as it
      stands is not of this image without its suffix.

  Returns:
    One of the names; None where there is no row of it.

  Examples:
    >>> row_of(['z', 'z[1]'], pathlib.Path('z.tif'), 'z[1]')
    'z[1]'
    >>> row_of(['z.dm4'], pathlib.Path('z.tif'), 'z[1]')
    'z.dm4'
    >>> row_of(['foil_1.5um'], pathlib.Path('foil_1.tif'), 'foil_1')
  """
  own, short = {path.stem, image, without_place(image)}, {}
  for name in names:
    if beside is None or name not in beside or beside[name] in own:
      short.setdefault(without_suffix(name), name)
  for name in _names_of(path, image):
    if name in names:
      return name
    if name in short:
      return short[name]
  return None


def _names_of(path: pathlib.Path, image: str) -> Iterator[str]:
  """Names of an image, that which says most first."""
  file, image = (unicodedata.normalize('NFC', n) for n in (path.name, image))
  if without_suffix(file) == image:
    yield file
  yield image
  of_all = without_place(image)
  if of_all != image:
    # A mask of one frame has a file of its own, which is not that of all.
    if without_suffix(file) == of_all:
      yield file
    yield of_all
