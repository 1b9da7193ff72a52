"""--mode=quantify: masks and a scale to materials numbers with error bars."""

import functools
import pathlib
from typing import Any

import ml_collections
from rich.console import Console
from rich.markup import escape

from defectseg_jax.errors import InputError
from defectseg_jax.files import new_folder
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.reporting import tables
from defectseg_jax.runs import detection_file
from defectseg_jax.runs.network_card import network_path, read_card
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.sessions import panel
from defectseg_jax.sessions.judging import judge_masks
from defectseg_jax.sessions.label_reading import LabelReader
from defectseg_jax.sessions.masks import (
  MaskImages,
  mask_images,
  require_included,
)
from defectseg_jax.sessions.measure_masks import measure_masks
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.numbers_folder import NumbersFolder
from defectseg_jax.sessions.requests import QuantifyRequest
from defectseg_jax.sessions.samples import Samples, read_samples, samples_of
from defectseg_jax.sessions.screening import (
  create_screening,
  inspect_labelled,
)
from defectseg_jax.sessions.series import SeriesCollector, natural_order
from defectseg_jax.sessions.tables import print_tables


def quantify(
  config: ml_collections.ConfigDict,
  request: QuantifyRequest,
  console: Console,
  interruption: Interruption,
) -> bool:
  """Measures masks, and writes what a person looks at.

  Args:
    config: `defect`, `quantification`, `data.rgb` and `seed` are read.
    request: what is asked for.
    console: where the tables go.
    interruption: asked after each image whether to stop.

  Returns:
    Whether every mask could be measured; one that could not is listed.

  Raises:
    InputError: a scale or a setting is missing or wrong, a file that is named
      is not there, no mask can be measured, or the folder holds what is not
      its own. Nothing is written then.
    Stopped: a signal asked the process to stop; the folder is as it was.
  """
  if not request.masks:
    _judge_numbers(request, console)
    return True
  given = _mask_images(request)
  samples = _samples(request, given)
  run = run_settings(config)
  settings = _measurement_settings(run, request)
  folder = NumbersFolder(request.output, overwrite=request.overwrite)
  interruption.defer_exit()
  try:
    with folder.hold(), folder.new_results() as made:
      numbers, judged = _write_all(
        made,
        given,
        settings,
        run,
        request,
        samples=samples,
        console=console,
        interruption=interruption,
      )
      interruption.check()
      folder.begin(numbers.provenance)
  except Stopped:
    console.print(
      f'Stopped; nothing was written to {folder.path}. The same command begins '
      'again.',
      soft_wrap=True,
    )
    raise
  print_tables(numbers, console)
  if judged:
    console.print(tables.panel_table(judged))
  page = escape(str(folder.path / 'report.html'))
  console.print(f'Page: {page}', soft_wrap=True)
  return not numbers.failures


def _mask_images(request: QuantifyRequest) -> MaskImages:
  given = mask_images(
    request.masks,
    request.micrographs,
    pixel_size_nm=request.pixel_size_nm,
    thickness_nm=request.thickness_nm,
    calibration=request.calibration,
    surface=request.surface,
  )
  require_included(request.included, given)
  if request.series:
    ordered = sorted(given.images, key=lambda one: natural_order(one.name))
    given = given._replace(images=ordered)
  return given


def _samples(request: QuantifyRequest, given: MaskImages) -> Samples:
  """Which masks are of which sample, also of those that were refused."""
  known_as = {name: [(pathlib.Path(name), name)] for name in given.failures}
  known_as |= {image.name: image.known_as() for image in given.images}
  table = read_samples(request.samples, request.calibration)
  return samples_of(table, known_as)


def _write_all(
  made: pathlib.Path,
  given: MaskImages,
  settings: MeasurementSettings,
  run: RunSettings,
  request: QuantifyRequest,
  *,
  samples: Samples,
  console: Console,
  interruption: Interruption,
) -> tuple[SessionNumbers, list[dict[str, Any]]]:
  """The files; all numbers, and the panel's, if one is asked for."""
  reader = LabelReader(request.mask_values, rgb=run.data.rgb)
  screening = create_screening(request)
  inspect = functools.partial(
    inspect_labelled, screening=screening, reader=reader
  )
  names = [name for image in given.images for name in image.names()]
  if unused := screening.unused(names):
    said = f'--valid: no image has the name {", ".join(unused)}.'
    given = given._replace(remarks=[*given.remarks, said])
  numbers, seconds = measure_masks(
    made,
    given,
    settings,
    reader=reader,
    inspect=inspect,
    include=request.included,
    samples=samples,
    frames=SeriesCollector(settings, _names(given)) if request.series else None,
    console=console,
    check_interruption=interruption.check,
  )
  judged = []
  if truth := request.reference:
    # A panel compares the same images of all.
    for reason in numbers.failures.values():
      raise InputError(reason)
    judged = judge_masks(
      *(made, truth, given.images, numbers, seconds),
      # What a network can be trusted with says nothing of people.
      settings=MeasurementSettings(
        run.defect,
        run.quantification,
        seed=run.seed,
        surface=request.surface,
      ),
      reader=reader,
      inspect=inspect,
    )
  return numbers, judged


def _names(given: MaskImages) -> list[str]:
  """Of all images, also of those that cannot be measured."""
  return [*(image.name for image in given.images), *given.failures]


def _measurement_settings(
  settings: RunSettings, request: QuantifyRequest
) -> MeasurementSettings:
  """Those of the config; with a network's detection, if it is given."""
  given = settings.defect, settings.quantification
  how: Any = {
    'seed': settings.seed,
    'surface': request.surface,
    'properties': settings.properties,
  }
  if request.detection:
    found = detection_file.read_detection(request.detection, *given)
  elif request.network is not None:
    path = network_path(request.network)
    found = detection_file.run_detection(
      read_card(path).detection, path, *given
    )
  else:
    return MeasurementSettings(*given, **how)
  return MeasurementSettings(
    settings.defect, found.settings, found.counts, found.by_size, **how
  )


def _judge_numbers(request: QuantifyRequest, console: Console) -> None:
  """A panel of numbers alone: the machine's are in the same CSV."""
  path = pathlib.Path(request.reference or '').expanduser()
  if not request.reference or path.is_dir():
    raise InputError('--input: is missing; say which masks to measure')
  reference = panel.read_reference(path)
  reference, machine, seconds = panel.machine_of_csv(reference)
  final = pathlib.Path(request.output).expanduser()
  with new_folder(final) as made:
    judged = panel.write_panel(made, reference, machine, seconds)
  console.print(tables.panel_table(judged))
  console.print(f'Panel: {escape(str(final))}', soft_wrap=True)
