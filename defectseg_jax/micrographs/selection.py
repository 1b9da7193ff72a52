"""Which of the files that somebody names are the micrographs.

Beside a micrograph lie text files with its scale, tables, and pictures that a
program exported for people to look at.
"""

import pathlib
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from defectseg_jax.micrographs.files import image_files
from defectseg_jax.micrographs.formats import HAVE_TEXT_BESIDE, SUFFIXES
from defectseg_jax.micrographs.formats.rosettasciio import (
  SUFFIXES as OF_MICROSCOPES,
)
from defectseg_jax.micrographs.formats.text_beside import texts_beside
from defectseg_jax.micrographs.image_names import (
  printable_name,
  require_usable_name,
  without_ome,
)
from defectseg_jax.micrographs.labels_beside import is_mask
from defectseg_jax.micrographs.mask_files import (
  candidates,
  is_of_cellpose,
  stem_of,
)

_PICTURES = ('.png', '.jpg', '.jpeg', '.bmp')
# What file browsers leave behind is not worth a word.
_LEFT_BEHIND = ('Thumbs.db', 'desktop.ini')
_MOST_NAMED = 5


class Selection(NamedTuple):
  """Files of micrographs, chosen among others.

  Attributes:
    paths: of the micrographs.
    remarks: what was passed over, a line for each reason.
    refused: by name, why nothing can be called after an image of a folder.
  """

  paths: list[pathlib.Path]
  remarks: list[str]
  refused: Mapping[str, str] = types.MappingProxyType({})


def select_images(given: Sequence[str], *, flag: str = '--input') -> Selection:
  """The micrographs that paths and patterns name, and what is passed over.

  Args:
    given: as `image_files` takes them.
    flag: for messages.

  Raises:
    InputError: nothing is there, or a folder has no images.
  """
  refused: dict[str, str] = {}
  named = dict.fromkeys(image_files(given, flag=flag, refused=refused))
  for text in given:
    folder = pathlib.Path(text).expanduser()
    if folder.is_dir() and folder not in named:
      named |= dict.fromkeys(
        path for path in _not_hidden(folder) if not _is_image(path)
      )
  return choose_images(named)._replace(refused=refused)


def files_in(folder: pathlib.Path) -> list[pathlib.Path]:
  """The files of a folder that a person put there, sorted by name.

  Raises:
    InputError: nothing can be called after one of them.
  """
  paths = _not_hidden(folder)
  for path in paths:
    require_usable_name(path)
  return paths


def _not_hidden(folder: pathlib.Path) -> list[pathlib.Path]:
  return [
    path
    for path in sorted(folder.iterdir())
    if not path.name.startswith('.') and path.name not in _LEFT_BEHIND
  ]


def choose_images(paths: Iterable[pathlib.Path]) -> Selection:
  """Of files those that are images, and of an image and its picture the image.

  A microscope's own file goes before a TIFF or NPY of the same name in the same
  folder, and either before a PNG or JPEG of that name. Masks under the name of
  an image beside them, as x_cp_masks.png beside x.tif, are no images.

  Args:
    paths: of files.

  Returns:
    The images in the same order, and what was passed over; all files where
    none is an image, so that each is refused with its reason. Texts that are
    read with an image, for its scale, are not passed over.

  Examples:
    >>> names = 'a.dm4', 'a.jpg', 'a.txt', 'b.tif'
    >>> found = choose_images(map(pathlib.Path, names))
    >>> [path.name for path in found.paths]
    ['a.dm4', 'b.tif']
    >>> for remark in found.remarks:
    ...   print(remark)
    Passed over, not an image that can be read: a.txt.
    Passed over, the raw file of the same name is taken: a.jpg (a.dm4).
  """
  paths = [path for path in paths if path.name not in _LEFT_BEHIND]
  images = [path for path in paths if _is_image(path)]
  if not images:
    return Selection(paths, [])
  best: dict[tuple[pathlib.Path, str], pathlib.Path] = {}
  for path in sorted(images, key=_rank):
    best.setdefault(_key(path, path.stem), path)
  raw_of = {path: best[_key(path, path.stem)] for path in images}
  pictures = [path for path in images if _rank(path) > _rank(raw_of[path])]
  masks = [path for path in images if _is_mask_of_another(path, best)]
  read = {
    text
    for path in images
    if path.suffix.lower() in HAVE_TEXT_BESIDE
    for text in texts_beside(path)
  }
  reasons = {
    'not an image that can be read': [
      printable_name(path)
      for path in paths
      if path not in raw_of and path not in read
    ],
    'the raw file of the same name is taken': [
      f'{path.name} ({raw_of[path].name})' for path in pictures
    ],
    'the mask of an image beside it': [path.name for path in masks],
  }
  return Selection(
    [path for path in images if path not in pictures and path not in masks],
    [
      f'Passed over, {reason}: {_some(names)}.'
      for reason, names in reasons.items()
      if names
    ],
  )


def _key(path: pathlib.Path, stem: str) -> tuple[pathlib.Path, str]:
  """The folder of a file, and a name that its pictures have, too."""
  return path.parent, without_ome(stem)


def _is_image(path: pathlib.Path) -> bool:
  return path.suffix.lower() in SUFFIXES and not is_of_cellpose(path)


def _is_mask_of_another(
  path: pathlib.Path, images: Mapping[tuple[pathlib.Path, str], pathlib.Path]
) -> bool:
  """Whether a program saved it beside the image that it is a mask of.

  An image may well be called x_labelled: its values tell.
  """
  return any(
    _key(path, stem_of(one)) in images for one in candidates(path.stem)[1:]
  ) and is_mask(path)


def _rank(path: pathlib.Path) -> int:
  """The lower, the nearer to what the detector gave."""
  suffix = path.suffix.lower()
  if suffix in OF_MICROSCOPES:
    return 0
  return 2 if suffix in _PICTURES else 1


def _some(names: Sequence[str]) -> str:
  more = len(names) - _MOST_NAMED
  return ', '.join(names[:_MOST_NAMED]) + (
    f' and {more} more' if more > 0 else ''
  )
