"""What a person corrected of a session, in whichever form it comes back.

A correction is a mask of the session that was changed, a mask or outlines of
the same image beside it, or a set of ImageJ's regions that was changed. The
program writes it into masks/ where it is not there already, so that there is
one mask that every other program finds, too. The person's file stays as it is.
"""

import dataclasses
import pathlib
from collections.abc import Collection, Iterator, Sequence

from defectseg_jax.disk import file_checksum
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_files import MaskFile
from defectseg_jax.micrographs.mask_values import AS_STORED, MaskValues
from defectseg_jax.micrographs.masks import read_whole_mask
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.quantification import QualityWarning
from defectseg_jax.sessions.correction_files import CorrectionFiles
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import (
  MASKS,
  ROIS,
  noted_corrections,
  path_inside,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Correction:
  """The objects of an image, as a person corrected them.

  Attributes:
    file: that they were read from, below the session's folder.
    objects: the mask, and ids of objects that touch.
    noted: the file and its checksum, for session.json; empty where the file
      is the session's own mask, which needs no copy.
    warnings: what a reader of its numbers must know.
  """

  file: str
  objects: ObjectMask
  noted: dict[str, str]
  warnings: tuple[QualityWarning, ...] = ()


class Corrections:
  """What somebody corrected of a session's images."""

  def __init__(
    self, folder: SessionFolder, stems: Collection[str], how: MaskValues
  ) -> None:
    """Looks for files; opens JSON alone, which may be of many images.

    Args:
      folder: of the session.
      stems: of the files of its images.
      how: what values and labels stand for in files that the program did not
        write.
    """
    self._folder = folder
    self._files = CorrectionFiles(folder)
    self._stems = frozenset(stems)
    self._how = how

  def find(self, name: str, shape: tuple[int, ...]) -> Correction | None:
    """What somebody corrected of an image; None where nobody did.

    Args:
      name: of the image.
      shape: of the micrograph.

    Raises:
      InputError: a correction cannot be read, is a link that leads out of the
        folder, is of another size or of a part of the image, or two of them
        show different objects.
    """
    folder = self._folder
    by_hand = list(self._files_by_hand(name))
    taken = self._taken_over(name)
    if taken and folder.is_corrected(f'{MASKS}/{name}.tif'):
      # The mask holds it, and was changed since.
      by_hand = [
        one for one in by_hand if self._path_below(one[0]) not in taken
      ]
    found = [
      _read(folder.path, name, file, shape, how) for file, how in by_hand
    ]
    if found and found[0].file == f'{MASKS}/{name}.tif':
      found[0] = dataclasses.replace(found[0], noted=taken)
    for other in found[1:]:
      if not other.objects.same_as(found[0].objects):
        raise InputError(
          f'{folder.path / found[0].file} and {folder.path / other.file}: were '
          'both changed by hand, and show different objects; move one of the '
          'two out of the folder, and give the same command again'
        )
    return found[0] if found else None

  def _taken_over(self, name: str) -> dict[str, str]:
    """Corrections that are in the mask since an earlier command, as they are.

    With their checksums; without those that were changed or moved away since.
    """
    before = self._folder.record_of(name)
    if before is None:
      return {}
    return {
      file: checksum
      for file, checksum in before.correction.items()
      if (path := path_inside(self._folder.path, file)).is_file()
      and file_checksum(path) == checksum
    }

  def _path_below(self, mask: MaskFile) -> str:
    return mask.path.relative_to(self._folder.path).as_posix()

  def _files_by_hand(self, name: str) -> Iterator[tuple[MaskFile, MaskValues]]:
    """The session's own mask first: nothing has to be written for it."""
    folder = self._folder
    mask, regions = f'{MASKS}/{name}.tif', f'{ROIS}/{name}.zip'
    if folder.is_corrected(mask):
      yield MaskFile(folder.path / mask), AS_STORED
    # What somebody put where the program writes is replaced, or refused then.
    places = [mask, *([regions] if folder.overwrite else [])]
    places = [folder.path / place for place in places]
    for one in self._files.of(name, self._stems | {name}):
      if one.path in places:
        continue
      if folder.overwrite:
        raise InputError(
          f"{one}: --overwrite takes the network's masks, and this would be "
          'taken again by the next command; move it away'
        )
      yield one, self._how
    if folder.wrote(regions) and folder.is_corrected(regions):
      yield MaskFile(folder.path / regions), AS_STORED


def without_taken(masks: Sequence[pathlib.Path]) -> list[pathlib.Path]:
  """Masks to be measured, without corrections that a session has taken over.

  What a person saved beside a mask of a session is in that mask since then.

  Args:
    masks: files.

  Raises:
    InputError: such a correction was changed since.
  """
  kept, noted = [], {}
  for path in masks:
    session = path.parent.parent
    if path.parent.name == MASKS and session not in noted:
      noted[session] = noted_corrections(session)
    checksum = noted.get(session, {}).get(f'{MASKS}/{path.name}')
    if path.parent.name != MASKS or checksum is None:
      kept.append(path)
    elif file_checksum(path) != checksum:
      raise InputError(
        f'{path}: was changed since it was read into the mask beside it; '
        'give the command of --mode=predict again first'
      )
  return kept


def _read(
  folder: pathlib.Path,
  name: str,
  mask: MaskFile,
  shape: tuple[int, ...],
  how: MaskValues,
) -> Correction:
  file = mask.path.relative_to(folder).as_posix()
  path_inside(folder, file)
  own = file == f'{MASKS}/{name}.tif'
  noted = {} if own else {file: file_checksum(mask.path)}
  try:
    objects = read_whole_mask(mask, shape=shape, how=how)
  except InputError as error:
    # The program reads its own masks as they stand, also without the flag.
    if not own or '--mask_class' not in str(error):
      raise
    raise InputError(
      f'{error}; save it as {MASKS}/{name}.png then, beside this file'
    ) from error
  if objects.mask.shape != shape:
    has, needs = (
      ' x '.join(map(str, sides)) for sides in (objects.mask.shape, shape)
    )
    raise InputError(
      f'{mask}: was corrected by hand and has {has} pixels, but the micrograph '
      f"has {needs}; move it, and the network's is made again"
    )
  warnings = tuple(QualityWarning(*one) for one in objects.remarks)
  return Correction(file, objects, noted, warnings)
