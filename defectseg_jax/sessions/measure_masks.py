"""Masks to numbers and pictures, one after the other.

One that cannot be read or measured costs the others nothing: it is listed with
its reason.
"""

import dataclasses
import functools
import pathlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.console import Console
from rich.progress import Progress

from defectseg_jax.errors import InputError
from defectseg_jax.files import write_text
from defectseg_jax.quantification import (
  Measurement,
  MeasurementSettings,
  QualityWarning,
)
from defectseg_jax.reporting.page import ImageView
from defectseg_jax.reporting.page.content import ImageArrays
from defectseg_jax.reporting.provenance import (
  current_provenance,
  settings_text,
  versions_text,
)
from defectseg_jax.sessions.image_numbers import ImageNumbers, image_numbers
from defectseg_jax.sessions.image_results import view_of_image
from defectseg_jax.sessions.judging import where_measured
from defectseg_jax.sessions.label_reading import LabelReader
from defectseg_jax.sessions.mask_image import MaskImage
from defectseg_jax.sessions.mask_settings import (
  MaskSettings,
  settings_of_masks,
)
from defectseg_jax.sessions.masks import MaskImages
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.paper_files import write_paper_files
from defectseg_jax.sessions.pictures import (
  write_image_pictures,
  write_session_histogram,
)
from defectseg_jax.sessions.sample_files import write_samples
from defectseg_jax.sessions.samples import Samples
from defectseg_jax.sessions.screening import Seen
from defectseg_jax.sessions.series import SeriesCollector
from defectseg_jax.sessions.series_files import write_series
from defectseg_jax.sessions.session_html import session_html
from defectseg_jax.sessions.tables import objects_table, write_tables


def measure_masks(
  made: pathlib.Path,
  given: MaskImages,
  settings: MeasurementSettings,
  *,
  reader: LabelReader,
  inspect: Callable[..., Seen],
  include: Sequence[str],
  samples: Samples,
  frames: SeriesCollector | None = None,
  console: Console,
  check_interruption: Callable[[], None],
) -> tuple[SessionNumbers, dict[str, float]]:
  """Measures masks, and writes their pictures, tables and page.

  Args:
    made, given: where to write; the masks, and those that were refused.
    settings, reader: how to measure masks, and to read them.
    inspect: of an image and a shape to what is specimen.
    include, samples: what is in the mean all the same; and of which sample.
    frames: of a series, that are followed.
    console: where the progress goes.
    check_interruption: called before each image.

  Returns:
    All numbers; by image the seconds to measure, without read and draw.

  Raises:
    InputError: no mask could be measured; the reason of the first.
    Stopped: the user asked to stop.
  """
  ways = settings_of_masks([i.mask.path for i in given.images], settings)
  measure = functools.partial(_measure, reader=reader, inspect=inspect)
  failures, seconds, collected, views = dict(given.failures), {}, [], []
  with _progress(console) as progress, objects_table(made) as write_objects:
    for image in progress.track(given.images, description='measuring'):
      check_interruption()
      try:
        how = ways[image.mask.path].of_scale(image.scale)
        found, seen, seconds[image.name] = measure(image, how)
      except InputError as error:
        failures[image.name] = str(error)
        continue
      where = made, image.name, found, image.scale
      write_image_pictures(*where, pixels=seen.pixels, settings=settings)
      of = _image_numbers(image, found, seen, how.settings, include=include)
      if frames:
        frames.add(of, found, seen.pixels, image.scale)
      collected.append(write_objects(of))
      views.append(_view(found, seen, of, settings, len(given.images)))
  _require_some(collected, failures)
  numbers = SessionNumbers(
    *(settings, current_provenance(), samples.label(collected), failures),
    notes=[*given.remarks, *_notes(settings, ways.values())],
    unused_rows=given.unused_rows,
    samples=samples,
    series=frames and frames.finish(),
  )
  _write_session(made, numbers, views)
  return numbers, seconds


def _view(
  found: Measurement,
  seen: Seen,
  numbers: ImageNumbers,
  settings: MeasurementSettings,
  of_page: int,
) -> ImageView:
  mask = found.labels > 0
  arrays = ImageArrays(seen.pixels, mask, None, valid=found.valid)
  return view_of_image(found, arrays, numbers, settings, None, of_page)


def _write_session(
  made: pathlib.Path, numbers: SessionNumbers, views: Sequence[ImageView]
) -> None:
  """Writes the files of all images together: tables first, then the page."""
  write_tables(made, numbers)
  write_session_histogram(made, numbers)
  write_samples(made, numbers)
  if numbers.series:
    write_series(made, numbers.series)
  how_made = {
    **numbers.provenance.rows(),
    'measured with': settings_text(
      dataclasses.asdict(numbers.settings.quantification)
    ),
    'versions': versions_text(),
  }
  page = session_html(numbers, views, how_made)
  write_text(made / 'report.html', page)
  write_paper_files(made, numbers, how_made)


def _progress(console: Console) -> Progress:
  return Progress(
    *Progress.get_default_columns(),
    console=console,
    disable=not console.is_terminal,
    transient=True,
  )


def _require_some(
  collected: Sequence[ImageNumbers], failures: dict[str, str]
) -> None:
  """Raises InputError if there is nothing to write down."""
  if collected:
    return
  reason, *others = failures.values()
  more = f' (and {len(others)} more masks cannot be used)' if others else ''
  raise InputError(reason + more)


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
  seen: Seen,
  settings: MeasurementSettings,
  *,
  include: Sequence[str],
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
    replaced_pixels=seen.replaced_pixels,
    include=image.is_named(include) is not None,
  )
