"""Every image of a session goes through the network once."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.files import write_whole
from defectseg_jax.micrographs.calibration_table import Calibration
from defectseg_jax.micrographs.files import files_by_stem
from defectseg_jax.micrographs.formats import SUFFIXES
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import read_frames, read_micrographs
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.prediction.scales import choose_zooms
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.calibration import Scale, Scales
from defectseg_jax.sessions.folder import MASKS, Done, SessionFolder

# Called with the number of tiles that are done, and of all of the image.
OnTiles = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class SessionImage:
  """One image of a session, on disk.

  Attributes:
    name: of the image.
    source: the file it was read from.
    scale: of it.
    corrected: whether its mask is not what the program wrote.
    outdated: whether the corrected mask was made by another network, or from
      other pixels.
    zooms: scales that its probabilities are taken from, in pixels of the
      network for each of the image.
  """

  name: str
  source: pathlib.Path
  scale: Scale
  corrected: bool = False
  outdated: bool = False
  zooms: tuple[float, ...] = (1.0,)

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

  A mask that somebody corrected is kept; a new scale is written into its file.

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
      by_hand = _corrected_mask(folder, image, pixels.shape)
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


def _corrected_mask(
  folder: SessionFolder, image: SessionImage, shape: tuple[int, ...]
) -> np.ndarray | None:
  """The mask that somebody corrected, bool [H, W]; None where nobody did."""
  file = image.files()[MASKS]
  for beside in _files_beside(folder.path / file):
    raise InputError(
      f'{beside}: lies beside {file}, and nobody can tell which of the two is '
      f'the mask; save the correction as {image.name}.tif in its place, or '
      'move the other away'
    )
  if not folder.is_corrected(file):
    return None
  mask = read_mask(folder.path / file)
  if mask.shape != shape:
    has, needs = (' x '.join(map(str, sides)) for sides in (mask.shape, shape))
    raise InputError(
      f'{folder.path / file}: was corrected by hand and has {has} pixels, but '
      f"the micrograph has {needs}; move it, and the network's is made again"
    )
  return mask


def _files_beside(mask: pathlib.Path) -> list[pathlib.Path]:
  """Images of the same name in another format, as an editor may leave them."""
  others = (
    mask.with_name(mask.stem + kind)
    for suffix in sorted(SUFFIXES)
    for kind in (suffix, suffix.upper())
  )
  # On a disk that knows no case, x.TIF is x.tif itself.
  return [
    path
    for path in others
    if path.exists() and not (mask.exists() and path.samefile(mask))
  ]


def _update_files(
  run: Run,
  folder: SessionFolder,
  image: SessionImage,
  pixels: np.ndarray,
  by_hand: np.ndarray | None,
  *,
  zooms: tuple[float, ...],
  on_tiles: OnTiles,
) -> SessionImage:
  """Brings an image's files up to date, with no more work than that takes."""
  key, files = _key(run, pixels, zooms), image.files()
  before, size_nm = folder.record_of(image.name), image.scale.pixel_size_nm
  corrected = by_hand is not None
  mask_key = before.mask_key if corrected and before else key
  image = dataclasses.replace(
    image, corrected=corrected, outdated=mask_key != key
  )
  same = before is not None and before.key == key and folder.is_whole(before)
  rescaled = before is None or before.pixel_size_nm != size_nm
  if same and before:
    image = dataclasses.replace(image, zooms=tuple(before.zooms))
  if same and not rescaled:
    return image
  folder.claim(file for kind, file in files.items() if kind != MASKS)
  if not corrected:
    folder.claim([files[MASKS]])
  if same:
    probabilities = read_frames(folder.path / files['probabilities'])[0].values
    mask = read_mask(folder.path / files[MASKS])
  else:
    mask, probabilities, taken = run.look(pixels, zooms, on_tiles=on_tiles)
    image = dataclasses.replace(image, zooms=taken)
    mask = run.measurement_settings.at_zooms(taken).trusted(mask)
  scale = {'pixel_size_nm': size_nm}
  writers: dict[str, Callable[[pathlib.Path], object]] = {
    files['images']: lambda to: write_tiff(to, pixels, **scale),
    files['probabilities']: lambda to: write_tiff(to, probabilities, **scale),
  }
  if by_hand is None:
    writers[files[MASKS]] = lambda to: write_mask(to, mask, **scale)
  elif rescaled:
    # Not by `put`: it stays the person's.
    with write_whole(folder.path / files[MASKS]) as temporary:
      write_mask(temporary, by_hand, **scale)
  folder.put(writers)
  folder.note_done(
    image.name,
    Done(
      image.source.stem,
      key,
      mask_key,
      size_nm,
      list(files.values()),
      image.zooms,
    ),
  )
  return image


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
