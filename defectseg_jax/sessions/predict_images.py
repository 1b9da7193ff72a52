"""Every image of a session goes through the network once."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import Calibration
from defectseg_jax.micrographs.files import files_by_stem
from defectseg_jax.micrographs.inspection import Inspection
from defectseg_jax.micrographs.mask_values import MaskValues
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import iterate_micrographs, read_frames
from defectseg_jax.prediction.view import View, create_view
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.corrections import Correction, Corrections
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.hand_regions import drawn_regions
from defectseg_jax.sessions.image_files import (
  image_key,
  image_writers,
  in_smallest_type,
  rescale_mask,
)
from defectseg_jax.sessions.index import MASKS, Done
from defectseg_jax.sessions.scale_doubts import with_doubts
from defectseg_jax.sessions.screening import Screening, warnings_of
from defectseg_jax.sessions.session_image import SessionImage

# Called with the number of tiles that are done, and of all of the image.
OnTiles = Callable[[int, int], None]


def predict_images(
  paths: Sequence[pathlib.Path],
  run: Run,
  folder: SessionFolder,
  scales: Scales,
  screening: Screening,
  *,
  mask_values: MaskValues,
  console: Console,
  provenance: Provenance,
  asked: Any,
  check_interruption: Callable[[], None],
) -> tuple[list[SessionImage], dict[str, str]]:
  """Takes every image through the network, unless that was done before.

  Args:
    paths: of the session's files.
    run: the network.
    folder: of the session.
    scales: what the user said about them.
    screening: how they are looked through.
    mask_values: what values of corrections stand for.
    console: where the progress goes.
    provenance, asked: for session.json.
    check_interruption: called after each batch of tiles; may raise Stopped.

  Returns:
    The images that are done, and by name why others could not be done.

  Raises:
    InputError: a file of somebody else is in the way.
    Stopped: the user asked to stop; what is done stays.
  """
  corrections = _begin(paths, folder, mask_values, (provenance, asked))
  done, failed = [], {}
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

      images, failures = _predict_file(
        *(path, run, folder, scales, screening),
        corrections=corrections,
        on_tiles=on_tiles,
      )
      done += images
      failed |= failures
      progress.update(task, completed=number + 1)
      check_interruption()
      _tell(console, f'{number + 1}/{len(paths)} {path.name}', failures)
  return done, failed


def _begin(
  paths: Sequence[pathlib.Path],
  folder: SessionFolder,
  mask_values: MaskValues,
  noted: tuple[Provenance, Any],
) -> Corrections:
  """Looks at the folder, and makes it."""
  stems = files_by_stem(paths)
  folder.require_unchanged()
  folder.require_images(stems)
  folder.begin(*noted)
  return Corrections(folder, stems, mask_values)


def _tell(console: Console, line: str, failures: Mapping[str, str]) -> None:
  """Where no bar can be seen, a line for each file."""
  if not console.is_terminal:
    end = ': could not be done' if failures else ''
    console.print(f'{escape(line)}{end}', soft_wrap=True)


def _predict_file(
  path: pathlib.Path,
  run: Run,
  folder: SessionFolder,
  scales: Scales,
  screening: Screening,
  *,
  corrections: Corrections,
  on_tiles: OnTiles,
) -> tuple[list[SessionImage], dict[str, str]]:
  """The images of a file that are done, and why others could not be done."""
  done, failed = [], {}
  micrographs = iterate_micrographs(path, rgb=run.settings.data.rgb)
  while True:
    try:
      micrograph = next(micrographs, None)
    except InputError as error:
      return done, failed | {path.stem: str(error)}
    if micrograph is None:
      return done, failed
    name, doubt = micrograph.name, micrograph.scale_doubt
    stated = Calibration(micrograph.pixel_size_nm)
    try:
      scale = scales.scale_of(path, {str(path): stated}, name)
      scale = with_doubts(scale, {str(path): doubt})
      # Whether its own uncertainties can be added to those of all images.
      scale.settings(run.measurement_settings)
      by_hand = corrections.find(name, micrograph.pixels.shape)
      drawn = drawn_regions(folder, name, micrograph.pixels.shape)
      inspection = screening.inspect(micrograph)
      view = create_view(
        inspection.pixels,
        inspection.valid,
        run.seen,
        pixel_size_nm=scale.pixel_size_nm,
        object_diameter_nm=scales.object_diameter_nm,
      )
      inspection = inspection.with_remarks(view.remarks)
    except InputError as error:
      failed[name] = str(error)
      continue
    image = SessionImage(
      name,
      path,
      scale,
      warnings=warnings_of(inspection),
      partial=inspection.valid is not None,
      replaced_pixels=inspection.replaced_pixels,
      drawn=drawn,
    )
    done.append(
      _update_files(
        *(run, folder, image, inspection, by_hand),
        view=view,
        on_tiles=on_tiles,
      )
    )


def _update_files(
  run: Run,
  folder: SessionFolder,
  image: SessionImage,
  inspection: Inspection,
  by_hand: Correction | None,
  *,
  view: View,
  on_tiles: OnTiles,
) -> SessionImage:
  """Brings an image's files up to date, with no more work than that takes."""
  pixels, valid = in_smallest_type(inspection.pixels), inspection.valid
  key, files = image_key(run, pixels, valid, view.image_zooms), image.files()
  before, size_nm = folder.record_of(image.name), image.scale.pixel_size_nm
  mask_key, noted = key, {}
  if by_hand is not None:
    mask_key, noted = before.mask_key if before else key, by_hand.noted
    image = _as_corrected(image, by_hand, folder, outdated=mask_key != key)
  same = before is not None and before.key == key and folder.is_whole(before)
  if before is not None and before.signs is None and run.judge is not None:
    same = False
  rescaled = before is None or before.pixel_size_nm != size_nm
  if same and before:
    zooms = tuple(before.zooms)
    image = dataclasses.replace(image, zooms=zooms, signs=before.signs)
    if not rescaled and before.correction == noted:
      return image
    # Where a correction was taken away, the mask is not the network's yet.
    same = by_hand is not None or not before.correction
  _claim(folder, image, by_hand)
  if same:
    probabilities = read_frames(folder.path / files['probabilities'])[0].values
    mask = read_mask(folder.path / files[MASKS])
  else:
    found = run.look_and_trust(view, on_tiles=on_tiles)
    signs = run.signs(view, found) if run.judge else None
    mask, probabilities, taken = run.at_image(view, found, valid)
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
