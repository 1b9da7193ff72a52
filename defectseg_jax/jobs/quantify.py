"""--mode=quantify: masks and a scale to materials numbers with error bars."""

import dataclasses
import pathlib
import time
from collections.abc import Sequence

import ml_collections
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.files import new_folder
from defectseg_jax.micrographs.masks import read_mask
from defectseg_jax.quantification.kinds import kind_of
from defectseg_jax.quantification.measure_mask import measure
from defectseg_jax.quantification.settings import QuantificationSettings
from defectseg_jax.reporting import tables
from defectseg_jax.reporting.terminal import print_numbers
from defectseg_jax.runs import detection_file
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.sessions import panel
from defectseg_jax.sessions.masks import mask_images, micrograph_pixels
from defectseg_jax.sessions.tables import Numbers


@dataclasses.dataclass(frozen=True)
class Request:
  """What the flags ask for; None, or nothing, where they say nothing.

  Attributes:
    output: the folder to make.
    masks: --input, files, folders and patterns.
    micrographs: likewise, of the same names as the masks.
    pixel_size_nm, thickness_nm: of all images of which no table says more.
    calibration: a CSV of file,pixel_size_nm,thickness_nm.
    reference: what `panels.read_reference` reads.
    detection: what `detections.read_detection` reads.
  """

  output: str
  masks: Sequence[str] = ()
  micrographs: Sequence[str] = ()
  pixel_size_nm: float | None = None
  thickness_nm: float | None = None
  calibration: str | None = None
  reference: str | None = None
  detection: str | None = None


def quantify(
  config: ml_collections.ConfigDict,
  request: Request,
  console: Console,
  interruption: Interruption,
) -> None:
  """Measures masks, and writes what a person looks at.

  Args:
    config: `defect`, `quantification`, `data.rgb` and `seed` are read.
    request: what is asked for.
    console: where the tables go.
    interruption: asked after each image whether to stop.

  Raises:
    InputError: a file, a scale or a setting is missing or wrong. Nothing is
      written then.
    Stopped: a signal asked the process to stop; the folder was not made.
  """
  if not request.masks:
    _judge_numbers(request, console)
    return
  images = mask_images(
    request.masks,
    request.micrographs,
    pixel_size_nm=request.pixel_size_nm,
    thickness_nm=request.thickness_nm,
    calibration=request.calibration,
    console=console,
  )
  counts = None
  if request.detection:
    counts, settings = detection_file.read_detection(request.detection, config)
    config = config.copy_and_resolve_references()
    config.quantification = settings
  final = pathlib.Path(request.output).expanduser()
  interruption.defer_exit()
  try:
    with (
      new_folder(final) as made,
      Progress(
        *Progress.get_default_columns(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
      ) as progress,
    ):
      numbers, seconds = Numbers(made, config), {}
      for image in progress.track(images, description='measuring'):
        interruption.check()
        seconds[image.name] = _add(numbers, image, config, counts)
      numbers.write_tables()
      judged = []
      if request.reference:
        judged = _judge_masks(
          made, request.reference, config, images, numbers.rows, seconds
        )
      interruption.check()
  except Stopped:
    console.print(
      f'Stopped; {final} was not made. The same command begins again.',
      soft_wrap=True,
    )
    raise
  print_numbers(config.defect, numbers, console)
  if judged:
    console.print(tables.panel_table(judged))
  console.print(f'Numbers and pictures: {escape(str(final))}', soft_wrap=True)


def _add(numbers, image, config, detection):
  """Measures an image; the seconds that took, without reading and drawing."""
  mask = read_mask(image.mask)
  pixels = micrograph_pixels(image, mask.shape, rgb=config.data.rgb)
  began = time.perf_counter()
  found = _measured(mask, image.scale, config, pixels, detection)
  seconds = time.perf_counter() - began
  numbers.add(
    image.name,
    found,
    image.scale,
    pixels=pixels,
    sources={
      'mask': str(image.mask),
      'micrograph': image.micrograph and str(image.micrograph),
    },
  )
  return seconds


def _measured(mask, scale, config, pixels=None, detection=None):
  return measure(
    mask,
    config.defect,
    image=pixels,
    pixel_size_nm=scale.pixel_size_nm,
    thickness_nm=scale.thickness_nm,
    settings=QuantificationSettings(**config.quantification),
    detection=detection,
    seed=config.seed,
  )


def _judge_masks(made, path, config, images, rows, seconds):
  """The panel's files, of masks by --input; rows of panel.csv."""
  scales = {image.name: image.scale for image in images}

  def measure(name, mask):
    if name not in scales:
      raise InputError(
        f'--reference: has a mask {name}, which --input has not; it has '
        f'{", ".join(scales)}'
      )
    found = _measured(mask, scales[name], config)
    return {key: found.summary[key] for key in kind_of(config.defect).headlines}

  reference = panel.read_reference(pathlib.Path(path).expanduser(), measure)
  machine = panel.machine_of_summaries(
    reference, {row['image']: row for row in rows}
  )
  return panel.write_panel(made, reference, machine, seconds)


def _judge_numbers(request, console):
  """A panel of numbers alone: the machine's are in the same CSV."""
  path = pathlib.Path(request.reference or '').expanduser()
  if not request.reference or path.is_dir():
    raise InputError('--input: is missing; say which masks to measure')
  reference = panel.read_reference(path, lambda name, mask: {})
  reference, machine, seconds = panel.machine_of_csv(reference)
  final = pathlib.Path(request.output).expanduser()
  with new_folder(final) as made:
    judged = panel.write_panel(made, reference, machine, seconds)
  console.print(tables.panel_table(judged))
  console.print(f'Panel: {escape(str(final))}', soft_wrap=True)
