"""A whole session: every image through the network, then what follows from it.

`predict` does this, and so does a review where a person wants the page anew.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import ml_collections
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs import files
from defectseg_jax.micrographs.image_names import (
  row_of,
  without_place,
)
from defectseg_jax.micrographs.sample_table import SampleTable
from defectseg_jax.micrographs.selection import select_images
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.how_made import how_made, provenance_of_use
from defectseg_jax.runs.loading import load_run
from defectseg_jax.runs.network_file import load_network
from defectseg_jax.runs.run import Run
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.sessions.asked import asked_of
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.predict_images import predict_images
from defectseg_jax.sessions.reference import Truths, true_masks
from defectseg_jax.sessions.requests import PredictRequest
from defectseg_jax.sessions.results import SessionResults, write_results
from defectseg_jax.sessions.samples import read_samples, samples_of
from defectseg_jax.sessions.screening import Screening, create_screening
from defectseg_jax.sessions.series import sort_frames
from defectseg_jax.sessions.session_image import SessionImage


@dataclasses.dataclass(frozen=True, eq=False)
class Given:
  """What a request names, found and read, before a network is.

  Attributes:
    request: the request.
    paths: of the micrographs.
    remarks: what was passed over.
    refused: by name, why files that a folder has cannot be taken.
    scales, screening, truths: what is known of them.
    samples: the table of samples; None without one.
  """

  request: PredictRequest
  paths: Sequence[pathlib.Path]
  remarks: Sequence[str]
  refused: Mapping[str, str]
  scales: Scales
  screening: Screening
  truths: Truths
  samples: SampleTable | None

  @classmethod
  def of(cls, request: PredictRequest) -> 'Given':
    """Raises InputError if a file or a flag is wrong."""
    paths, remarks, refused = select_images(request.images)
    paths = sort_frames(paths) if request.series else paths
    given = cls(
      request,
      paths,
      remarks,
      refused,
      _scales(request, paths),
      create_screening(request),
      _truths(request, paths),
      read_samples(request.samples, request.calibration),
    )
    _require_named(request.included, paths)
    return given


def predict_session(
  given: Given,
  run: Run,
  folder: SessionFolder,
  *,
  asked: Any,
  console: Console,
  check_interruption: Callable[[], None],
) -> SessionResults:
  """Predicts, measures and writes; what was done before is not done again.

  Args:
    given: what to look at.
    run: the network.
    folder: to write, which this process holds.
    asked: config and workdir, for session.json.
    console: where the progress goes.
    check_interruption: called now and then; may raise Stopped.

  Returns:
    The results.

  Raises:
    InputError: a flag or the folder is wrong. What cannot be read or has no
      scale does not end a session: it is listed with its reason.
    Stopped: the user asked to stop; what is done stays.
  """
  request, include = given.request, given.request.included
  _require_usable(given.scales.object_diameter_nm, run)
  provenance = provenance_of_use(run.provenance)
  settings = dataclasses.replace(
    run.measurement_settings, surface=request.surface
  )
  noted = asked_of(request, *asked, settings=settings, limits=run.limits)
  images, failures = predict_images(
    given.paths,
    run,
    folder,
    given.scales,
    given.screening,
    mask_values=request.mask_values,
    console=console,
    provenance=provenance,
    asked=noted.to_json(),
    check_interruption=check_interruption,
  )
  images = [_judged(image, run, include) for image in images]
  with console.status('Measuring and drawing'):
    return _write(
      *(given, run, folder, images, failures),
      settings=settings,
      provenance=provenance,
      check_interruption=check_interruption,
    )


def _write(
  given: Given,
  run: Run,
  folder: SessionFolder,
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
  *,
  settings: MeasurementSettings,
  provenance: Provenance,
  check_interruption: Callable[[], None],
) -> SessionResults:
  """Measures what the network left, and writes what a person looks at."""
  all_images = list(_all_images(given.paths, images, failures))
  failures = {**given.refused, **failures}
  return write_results(
    folder,
    images,
    failures,
    settings=settings,
    limits=run.limits,
    truths=given.truths,
    provenance=provenance,
    how_made=how_made(
      provenance,
      run.settings,
      run.progress,
      run=run.origin,
      least_peak=run.least_peak,
      orientations=run.orientations,
    ),
    notes=[
      *given.remarks,
      *_notes(run, images),
      *_not_used(images, failures, given.request.included, given.screening),
    ],
    unused_rows=given.scales.unused_rows(all_images),
    samples=samples_of(
      given.samples, {name: [(path, name)] for path, name in all_images}
    ),
    series=given.request.series,
    check_interruption=check_interruption,
  )


def read_run(
  config: ml_collections.ConfigDict,
  workdir: Workdir | None,
  request: PredictRequest,
) -> Run:
  """The network that a request, or a workdir, names.

  Raises:
    InputError: there is none, or it cannot be read.
  """
  how: dict[str, Any] = {
    'orientations': request.orientations,
    'config': config,
  }
  if request.network is not None:
    return load_network(request.network, **how)
  if workdir is None:
    raise InputError('--workdir: is missing; give it, or --network')
  return load_run(workdir.path, **how)


def _scales(request: PredictRequest, paths: Sequence[pathlib.Path]) -> Scales:
  return Scales(
    pixel_size_nm=request.pixel_size_nm,
    thickness_nm=request.thickness_nm,
    object_diameter_nm=request.object_diameter_nm,
    table=request.calibration,
    surface=request.surface,
    files=paths,
  )


def _truths(request: PredictRequest, paths: Sequence[pathlib.Path]) -> Truths:
  """True masks; none without --reference."""
  if not request.reference:
    return Truths()
  stems = files.files_by_stem(paths)
  return true_masks(request.reference, stems, request.mask_values)


def _judged(
  image: SessionImage, run: Run, include: Sequence[str]
) -> SessionImage:
  """With what --include says of it, and the network's references.

  The latter say nothing where a person corrected the mask.
  """
  named = row_of(include, image.source, image.name) is not None
  image = dataclasses.replace(image, included=named)
  if run.judge is None or image.signs is None or image.corrected:
    return image
  return dataclasses.replace(image, verdict=run.judge.judge(image.signs))


def _all_images(
  paths: Sequence[pathlib.Path],
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
) -> Iterator[tuple[pathlib.Path, str]]:
  """File and name of all images, also of those that failed."""
  yield from ((image.source, image.name) for image in images)
  by_stem = {path.stem: path for path in paths}
  for name in failures:
    yield by_stem.get(name) or by_stem[without_place(name)], name


def _require_named(
  include: Sequence[str], paths: Sequence[pathlib.Path]
) -> None:
  """Raises InputError if --include names no image of the session."""
  for name in include:
    # As x, x.tif or x[0]; which images x has is not known yet.
    if not name.startswith(tuple(path.stem for path in paths)):
      raise InputError(
        f'--include={name}: --input names no such image; give its name as the '
        'table has it'
      )


def _notes(run: Run, images: Sequence[SessionImage]) -> Iterator[str]:
  """What nobody can tell of the weights, and of images without a scale."""
  if word := run.caution:
    yield word
  sizes_nm = run.seen.pixel_size_nm
  unknown = [one.name for one in images if one.scale.pixel_size_nm is None]
  if sizes_nm is not None and unknown:
    knows = ' to '.join(f'{size:g}' for size in dict.fromkeys(sizes_nm))
    yield (
      f'The network knows pixels of {knows} nm, and saw images without a scale '
      f'as they are: {", ".join(unknown)}. Where their pixels have another '
      'size, it may miss objects: give --pixel_size_nm.'
    )


def _not_used(
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
  include: Sequence[str],
  screening: Screening,
) -> Iterator[str]:
  """What was given for images that there are not: a slip of the pen?"""
  names = [*(image.name for image in images), *failures]
  used = {row_of(include, image.source, image.name) for image in images}
  for flag, given in (
    ('--include', [one for one in include if one not in {*names, *used}]),
    ('--valid', screening.unused(names)),
  ):
    if given:
      yield f'{flag}: no image has the name {", ".join(given)}.'


def _require_usable(object_diameter_nm: float | None, run: Run) -> None:
  """Raises InputError if the network cannot use the hint."""
  if object_diameter_nm is not None and run.seen.middle_px is None:
    raise InputError(
      f'--object_diameter_nm={object_diameter_nm:g}: the network of '
      f'{run.origin} does not know objects by their diameters; leave it out'
    )
