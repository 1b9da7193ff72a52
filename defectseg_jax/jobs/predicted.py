"""Every image of a session through the network, once."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.jobs import inputs
from defectseg_jax.jobs.interruption import Interruption
from defectseg_jax.jobs.outputs import written_whole
from defectseg_jax.jobs.scales import Scale, Scales
from defectseg_jax.jobs.session_folder import SessionFolder
from defectseg_jax.jobs.trained import Trained
from defectseg_jax.micrographs.calibration_table import Calibration
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.reading import read_micrographs
from defectseg_jax.micrographs.writing import write_mask, write_tiff


@dataclasses.dataclass(frozen=True)
class Predicted:
  """One image of a session, on disk.

  Attributes:
    name: of the image.
    source: the file it was read from.
    scale: of it.
  """

  name: str
  source: pathlib.Path
  scale: Scale

  def files(self) -> dict[str, str]:
    """Where its arrays are, from the session's folder on."""
    return {
      kind: f'{kind}/{self.name}.tif'
      for kind in ('images', 'masks', 'probabilities')
    }


def predicted_images(
  given: Sequence[str],
  run: Trained,
  folder: SessionFolder,
  scales: Scales,
  console: Console,
  interruption: Interruption,
) -> tuple[list[Predicted], dict[str, str]]:
  """Takes every image through the network, unless that was done before.

  Args:
    given: files, folders and patterns.
    run: the network.
    folder: of the session.
    scales: what the user said of them.
    console: where the progress goes.
    interruption: asked after each batch of tiles whether to stop.

  Returns:
    The images that are done, and why others could not be, by name.

  Raises:
    InputError: no file is named, or a file of somebody else is in the way.
    Stopped: the user asked to stop; what is done stays.
  """
  paths = inputs.image_files(given)
  folder.require_images(inputs.by_stem(paths))
  folder.begin()
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
        interruption.check()

      try:
        frames = read_micrographs(path, rgb=run.config.data.rgb)
        stated = Calibration(frames[0].pixel_size_nm)
        scale = scales.of(path, {str(path): stated})
      except InputError as error:
        failed[path.stem] = str(error)
        continue
      for frame in frames:
        one = Predicted(frame.name, path, scale)
        _predict(run, folder, one, frame, on_tiles)
        done.append(one)
      progress.update(task, completed=number + 1)
      interruption.check()
      if not console.is_terminal:
        console.print(
          f'{number + 1}/{len(paths)} {escape(path.name)}', soft_wrap=True
        )
  return done, failed


def _predict(run, folder, one, frame, on_tiles):
  digest = hashlib.sha256(f'{run.identity} {one.scale}'.encode())
  digest.update(np.ascontiguousarray(frame.pixels))
  key, files = digest.hexdigest(), one.files()
  if folder.is_done(one.name, key):
    return
  folder.claim(list(files.values()))
  probabilities = run.probabilities(frame.pixels, on_tiles=on_tiles)
  scale = {'pixel_size_nm': one.scale.pixel_size_nm}
  with written_whole(folder.path / files['images']) as temporary:
    write_tiff(temporary, _smallest(frame), **scale)
  with written_whole(folder.path / files['masks']) as temporary:
    write_mask(temporary, probabilities >= run.progress.threshold, **scale)
  with written_whole(folder.path / files['probabilities']) as temporary:
    write_tiff(temporary, probabilities, **scale)
  folder.note_done(
    one.name, stem=one.source.stem, key=key, files=list(files.values())
  )


def _smallest(frame: Micrograph) -> np.ndarray:
  """The pixels in the smallest type that holds them, as most files have it."""
  lowest, highest = frame.pixels.min(), frame.pixels.max()
  for kind in (np.uint8, np.uint16):
    if lowest >= 0 and highest <= np.iinfo(kind).max:
      whole = frame.pixels.astype(kind)
      if (whole == frame.pixels).all():
        return whole
  return frame.pixels
