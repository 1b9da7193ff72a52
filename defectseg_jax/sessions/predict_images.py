"""Every image of a session goes through the network once."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.applicability.verdict import Verdict
from defectseg_jax.errors import InputError
from defectseg_jax.files import write_whole
from defectseg_jax.micrographs.calibration_table import Calibration
from defectseg_jax.micrographs.files import files_by_stem
from defectseg_jax.micrographs.masks import read_mask, read_object_mask
from defectseg_jax.micrographs.reading import read_frames, read_micrographs
from defectseg_jax.micrographs.writing import (
  write_mask,
  write_object_mask,
  write_tiff,
)
from defectseg_jax.prediction.scales import choose_zooms
from defectseg_jax.quantification import QualityWarning
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.calibration import Scale, Scales
from defectseg_jax.sessions.corrections import Correction, find_correction
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import MASKS, Done

# Called with the number of tiles that are done, and of all of the image.
OnTiles = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class SessionImage:
  """One image of a session, on disk.

  Attributes:
    name: of the image.
    source: the file it was read from.
    scale: of it.
    correction: the file that a person corrected its mask in, below the
      session's folder; None where nobody did.
    outdated: whether the corrected mask was made by another network, or from
      other pixels.
    zooms: scales that its probabilities are taken from, in pixels of the
      network for each of the image.
    warnings: what of the correction cannot be in a mask.
    signs: of whether the network applies; None where it has no references.
    verdict: whether it applies; None where nobody can tell.
    included: whether its numbers stand where the network does not apply.
  """

  name: str
  source: pathlib.Path
  scale: Scale
  correction: str | None = None
  outdated: bool = False
  zooms: tuple[float, ...] = (1.0,)
  warnings: tuple[QualityWarning, ...] = ()
  signs: Mapping[str, float] | None = None
  verdict: Verdict | None = None
  included: bool = False

  @property
  def corrected(self) -> bool:
    """Whether its mask is what a person made of the network's."""
    return self.correction is not None

  def files(self) -> dict[str, str]:
    """Paths of its arrays below the session's folder, by what they hold."""
    return {
      kind: f'{kind}/{self.name}.tif'
      for kind in ('images', MASKS, 'probabilities')
    }


def predict_images(
  paths: Sequence[pathlib.Path],
  run: Run,
  folder: SessionFolder,
  scales: Scales,
  *,
  console: Console,
  provenance: Provenance,
  check_interruption: Callable[[], None],
) -> tuple[list[SessionImage], dict[str, str]]:
  """Takes every image through the network, unless that was done before.

  What somebody corrected is kept; a new scale is written into masks.

  Args:
    paths: of the session's files.
    run: the network.
    folder: of the session.
    scales: what the user said about them.
    console: where the progress goes.
    provenance: for session.json.
    check_interruption: called after each batch of tiles; may raise Stopped.

  Returns:
    The images that are done, and by name why others could not be done.

  Raises:
    InputError: a file of somebody else is in the way.
    Stopped: the user asked to stop; what is done stays.
  """
  stems = files_by_stem(paths)
  folder.require_unchanged()
  folder.require_images(stems)
  folder.begin(provenance)
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

      images, failures = _predict_file(path, run, folder, scales, on_tiles)
      done += images
      failed |= failures
      progress.update(task, completed=number + 1)
      check_interruption()
      if not console.is_terminal:
        line = f'{number + 1}/{len(paths)} {escape(path.name)}'
        if failures:
          line += ': could not be done'
        console.print(line, soft_wrap=True)
  return done, failed


def _predict_file(
  path: pathlib.Path,
  run: Run,
  folder: SessionFolder,
  scales: Scales,
  on_tiles: OnTiles,
) -> tuple[list[SessionImage], dict[str, str]]:
  """The images of a file that are done, and why others could not be done."""
  try:
    frames = read_micrographs(path, rgb=run.settings.data.rgb)
    stated = Calibration(frames[0].pixel_size_nm)
    # Large ones take much memory beside the network as float32.
    frames = [(frame.name, _smallest(frame.pixels)) for frame in frames]
    scale = scales.scale_of(path, {str(path): stated})
  except InputError as error:
    return [], {path.stem: str(error)}
  done, failed = [], {}
  for name, pixels in frames:
    image = SessionImage(name, path, scale)
    try:
      by_hand = find_correction(folder, name, pixels.shape)
      zooms = choose_zooms(
        pixels.shape,
        run.seen,
        pixel_size_nm=scale.pixel_size_nm,
        object_diameter_nm=scales.object_diameter_nm,
      )
    except InputError as error:
      failed[name] = str(error)
      continue
    done.append(
      _update_files(
        run,
        folder,
        image,
        pixels,
        by_hand,
        zooms=zooms,
        on_tiles=on_tiles,
      )
    )
  return done, failed


