"""A whole session: every image through the network, then what follows from it.

`predict` does this, and so does a review where a person wants the page anew.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import ml_collections
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.image_names import (
  row_of,
  without_place,
)
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.runs.how_made import how_made, provenance_of_use
from defectseg_jax.runs.loading import load_run
from defectseg_jax.runs.network_file import load_network
from defectseg_jax.runs.run import Run
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.sessions.asked import asked_of
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.given import Given
from defectseg_jax.sessions.image_update import Update, update_each
from defectseg_jax.sessions.predict_images import Looking, predict_images
from defectseg_jax.sessions.requests import PredictRequest
from defectseg_jax.sessions.results import SessionResults, write_results
from defectseg_jax.sessions.samples import samples_of
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.session_notes import not_used, notes_of
from defectseg_jax.sessions.told import Told, read_told

# From the images of each network to what is told to each.
Tell = Callable[[Sequence[Sequence[SessionImage]]], Sequence[Told]]


class Part(NamedTuple):
  """One network of a session.

  Attributes:
    given: what to look at; the same for all networks but for the output.
    run: the network.
    folder: to write, which this process holds.
    asked: config and workdir, for session.json.
  """

  given: Given
  run: Run
  folder: SessionFolder
  asked: tuple[Any, Any]

  @property
  def settings(self) -> MeasurementSettings:
    """How its masks are measured."""
    return dataclasses.replace(
      self.run.measurement_settings, surface=self.given.request.surface
    )


def predict_session(
  given: Given,
  run: Run,
  folder: SessionFolder,
  *,
  asked: tuple[Any, Any],
  update: Update = update_each,
  console: Console,
  check_interruption: Callable[[], None],
) -> SessionResults:
  """Predicts, measures and writes; what was done before is not done again.

  Args:
    given, run, folder, asked: as of `Part`.
    update: brings an image's files up to date.
    console: where the progress goes.
    check_interruption: called now and then; may raise Stopped.

  Returns:
    The results.

  Raises:
    InputError: a flag or the folder is wrong. What cannot be read or has no
      scale does not end a session: it is listed with its reason.
    Stopped: the user asked to stop; what is done stays.
  """
  [(_, results)] = predict_parts(
    [Part(given, run, folder, asked)],
    update=update,
    tell=lambda _: [read_told(folder.path, run.settings.defect)],
    console=console,
    check_interruption=check_interruption,
  )
  return results


def predict_parts(
  parts: Sequence[Part],
  *,
  update: Update,
  tell: Tell,
  console: Console,
  check_interruption: Callable[[], None],
) -> list[tuple[list[SessionImage], SessionResults]]:
  """Of each network its images and results; else as `predict_session`.

  Args:
    parts: the networks.
    update: brings an image's files up to date, of all networks.
    tell: what other networks have to say, by network, once all have looked.
    console, check_interruption: as of `predict_session`.
  """
  given, looking = parts[0].given, []
  for one in parts:
    _require_usable(given.scales.object_diameter_nm, one.run)
    noted = asked_of(
      one.given.request,
      *one.asked,
      settings=one.settings,
      limits=one.run.limits,
    )
    provenance = provenance_of_use(one.run.provenance, one.run.engine)
    looking.append(Looking(one.run, one.folder, (provenance, noted.to_json())))
  images, failures = predict_images(
    given.paths,
    looking,
    given.scales,
    given.screening,
    mask_values=given.request.mask_values,
    update=update,
    console=console,
    check_interruption=check_interruption,
  )
  # What is written of thousands of images needs as much as a network does.
  for part in parts:
    part.run.release()
  include = given.request.included
  images = [
    [_judged(image, part.run, include) for image in found]
    for part, found in zip(parts, images, strict=True)
  ]
  done, told = [], tell(images)
  for part, look, found, of in zip(parts, looking, images, told, strict=True):
    found = [of.add_to(image) for image in found]
    with console.status('Measuring and drawing'):
      results = _write(
        *(part, found, failures),
        told=of.how_made,
        provenance=look.noted[0],
        check_interruption=check_interruption,
      )
    done.append((found, results))
  return done


def _write(
  part: Part,
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
  *,
  told: Mapping[str, str],
  provenance: Provenance,
  check_interruption: Callable[[], None],
) -> SessionResults:
  """Measures what the network left, and writes what a person looks at."""
  given, run = part.given, part.run
  all_images = list(_all_images(given.paths, images, failures))
  failures = {**given.refused, **failures}
  return write_results(
    part.folder,
    images,
    failures,
    settings=part.settings,
    limits=run.limits,
    truths=given.truths,
    provenance=provenance,
    how_made={
      **how_made(
        provenance,
        run.settings,
        run.progress,
        run=run.origin,
        least_peak=run.least_peak,
        orientations=run.orientations,
      ),
      **told,
    },
    notes=[
      *given.remarks,
      *notes_of(run, images),
      *not_used(images, failures, given.request.included, given.screening),
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
    'engine': request.engine,
    'config': config,
  }
  if request.network is not None:
    return load_network(request.network, **how)
  if workdir is None:
    raise InputError('--workdir: is missing; give it, or --network')
  return load_run(workdir.path, **how)


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


def _require_usable(object_diameter_nm: float | None, run: Run) -> None:
  """Raises InputError if the network cannot use the hint."""
  if object_diameter_nm is not None and run.seen.middle_px is None:
    raise InputError(
      f'--object_diameter_nm={object_diameter_nm:g}: the network of '
      f'{run.origin} does not know objects by their diameters; leave it out'
    )
