"""--mode=predict: a microscope's files to masks, numbers and a page."""

import dataclasses
import pathlib
from collections.abc import Sequence

import ml_collections
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import files
from defectseg_jax.quantification import QuantificationSettings
from defectseg_jax.reporting.provenance import how_made
from defectseg_jax.runs import detection_file
from defectseg_jax.runs.run import load_run
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.numbers import MeasurementSettings
from defectseg_jax.sessions.predict_images import predict_images
from defectseg_jax.sessions.reference import true_masks
from defectseg_jax.sessions.results import write_results
from defectseg_jax.sessions.tables import print_tables


@dataclasses.dataclass(frozen=True)
class Request:
  """What the flags ask for; None, or nothing, where they say nothing.

  Attributes:
    output: the folder of the session.
    images: --input, files, folders and patterns.
    pixel_size_nm, thickness_nm: of all images of which no table says more.
    calibration: a CSV of file,pixel_size_nm,thickness_nm.
    reference: a folder of true masks, as `true_masks` takes it.
    orientations: 1, or 8 for the average over rotations and flips.
    overwrite: whether files of others in the folder may be replaced.
  """

  output: str
  images: Sequence[str] = ()
  pixel_size_nm: float | None = None
  thickness_nm: float | None = None
  calibration: str | None = None
  reference: str | None = None
  orientations: int = 1
  overwrite: bool = False


def predict(
  config: ml_collections.ConfigDict,
  workdir: Workdir,
  request: Request,
  console: Console,
  interruption: Interruption,
) -> bool:
  """Predicts, measures and reports a session.

  What was done before in the same folder, of the same images by the same
  network, is not done again.

  Args:
    config: of the run; its `quantification` says how to measure.
    workdir: of the run.
    request: what is asked for.
    console: where the tables go.
    interruption: asked now and then whether to stop.

  Returns:
    Whether every image could be done, and compared where it has a truth.

  Raises:
    InputError: the run, a flag or the folder is wrong. What cannot be read or
      has no scale does not end a session: it is listed with its reason.
    Stopped: a signal asked the process to stop; what is done is kept.
  """
  _require_sensible(request)
  workdir.require_config(config)
  if not workdir.dev_detection.exists():
    raise InputError(
      f'{workdir.dev_detection}: is missing; train the run to its end, or '
      f'score it by --mode=evaluate --workdir={workdir.path}'
    )
  counts, settings = detection_file.read_detection(
    workdir.dev_detection, config
  )
  config = config.copy_and_resolve_references()
  config.quantification = settings
  scales = Scales(
    pixel_size_nm=request.pixel_size_nm,
    thickness_nm=request.thickness_nm,
    table=request.calibration
    and pathlib.Path(request.calibration).expanduser(),
  )
  paths = files.image_files(request.images)
  truths = {}
  if request.reference:
    truths = true_masks(request.reference, files.files_by_stem(paths))
  folder = SessionFolder(request.output, overwrite=request.overwrite)
  with console.status('Reading the network'):
    run = load_run(config, workdir, orientations=request.orientations)
  interruption.defer_exit()
  try:
    images, failures = predict_images(
      paths,
      run,
      folder,
      scales,
      console=console,
      check_interruption=interruption.check,
    )
    with console.status('Measuring and drawing'):
      results = write_results(
        folder,
        images,
        failures,
        settings=MeasurementSettings(
          config.defect,
          QuantificationSettings(**settings),
          counts,
          seed=config.seed,
        ),
        threshold=run.progress.threshold,
        truths=truths,
        how_made=how_made(
          config, workdir, run.progress, orientations=request.orientations
        ),
        check_interruption=interruption.check,
      )
  except Stopped:
    console.print(
      f'Stopped. The same command goes on from here: '
      f'{escape(str(folder.path))}',
      soft_wrap=True,
    )
    raise
  print_tables(results.numbers, console)
  console.print(
    f'Page: {escape(str(folder.path / "report.html"))}', soft_wrap=True
  )
  return results.complete


def _require_sensible(request: Request) -> None:
  if not request.images:
    raise InputError('--input: is missing; say which micrographs to look at')
  if request.orientations not in (1, 8):
    raise InputError(f'--orientations={request.orientations}: choose 1 or 8')
  if request.thickness_nm is None and request.calibration is None:
    raise InputError(
      '--thickness_nm: is missing; give it, or --calibration with a CSV of '
      'file,thickness_nm'
    )
