"""--reference as a folder: true masks, or the masks of several people."""

import pathlib
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.evaluation import confusion
from defectseg_jax.micrographs.files import files_by_stem, images_in
from defectseg_jax.micrographs.formats import SUFFIXES
from defectseg_jax.micrographs.image_names import without_place
from defectseg_jax.micrographs.masks import read_mask

TRUTH = 'truth'
# Numbers of an image that has a true mask, and how they are defined.
SCORES = {
  'iu': 'TP / (TP + FP + FN), of pixels of the mask against those of the '
  'reference',
  'precision': 'TP / (TP + FP), likewise',
  'recall': 'TP / (TP + FN), likewise',
}
# Those of an image without a true mask, beside others that have one.
NO_SCORES: Mapping[str, None] = dict.fromkeys(SCORES)
_FLAG = '--reference'


def person_folders(path: pathlib.Path) -> dict[str, pathlib.Path]:
  """The folder of masks of each person.

  Args:
    path: a folder with a folder for each person, one of them called truth; or
      a folder of masks, which are the truth then.

  Returns:
    A folder by person; the truth may be missing.
  """
  found = {
    folder.name: folder
    for folder in sorted(path.iterdir())
    if folder.is_dir() and not folder.name.startswith('.')
  }
  if TRUTH not in found and any(
    file.suffix.lower() in SUFFIXES for file in path.iterdir()
  ):
    return {TRUTH: path}
  return found


def person_masks(folder: pathlib.Path) -> dict[str, pathlib.Path]:
  """A person's masks, by the name of their image.

  Raises:
    InputError: the folder has no masks, or two have the same name.
  """
  return files_by_stem(images_in(folder, flag=_FLAG), flag=_FLAG)


def true_masks(given: str, stems: Collection[str]) -> dict[str, pathlib.Path]:
  """The true masks of a session, before anything is done.

  Args:
    given: --reference.
    stems: of the session's files.

  Returns:
    Masks by the name of the image that they are to be of.

  Raises:
    InputError: it is not a folder, or has no mask of the session's images.
  """
  path = pathlib.Path(given).expanduser()
  if not path.is_dir():
    raise InputError(
      f'{_FLAG}={given}: is not a folder; --mode=predict compares masks: give '
      'a folder of true masks named as the micrographs'
    )
  folders = person_folders(path)
  if TRUTH not in folders:
    raise InputError(
      f'{_FLAG}={given}: has no masks; give a folder of true masks named as '
      f'the micrographs, or put them into {path / TRUTH}'
    )
  masks = person_masks(folders[TRUTH])
  if not any(without_place(name) in stems or name in stems for name in masks):
    raise InputError(
      f'{_FLAG}={given}: none of its masks has the name of a micrograph; the '
      f'first is {next(iter(masks))}, that of --input {next(iter(stems))}'
    )
  return masks


def unused_masks(
  masks: Mapping[str, pathlib.Path], names: Iterable[str]
) -> str:
  """One line about masks that belong to no image; '' where all belong to one.

  Args:
    masks: as `true_masks` gives them.
    names: of all images, and of files that could not be read.
  """
  known = set(names)
  others = [
    n for n in masks if n not in known and without_place(n) not in known
  ]
  if not others:
    return ''
  return (
    f'{masks[others[0]].parent}: {len(others)} of its masks name no image of '
    f'--input, the first {others[0]}'
  )


def true_mask(path: pathlib.Path, shape: tuple[int, int]) -> np.ndarray:
  """The true mask of an image, bool [H, W].

  Args:
    path: of the mask.
    shape: of the image.

  Raises:
    InputError: it cannot be read as a mask, or is of another shape.
  """
  truth = read_mask(path)
  if truth.shape != shape:
    has, needs = (' x '.join(map(str, sides)) for sides in (truth.shape, shape))
    raise InputError(
      f'{path}: has {has} pixels, but the micrograph {needs}; give the mask of '
      'this micrograph'
    )
  return truth


def scores(
  mask: np.ndarray, truth: np.ndarray, *, valid: np.ndarray | None = None
) -> dict[str, float]:
  """IU, precision and recall of a mask, bool [H, W], against the truth.

  Args:
    mask: bool [H, W].
    truth: bool [H, W].
    valid: bool [H, W], True on specimen, where they are compared; None for
      everywhere.
  """
  if valid is not None:
    mask, truth = mask & valid, truth & valid
  found = confusion.ratios(confusion.confusion(mask, truth))
  return {name: found[name] for name in SCORES}
