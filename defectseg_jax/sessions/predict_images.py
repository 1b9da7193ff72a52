"""Every image of a session goes through the network once."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import Calibration
from defectseg_jax.micrographs.files import files_by_stem
from defectseg_jax.micrographs.mask_values import MaskValues
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.stacks import iterate_micrographs
from defectseg_jax.prediction.view import create_view
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.corrections import Corrections
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.hand_regions import drawn_regions
from defectseg_jax.sessions.image_update import (
  Network,
  OnTiles,
  Task,
  Update,
)
from defectseg_jax.sessions.scale_doubts import with_doubts
from defectseg_jax.sessions.screening import Screening, warnings_of
from defectseg_jax.sessions.session_image import SessionImage


class Looking(NamedTuple):
  """A network, and where what it finds is to be.

  Attributes:
    run: the network.
    folder: of its session.
    noted: provenance, and what was asked, for session.json.
  """

  run: Run
  folder: SessionFolder
  noted: tuple[Provenance, Any]


def predict_images(
  paths: Sequence[pathlib.Path],
  looking: Sequence[Looking],
  scales: Scales,
  screening: Screening,
  *,
  mask_values: MaskValues,
  update: Update,
  console: Console,
  check_interruption: Callable[[], None],
) -> tuple[list[list[SessionImage]], dict[str, str]]:
  """Takes every image through the networks, unless that was done before.

  Args:
    paths: of the session's files; each is read once.
    looking: the networks.
    scales: what the user said about them.
    screening: how they are looked through.
    mask_values: what values of corrections stand for.
    update: brings an image's files up to date.
    console: where the progress goes.
    check_interruption: called after each batch of tiles; may raise Stopped.

  Returns:
    The images that are done, a list for each network; and by name why others
    could not be done, which is so for all networks then.

  Raises:
    InputError: a file of somebody else is in the way.
    Stopped: the user asked to stop; what is done stays.
  """
  networks = [_begin(paths, one, mask_values) for one in looking]
  done: list[list[SessionImage]] = [[] for _ in networks]
  failed: dict[str, str] = {}
  with Progress(
    *Progress.get_default_columns(),
    console=console,
    disable=not console.is_terminal,
    transient=True,
  ) as progress:
    task = progress.add_task('predicting', total=len(paths))
    for number, path in enumerate(paths):
      progress.update(task, description=f'predicting {escape(path.name)}')

      def on_tiles(tiles: int, count: int, number: int = number) -> None:
        progress.update(task, completed=number + tiles / count)
        check_interruption()

      images, failures = predict_file(
        *(path, networks, scales, screening), update=update, on_tiles=on_tiles
      )
      for several in images:
        for of_network, image in zip(done, several, strict=True):
          of_network.append(image)
      failed |= failures
      progress.update(task, completed=number + 1)
      check_interruption()
      tell_file(console, (number + 1, len(paths)), path, failures)
  return done, failed


def _begin(
  paths: Sequence[pathlib.Path], one: Looking, mask_values: MaskValues
) -> Network:
  """Looks at a folder, and makes it."""
  stems, folder = files_by_stem(paths), one.folder
  folder.require_unchanged()
  folder.require_images(stems)
  folder.begin(*one.noted)
  return Network(one.run, folder, Corrections(folder, stems, mask_values))


def tell_file(
  console: Console,
  place: tuple[int, int],
  path: pathlib.Path,
  failures: Mapping[str, str],
) -> None:
  """Where no bar can be seen, a line for each file.

  Args:
    console: where it goes.
    place: how many are done, and of how many.
    path: of the file.
    failures: why images of it could not be done.
  """
  if not console.is_terminal:
    done, count = place
    end = ': could not be done' if failures else ''
    console.print(f'{done}/{count} {escape(path.name)}{end}', soft_wrap=True)


def predict_file(
  path: pathlib.Path,
  networks: Sequence[Network],
  scales: Scales,
  screening: Screening,
  *,
  update: Update,
  on_tiles: OnTiles,
) -> tuple[list[list[SessionImage]], dict[str, str]]:
  """Takes the images of one file through the networks.

  Args:
    path: of the file.
    networks, scales, screening, update: as of `predict_images`.
    on_tiles: called after each batch of tiles; may raise Stopped.

  Returns:
    The images that are done, each by network; and by name why others could not
    be done.
  """
  done, failed = [], {}
  rgb = networks[0].run.settings.data.rgb
  micrographs = iterate_micrographs(path, rgb=rgb)
  while True:
    try:
      micrograph = next(micrographs, None)
    except InputError as error:
      return done, failed | {path.stem: str(error)}
    if micrograph is None:
      return done, failed
    try:
      tasks = _tasks(path, micrograph, networks, scales, screening)
    except InputError as error:
      failed[micrograph.name] = str(error)
      continue
    done.append(update(tasks, on_tiles))


def _tasks(
  path: pathlib.Path,
  micrograph: Micrograph,
  networks: Sequence[Network],
  scales: Scales,
  screening: Screening,
) -> list[Task]:
  """What each network has to do; raises InputError where one cannot."""
  name, shape = micrograph.name, micrograph.pixels.shape
  stated = Calibration(micrograph.pixel_size_nm)
  scale = scales.scale_of(path, {str(path): stated}, name)
  scale = with_doubts(scale, {str(path): micrograph.scale_doubt})
  by_person = []
  for one in networks:
    # Whether its own uncertainties can be added to those of all images.
    scale.settings(one.run.measurement_settings)
    by_hand = one.corrections.find(name, shape)
    by_person.append((by_hand, drawn_regions(one.folder, name, shape)))
  inspection = screening.inspect(micrograph)
  tasks = []
  for one, (by_hand, drawn) in zip(networks, by_person, strict=True):
    view = create_view(
      inspection.pixels,
      inspection.valid,
      one.run.seen,
      pixel_size_nm=scale.pixel_size_nm,
      object_diameter_nm=scales.object_diameter_nm,
    )
    seen = inspection.with_remarks(view.remarks)
    image = SessionImage(
      name,
      path,
      scale,
      warnings=warnings_of(seen),
      partial=seen.valid is not None,
      replaced_pixels=seen.replaced_pixels,
      drawn=drawn,
    )
    tasks.append(Task(one, image, seen, by_hand, view))
  return tasks
