"""Every image of a session through the network, once."""

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
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.micrographs.reading import read_frames, read_micrographs
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.calibration import Scale, Scales
from defectseg_jax.sessions.folder import MASKS, Done, SessionFolder


@dataclasses.dataclass(frozen=True)
class SessionImage:
  """One image of a session, on disk.

  Attributes:
    name: of the image.
    source: the file it was read from.
    scale: of it.
    corrected: whether its mask is not what the program wrote.
    outdated: whether the corrected mask was the answer of another network, or
      to other pixels.
  """

  name: str
  source: pathlib.Path
  scale: Scale
  corrected: bool = False
  outdated: bool = False

  def files(self) -> dict[str, str]:
    """Where its arrays are, from the session's folder on."""
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

  A mask that somebody corrected is kept; of a new scale its file is told.

  Args:
    paths: of the session's files.
    run: the network.
    folder: of the session.
    scales: what the user said of them.
    console: where the progress goes.
    provenance: for session.json.
    check_interruption: called after each batch of tiles; raises if the user
      asked to stop.

  Returns:
    The images that are done, and why others could not be, by name.

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

      def on_tiles(tiles, count, number=number):
        progress.update(task, completed=number + tiles / count)
        check_interruption()

      try:
        frames = read_micrographs(path, rgb=run.settings.data.rgb)
        stated = Calibration(frames[0].pixel_size_nm)
        # Large ones are in the way of the network as float32.
        frames = [(frame.name, _smallest(frame.pixels)) for frame in frames]
        scale = scales.of(path, {str(path): stated})
      except InputError as error:
        failed[path.stem] = str(error)
        continue
      for name, pixels in frames:
        one = SessionImage(name, path, scale)
        try:
          by_hand = _corrected_mask(folder, one, pixels.shape)
        except InputError as error:
          failed[name] = str(error)
          continue
        done.append(_predict(run, folder, one, pixels, by_hand, on_tiles))
      progress.update(task, completed=number + 1)
      check_interruption()
      if not console.is_terminal:
        console.print(
          f'{number + 1}/{len(paths)} {escape(path.name)}', soft_wrap=True
        )
  return done, failed


def _corrected_mask(folder, one, shape):
  """The mask that somebody corrected, bool [H, W]; None where nobody did."""
  file = one.files()[MASKS]
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


def _predict(run, folder, one, pixels, by_hand, on_tiles):
  """Brings an image's files up to date, with no more work than that takes."""
  key, files = _key(run, pixels), one.files()
  before, size_nm = folder.noted(one.name), one.scale.pixel_size_nm
  corrected = by_hand is not None
  mask_key = before.mask_key if corrected and before else key
  one = dataclasses.replace(one, corrected=corrected, outdated=mask_key != key)
  same = before and before.key == key and folder.is_whole(before)
  rescaled = before is None or before.pixel_size_nm != size_nm
  if same and not rescaled:
    return one
  folder.claim(file for kind, file in files.items() if kind != MASKS)
  if not corrected:
    folder.claim([files[MASKS]])
  if same:
    probabilities = read_frames(folder.path / files['probabilities'])[0].values
  else:
    probabilities = run.probabilities(pixels, on_tiles=on_tiles)
  scale = {'pixel_size_nm': size_nm}
  writers = {
    files['images']: lambda to: write_tiff(to, pixels, **scale),
    files['probabilities']: lambda to: write_tiff(to, probabilities, **scale),
  }
  if not corrected:
    mask = probabilities >= run.threshold
    writers[files[MASKS]] = lambda to: write_mask(to, mask, **scale)
  elif rescaled:
    # Not by `put`: it stays the person's.
    with write_whole(folder.path / files[MASKS]) as temporary:
      write_mask(temporary, by_hand, **scale)
  folder.put(writers)
  folder.note_done(
    one.name,
    Done(one.source.stem, key, mask_key, size_nm, list(files.values())),
  )
  return one


def _key(run, pixels):
  """Of all that the network's answer follows from."""
  digest = hashlib.sha256(f'{run.identity} {pixels.shape}'.encode())
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
