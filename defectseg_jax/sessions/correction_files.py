"""Files that somebody put beside those of a session: corrections, perhaps.

Labelling programs save beside the image that they opened, or where they are
told to; so images/ is looked through, too.
"""

import pathlib
from collections.abc import Collection

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import imagej_sets
from defectseg_jax.micrographs.labels_beside import OUTLINES
from defectseg_jax.micrographs.mask_files import (
  SUFFIXES,
  MaskFile,
  candidates,
  image_of_mask,
  is_of_cellpose,
  masks_of_file,
  stem_of,
)
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import MASKS, ROIS

_IMAGES = 'images'


class CorrectionFiles:
  """Files of masks/, rois/ and images/ that the program did not write."""

  def __init__(self, folder: SessionFolder) -> None:
    """Looks at what is there.

    Args:
      folder: of the session.
    """
    self._folder = folder.path
    self._paths = [
      path
      for kind in (MASKS, ROIS, _IMAGES)
      for path in _of_others(folder, kind)
    ]
    # A session may have a thousand images, and as many corrections.
    self._masks: dict[str, list[MaskFile]] = {}
    for mask in (one for path in self._paths for one in _masks_of(path)):
      for name in candidates(mask.name):
        for one in {name, stem_of(name)}:
          self._masks.setdefault(one, []).append(mask)

  def of(self, name: str, names: Collection[str]) -> list[MaskFile]:
    """Those that are of an image, in the order of folders and names.

    Args:
      name: of the image.
      names: of all images, or the stems of their files: x_mask.png is of an
        image x_mask, if there is one, and not of x.
    """
    found = [
      one
      for one in self._masks.get(name, ())
      if _may_be_of(one, name) and image_of_mask(one.name, names) == name
    ]
    # What Cellpose keeps for itself is in what it exports, too.
    return [one for one in found if not is_of_cellpose(one.path)] or found

  def of_none(self, names: Collection[str]) -> list[str]:
    """Files of masks/ and rois/ that are of no image: a slip of the pen?

    Args:
      names: of all images.

    Returns:
      Their paths below the session's folder.
    """
    read = {one.path for name in names for one in self._masks.get(name, ())}
    return [
      path.relative_to(self._folder).as_posix()
      for path in self._paths
      if path not in read and path.parent.name != _IMAGES
    ]


def _of_others(folder: SessionFolder, kind: str) -> list[pathlib.Path]:
  if not (folder.path / kind).is_dir():
    return []
  return [
    path
    for path in sorted((folder.path / kind).iterdir())
    if path.is_file()
    and not path.name.startswith('.')
    and not folder.wrote(f'{kind}/{path.name}')
  ]


def _masks_of(path: pathlib.Path) -> list[MaskFile]:
  known = imagej_sets.SUFFIXES if path.parent.name == ROIS else SUFFIXES
  if path.suffix.lower() not in known:
    return []
  if path.is_symlink():
    # Where it leads is looked at before it is opened.
    return [MaskFile(path)]
  try:
    return masks_of_file(path)
  except InputError:
    # It is of the image of its name, if of any, and refused with that alone.
    return [MaskFile(path)]


def _may_be_of(mask: MaskFile, name: str) -> bool:
  """Not x.png in images/, which is another picture of the image."""
  return (
    mask.path.parent.name != _IMAGES
    or mask.name != name
    or mask.path.suffix.lower() in OUTLINES
  )
