"""What a person corrected of a session, in whichever form it comes back.

A correction is a mask of the session that was changed, an image of the same
name beside it, or a set of ImageJ's regions that was changed. The program
writes it into masks/ where it is not there already, so that there is one mask
that every other program finds, too. The person's file stays as it is.
"""

import dataclasses
import pathlib
from collections.abc import Collection, Iterator, Sequence

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.formats import SUFFIXES
from defectseg_jax.micrographs.imagej_regions import read_regions
from defectseg_jax.micrographs.masks import read_object_mask
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.quantification import QualityWarning
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import (
  MASKS,
  ROIS,
  file_checksum,
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
    warnings: what of the file cannot be in a mask.
  """

  file: str
  objects: ObjectMask
  noted: dict[str, str]
  warnings: tuple[QualityWarning, ...] = ()


def find_correction(
  folder: SessionFolder, name: str, shape: tuple[int, ...]
) -> Correction | None:
  """What somebody corrected of an image; None where nobody did.

  Args:
    folder: of the session.
    name: of the image.
    shape: of the micrograph.

  Raises:
    InputError: a correction cannot be read, is a link that leads out of the
      folder, is of another size, or two of them show different objects.
  """
  files = list(_files_by_hand(folder, name))
  found = [_read(folder.path, file, shape) for file in files]
  for other in found[1:]:
    if not other.objects.same_as(found[0].objects):
      raise InputError(
        f'{folder.path / found[0].file} and {folder.path / other.file}: were '
        'both changed by hand, and show different objects; move one of the two '
        'out of the folder, and give the same command again'
      )
  return found[0] if found else None


def unread_files(folder: SessionFolder, names: Collection[str]) -> list[str]:
  """Files of masks/ and rois/ that are of no image: a slip of the pen?

  Args:
    folder: of the session.
    names: of its images.
  """
  found = []
  for kind, suffixes in ((MASKS, SUFFIXES), (ROIS, ('.zip', '.roi'))):
    if not (folder.path / kind).is_dir():
      continue
    for path in sorted((folder.path / kind).iterdir()):
      file = f'{kind}/{path.name}'
      read = path.stem in names and path.suffix.lower() in suffixes
      if path.is_file() and not path.name.startswith('.') and not read:
        found += [] if folder.wrote(file) else [file]
  return found


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


def _files_by_hand(folder: SessionFolder, name: str) -> Iterator[str]:
  """The session's own mask first: nothing has to be written for it."""
  mask = f'{MASKS}/{name}.tif'
  if folder.is_corrected(mask):
    yield mask
  beside = [
    *_files_beside(folder.path / mask, sorted(SUFFIXES)),
    *_files_beside(folder.path / ROIS / f'{name}.zip', ('.roi',)),
  ]
  for path in beside:
    if folder.overwrite:
      raise InputError(
        f"{path}: --overwrite takes the network's masks, and this would be "
        'taken again by the next command; move it away'
      )
    yield str(path.relative_to(folder.path))
  if folder.is_corrected(f'{ROIS}/{name}.zip'):
    yield f'{ROIS}/{name}.zip'


def _files_beside(
  file: pathlib.Path, suffixes: Sequence[str]
) -> list[pathlib.Path]:
  """Files of the same name with another suffix."""
  others = (
    file.with_name(file.stem + kind)
    for suffix in suffixes
    for kind in (suffix, suffix.upper())
  )
  # On a disk that knows no case, x.TIF is x.tif itself.
  found = []
  for path in others:
    if path.exists() and not any(
      one.exists() and path.samefile(one) for one in (file, *found)
    ):
      found.append(path)
  return found


def _read(
  folder: pathlib.Path, file: str, shape: tuple[int, ...]
) -> Correction:
  path = path_inside(folder, file)
  noted = {file: file_checksum(path)}
  if file.startswith(f'{ROIS}/'):
    regions = read_regions(path, (shape[0], shape[1]))
    return Correction(
      file,
      regions.objects,
      noted,
      tuple(QualityWarning(*one) for one in regions.remarks(file)),
    )
  objects = read_object_mask(path)
  if objects.mask.shape != shape:
    has, needs = (
      ' x '.join(map(str, sides)) for sides in (objects.mask.shape, shape)
    )
    raise InputError(
      f'{path}: was corrected by hand and has {has} pixels, but the micrograph '
      f"has {needs}; move it, and the network's is made again"
    )
  own = file == f'{MASKS}/{path.stem}.tif'
  return Correction(file, objects, {} if own else noted)
