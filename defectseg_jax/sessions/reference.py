"""--reference as a folder: true masks, or the masks of several people."""

import dataclasses
import pathlib
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.evaluation import confusion
from defectseg_jax.micrographs.image_names import place_of, without_place
from defectseg_jax.micrographs.mask_files import (
  SUFFIXES,
  MaskFile,
  candidates,
  image_of_mask,
  mask_of_image,
  masks_in,
)
from defectseg_jax.micrographs.mask_values import AS_STORED, MaskValues
from defectseg_jax.micrographs.masks import LastMasks, mask_at
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.sessions.label_reading import require_same_size

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


def person_masks(folder: pathlib.Path) -> dict[str, MaskFile]:
  """A person's masks, by name.

  Raises:
    InputError: the folder has no masks, or two have the same name.
  """
  return masks_in(folder, flag=_FLAG)


@dataclasses.dataclass(frozen=True)
class Truths:
  """The true masks of a session.

  Attributes:
    masks: by name; empty for no comparison.
    how: what their values stand for.
  """

  masks: Mapping[str, MaskFile] = dataclasses.field(default_factory=dict)
  how: MaskValues = AS_STORED
  _last: LastMasks = dataclasses.field(default_factory=LastMasks, repr=False)

  def of(self, name: str, shape: tuple[int, ...]) -> ObjectMask | None:
    """The true mask of an image; None if there is none.

    Args:
      name: of the image.
      shape: of the image.

    Raises:
      InputError: it cannot be read as a mask, or is of another shape.
    """
    found = mask_of_image(self.masks, name)
    if found is None:
      return None
    file, place = found
    # How many images the stack has is not known here; this is one of them.
    images = 1 if place is None else max(place + 1, 2)
    masks = self._last.read(file, shape=shape, images=images, how=self.how)
    truth = mask_at(masks, place, file)
    require_same_size(file, truth.mask.shape, shape)
    return truth

  def unused(self, names: Iterable[str]) -> str:
    """One line about masks of no image; '' where all belong to one.

    Args:
      names: of all images, and of files that could not be read.
    """
    known = {one for name in names for one in (name, without_place(name))}
    others = [name for name in self.masks if not _is_known(name, known)]
    if not others:
      return ''
    return (
      f'{self.masks[others[0]].path.parent}: {len(others)} of its masks name '
      f'no image of --input, the first {others[0]}'
    )


def true_masks(given: str, stems: Collection[str], how: MaskValues) -> Truths:
  """The true masks of a session, before anything is done.

  Args:
    given: --reference.
    stems: of the session's files.
    how: what the values of masks stand for.

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
  if not any(_is_known(name, stems) for name in masks):
    raise InputError(
      f'{_FLAG}={given}: none of its masks has the name of a micrograph; the '
      f'first is {next(iter(masks))}, that of --input {next(iter(stems))}'
    )
  return Truths(masks, how)


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


def _is_known(name: str, names: Collection[str]) -> bool:
  """Whether a mask is of an image, or of one in a file of several."""
  image = image_of_mask(name, names)
  if image is None:
    # Of what labelling programs add, the place comes first: z[1]_mask.
    bare = next((n for n in candidates(name) if place_of(n) is not None), name)
    image = image_of_mask(without_place(bare), names)
  return image is not None
