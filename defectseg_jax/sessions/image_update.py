"""Brings the files of one image up to date, with no more work than it takes."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from defectseg_jax.micrographs.inspection import Inspection
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.prediction.view import View
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.corrections import Correction, Corrections
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.image_files import (
  image_key,
  image_writers,
  in_smallest_type,
  rescale_mask,
)
from defectseg_jax.sessions.index import MASKS, Done
from defectseg_jax.sessions.session_image import SessionImage

# Called with the number of tiles that are done, and of all of the image.
OnTiles = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True, eq=False)
class Network:
  """A network, and the folder of what it finds.

  Attributes:
    run: the network.
    folder: of its session.
    corrections: what a person corrected there.
  """

  run: Run
  folder: SessionFolder
  corrections: Corrections


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
  """What a network has to do for an image.

  Attributes:
    network: the network.
    image: with what is known of it before the network looks.
    inspection: its pixels.
    by_hand: how a person corrected its mask; None where nobody did.
    view: what the network sees.
  """

  network: Network
  image: SessionImage
  inspection: Inspection
  by_hand: Correction | None
  view: View

  @property
  def key(self) -> str:
    """A checksum of all that the network's answer follows from."""
    return image_key(
      self.network.run,
      in_smallest_type(self.inspection.pixels),
      self.inspection.valid,
      self.view.image_zooms,
    )


class Found(NamedTuple):
  """What a network found in an image.

  Attributes:
    mask: bool [H, W].
    probabilities: float32 [H, W].
    zooms: scales that they are taken from.
    signs: of whether it applies; None where it has no references.
  """

  mask: np.ndarray
  probabilities: np.ndarray
  zooms: tuple[float, ...]
  signs: Mapping[str, float] | None


# What brings an image's files up to date, of each network's task.
Update = Callable[[Sequence[Task], OnTiles], list[SessionImage]]


def update_each(tasks: Sequence[Task], on_tiles: OnTiles) -> list[SessionImage]:
  """Each network by itself."""
  return [
    update_files(one, one.key, lambda one=one: look_at(one, on_tiles))
    for one in tasks
  ]


def look_at(task: Task, on_tiles: OnTiles) -> Found:
  """Takes an image through a network."""
  run, view = task.network.run, task.view
  found = run.look_and_trust(view, on_tiles=on_tiles)
  signs = run.signs(view, found) if run.judge else None
  return Found(*run.at_image(view, found, task.inspection.valid), signs)


def is_current(task: Task, key: str) -> bool:
  """Whether the files are what the network, and a person, made of the image."""
  run, folder = task.network.run, task.network.folder
  before = folder.record_of(task.image.name)
  if before is None or before.key != key or not folder.is_whole(before):
    return False
  # What another engine computed differs by rounding alone: a person's mask is
  # not outdated by it. But the record names one engine.
  if before.engine != run.engine:
    return False
  if before.signs is None and run.judge is not None:
    return False
  # Where a correction was taken away, the mask is not the network's yet.
  return task.by_hand is not None or not before.correction


def update_files(
  task: Task, key: str, look: Callable[[], Found], *, anew: bool = False
) -> SessionImage:
  """Brings an image's files up to date, with no more work than that takes.

  Args:
    task: of the image.
    key: its own.
    look: takes the image through the network; called where that must be.
    anew: whether it must be in any case.

  Returns:
    The image, with what is known of it since.
  """
  folder, inspection = task.network.folder, task.inspection
  image, by_hand = task.image, task.by_hand
  pixels, valid = in_smallest_type(inspection.pixels), inspection.valid
  files = image.files()
  before, size_nm = folder.record_of(image.name), image.scale.pixel_size_nm
  mask_key, noted = key, {}
  if by_hand is not None:
    mask_key, noted = before.mask_key if before else key, by_hand.noted
    image = _as_corrected(image, by_hand, folder, outdated=mask_key != key)
  same = not anew and is_current(task, key)
  rescaled = before is None or before.pixel_size_nm != size_nm
  if same and before:
    zooms = tuple(before.zooms)
    image = dataclasses.replace(image, zooms=zooms, signs=before.signs)
    if not rescaled and before.correction == noted:
      return image
  _claim(folder, image, by_hand)
  if same:
    probabilities = read_frames(folder.path / files['probabilities'])[0].values
    mask = read_mask(folder.path / files[MASKS])
  else:
    mask, probabilities, taken, signs = look()
    image = dataclasses.replace(image, zooms=taken, signs=signs)
  writers = image_writers(
    files, (pixels, mask, probabilities, valid), by_hand, size_nm
  )
  for kind in image.drawn:
    writers.pop(f'{kind}/{image.name}.tif', None)
  if before:
    kept = {*files.values(), *image.region_files().values()}
    folder.drop(set(before.files) - kept)
  if rescaled and files[MASKS] not in writers:
    rescale_mask(folder.path / files[MASKS], size_nm)
  folder.put(writers)
  files, stem = list(files.values()), image.source.stem
  folder.note_done(
    image.name,
    Done(
      *(stem, key, mask_key, size_nm, files, image.zooms, noted, image.signs),
      edits=image.edits,
      engine=task.network.run.engine,
    ),
  )
  return image


def _as_corrected(
  image: SessionImage,
  by_hand: Correction,
  folder: SessionFolder,
  *,
  outdated: bool,
) -> SessionImage:
  return dataclasses.replace(
    image,
    correction=by_hand.file,
    outdated=outdated,
    warnings=(*image.warnings, *by_hand.warnings),
    edits=folder.edits_of(image.name),
  )


def _claim(
  folder: SessionFolder, image: SessionImage, by_hand: Correction | None
) -> None:
  """What a person drew is not for the program to replace."""
  files, theirs = image.files(), {MASKS, *image.drawn}
  folder.claim(file for kind, file in files.items() if kind not in theirs)
  if by_hand is None or by_hand.file != files[MASKS]:
    folder.claim([files[MASKS]])