def _update_files(
  run: Run,
  folder: SessionFolder,
  image: SessionImage,
  pixels: np.ndarray,
  by_hand: Correction | None,
  *,
  zooms: tuple[float, ...],
  on_tiles: OnTiles,
) -> SessionImage:
  """Brings an image's files up to date, with no more work than that takes."""
  key, files = _key(run, pixels, zooms), image.files()
  before, size_nm = folder.record_of(image.name), image.scale.pixel_size_nm
  mask_key, noted = key, {}
  if by_hand is not None:
    mask_key, noted = before.mask_key if before else key, by_hand.noted
    image = dataclasses.replace(
      image,
      correction=by_hand.file,
      outdated=mask_key != key,
      warnings=by_hand.warnings,
    )
  same = before is not None and before.key == key and folder.is_whole(before)
  if before is not None and before.signs is None and run.judge is not None:
    same = False
  rescaled = before is None or before.pixel_size_nm != size_nm
  if same and before:
    image = dataclasses.replace(
      image, zooms=tuple(before.zooms), signs=before.signs
    )
    if not rescaled and before.correction == noted:
      return image
    # Where a correction was taken away, the mask is not the network's yet.
    same = by_hand is not None or not before.correction
  folder.claim(file for kind, file in files.items() if kind != MASKS)
  if by_hand is None or by_hand.file != files[MASKS]:
    folder.claim([files[MASKS]])
  if same:
    probabilities = read_frames(folder.path / files['probabilities'])[0].values
    mask = read_mask(folder.path / files[MASKS])
  else:
    found = run.look_and_trust(pixels, zooms, on_tiles=on_tiles)
    mask, probabilities, taken = found
    signs = run.signs(pixels, found, zooms) if run.judge else None
    image = dataclasses.replace(image, zooms=taken, signs=signs)
  scale = {'pixel_size_nm': size_nm}
  writers: dict[str, Callable[[pathlib.Path], object]] = {
    files['images']: lambda to: write_tiff(to, pixels, **scale),
    files['probabilities']: lambda to: write_tiff(to, probabilities, **scale),
    **_mask_writers(files[MASKS], mask, by_hand, size_nm),
  }
  if rescaled and files[MASKS] not in writers:
    _rescale_mask(folder.path / files[MASKS], size_nm)
  folder.put(writers)
  files, stem = list(files.values()), image.source.stem
  folder.note_done(
    image.name,
    Done(stem, key, mask_key, size_nm, files, image.zooms, noted, image.signs),
  )
  return image


def _mask_writers(
  file: str,
  mask: np.ndarray,
  by_hand: Correction | None,
  pixel_size_nm: float | None,
) -> dict[str, Callable[[pathlib.Path], object]]:
  """What writes an image's mask; nothing where a person wrote that file."""
  scale = {'pixel_size_nm': pixel_size_nm}
  if by_hand is None:
    return {file: lambda to: write_mask(to, mask, **scale)}
  if by_hand.file == file:
    return {}
  return {file: lambda to: write_object_mask(to, by_hand.objects, **scale)}


def _rescale_mask(path: pathlib.Path, pixel_size_nm: float | None) -> None:
  """Writes a new scale into a person's mask; its values stay."""
  values = read_frames(path)[0].values
  # Not by `put`: it stays the person's.
  with write_whole(path) as temporary:
    if values.ndim == 2 and values.dtype in (np.uint8, np.uint16):
      write_tiff(temporary, values, pixel_size_nm=pixel_size_nm)
    else:
      write_object_mask(
        temporary, read_object_mask(path), pixel_size_nm=pixel_size_nm
      )


def _key(run: Run, pixels: np.ndarray, zooms: tuple[float, ...]) -> str:
  """A checksum of all that the network's answer follows from."""
  digest = hashlib.sha256(f'{run.identity} {pixels.shape}'.encode())
  if zooms != (1.0,):
    area_px = run.settings.quantification.minimum_area_px
    digest.update(f'{zooms} {run.seen} {area_px}'.encode())
  digest.update(np.ascontiguousarray(pixels, np.float32))
  return digest.hexdigest()


def _smallest(pixels: np.ndarray) -> np.ndarray:
  """In the smallest type that holds them, as most files have them."""
  lowest, highest = pixels.min(), pixels.max()
  for kind in (np.uint8, np.uint16):
    if lowest >= 0 and highest <= np.iinfo(kind).max:
      whole = pixels.astype(kind)
      if (whole == pixels).all():
        return whole
  return pixels
