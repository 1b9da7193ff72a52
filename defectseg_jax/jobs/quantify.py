"""--mode=quantify: masks and a scale to materials numbers with error bars."""

import dataclasses
import functools
import pathlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import ml_collections
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.files import new_folder
from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
)
from defectseg_jax.reporting import tables
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.runs import detection_file
from defectseg_jax.runs.network_card import network_path, read_card
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runtime.interruption import Interruption, Stopped
from defectseg_jax.sessions import panel
from defectseg_jax.sessions.image_numbers import ImageNumbers, image_numbers
from defectseg_jax.sessions.judging import judge_masks, where_measured
from defectseg_jax.sessions.label_reading import LabelReader
from defectseg_jax.sessions.mask_image import MaskImage
from defectseg_jax.sessions.mask_settings import (
  MaskSettings,
  settings_of_masks,
)
from defectseg_jax.sessions.masks import (
  MaskImages,
  mask_images,
  require_included,
)
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.pictures import (
  write_image_pictures,
  write_session_histogram,
)
from defectseg_jax.sessions.requests import QuantifyRequest
from defectseg_jax.sessions.screening import (
  Seen,
  create_screening,
  inspect_labelled,
)
from defectseg_jax.sessions.tables import print_tables, write_tables


def quantify(
  config: ml_collections.ConfigDict,
  request: QuantifyRequest,
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
  given = mask_images(
    request.masks,
    request.micrographs,
    pixel_size_nm=request.pixel_size_nm,
    thickness_nm=request.thickness_nm,
    calibration=request.calibration,
    surface=request.surface,
  )
  require_included(request.included, given.images)
  run = run_settings(config)
  settings = _measurement_settings(run, request)
  final = pathlib.Path(request.output).expanduser()
  interruption.defer_exit()
  try:
    with new_folder(final) as made:
      numbers, judged = _write_all(
        made,
        given,
        settings,
        run,
        request,
        console=console,
        interruption=interruption,
      )
      interruption.check()
  except Stopped:
    console.print(
      f'Stopped; {final} was not made. The same command begins again.',
      soft_wrap=True,
    )
    raise
  print_tables(numbers, console)
  if judged:
    console.print(tables.panel_table(judged))
  console.print(f'Numbers and pictures: {escape(str(final))}', soft_wrap=True)


def _write_all(
  made: pathlib.Path,
  given: MaskImages,
  settings: MeasurementSettings,
  run: RunSettings,
  request: QuantifyRequest,
  **more: Any,
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
  numbers, seconds = _write_numbers(
    made,
    given,
    settings,
    reader=reader,
    inspect=inspect,
    include=request.included,
    **more,
  )
  judged = []
  if truth := request.reference:
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


def _measurement_settings(
  settings: RunSettings, request: QuantifyRequest
) -> MeasurementSettings:
  """Those of the config; with a network's detection, if it is given."""
  given = settings.defect, settings.quantification
  how: Any = {'seed': settings.seed, 'surface': request.surface}
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


def _write_numbers(
  made: pathlib.Path,
  given: MaskImages,
  settings: MeasurementSettings,
  *,
  reader: LabelReader,
  inspect: Callable[..., Seen],
  include: Sequence[str],
  console: Console,
  interruption: Interruption,
) -> tuple[SessionNumbers, dict[str, float]]:
  """All numbers; by image the seconds to measure, without read and draw."""
  images, collected, seconds = given.images, [], {}
  ways = settings_of_masks([image.mask.path for image in images], settings)
  with Progress(
    *Progress.get_default_columns(),
    console=console,
    disable=not console.is_terminal,
    transient=True,
  ) as progress:
    for image in progress.track(images, description='measuring'):
      interruption.check()
      own = image.scale.settings(ways[image.mask.path].settings)
      how = dataclasses.replace(ways[image.mask.path], settings=own)
      found, seen, seconds[image.name] = _measure(
        image, how, reader=reader, inspect=inspect
      )
      shown: Any = {'pixels': seen.pixels, 'settings': settings}
      write_image_pictures(made, image.name, found, image.scale, **shown)
      replaced = seen.replaced_pixels, image.is_named(include) is not None
      collected.append(_image_numbers(image, found, own, *replaced))
  numbers = SessionNumbers(
    settings,
    current_provenance(),
    collected,
    notes=[*given.remarks, *_notes(settings, ways.values())],
    unused_rows=given.unused_rows,
  )
  write_tables(made, numbers)
  write_session_histogram(made, numbers)
  return numbers, seconds


def _notes(
  settings: MeasurementSettings, ways: Iterable[MaskSettings]
) -> Iterator[str]:
  if settings.detection and any(not how.by_hand for how in ways):
    yield (
      "Intervals of a network's masks hold counting alone here: --mode=predict "
      'adds what it misses and invents, and says whether it applies.'
    )


def _measure(
  image: MaskImage,
  how: MaskSettings,
  *,
  reader: LabelReader,
  inspect: Callable[..., Seen],
) -> tuple[Measurement, Seen, float]:
  """The numbers of a mask, its micrograph, and the seconds to measure."""
  objects = reader.objects(image)
  seen = inspect(image, objects.mask.shape)
  began = time.perf_counter()
  found = how.settings.measure(
    objects.mask,
    pixel_size_nm=image.scale.pixel_size_nm,
    thickness_nm=image.scale.thickness_nm,
    image=seen.pixels,
    ids=objects.ids,
    valid=where_measured(seen, objects),
  )
  seconds = time.perf_counter() - began
  found = dataclasses.replace(
    found,
    summary=how.summary(found.summary),
    warnings=[
      *(QualityWarning(*one) for one in objects.remarks),
      *seen.warnings,
      *found.warnings,
    ],
  )
  return found, seen, seconds


def _image_numbers(
  image: MaskImage,
  found: Measurement,
  settings: MeasurementSettings,
  replaced_pixels: int,
  include: bool,
) -> ImageNumbers:
  sources = {
    'mask': str(image.mask),
    'micrograph': image.micrograph and str(image.micrograph),
  }
  return image_numbers(
    image.name,
    found,
    image.scale,
    settings=settings,
    sources=sources,
    replaced_pixels=replaced_pixels,
    include=include,
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
