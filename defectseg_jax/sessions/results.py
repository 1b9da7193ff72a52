"""A session's masks to numbers, pictures, regions and a page.

All of it follows from the files that the network left, so that a person who
measures those masks again finds the same numbers. For each image: measure,
write its own files, and keep what tables and page need. After the last image:
write the tables, then the page.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from defectseg_jax.files import csv_text
from defectseg_jax.micrographs.calibration_table import (
  LENGTHS,
  UNCERTAINTIES,
)
from defectseg_jax.prediction.sure_regions import Hysteresis
from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.reporting.provenance import Provenance
from defectseg_jax.sessions import pictures, reference, tables
from defectseg_jax.sessions.correction_files import CorrectionFiles
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.image_results import (
  ImageResults,
  write_image_results,
)
from defectseg_jax.sessions.index import MASKS, ROIS
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.sample_files import write_samples
from defectseg_jax.sessions.samples import Samples
from defectseg_jax.sessions.series import SeriesCollector
from defectseg_jax.sessions.series_files import series_remarks, write_series
from defectseg_jax.sessions.session_html import session_html
from defectseg_jax.sessions.session_image import SessionImage


@dataclasses.dataclass(frozen=True)
class SessionResults:
  """What came of a session.

  Attributes:
    numbers: of all images.
    comparable: by image, whether its mask could be compared; of the images
      that have a true mask.
  """

  numbers: SessionNumbers
  comparable: Mapping[str, bool]

  @property
  def complete(self) -> bool:
    """Whether every image was measured, and compared if it has a truth."""
    return not self.numbers.failures and all(self.comparable.values())


def write_results(
  folder: SessionFolder,
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
  *,
  settings: MeasurementSettings,
  limits: Hysteresis | None,
  truths: reference.Truths,
  provenance: Provenance,
  how_made: Mapping[str, str],
  notes: Sequence[str],
  unused_rows: str = '',
  samples: Samples,
  series: bool = False,
  check_interruption: Callable[[], None],
) -> SessionResults:
  """Measures all masks and writes what a person looks at.

  Args:
    folder: of the session, with images, masks and probabilities.
    images, failures: that went through the network; why others could not.
    settings, truths: how to measure; true masks, if there are any.
    limits: what made the masks of probabilities; None without a network.
    provenance, how_made, notes: what tables and page say besides.
    unused_rows: of the calibration table, that are of no image; '' for none.
    samples: which images are of which sample.
    series: whether they are the frames of one experiment.
    check_interruption: called before each image; may raise Stopped.

  Returns:
    The results.

  Raises:
    InputError: a file of somebody else is in the way, or a mask cannot be read.
    Stopped: the user asked to stop.
  """
  with folder.new_results() as made:
    collected, names = [], [*(one.name for one in images), *failures]
    frames = SeriesCollector(settings, names) if series else None
    with tables.objects_table(made) as write_objects:
      for image in images:
        check_interruption()
        how = {'settings': settings, 'limits': limits, 'truths': truths}
        how['frames'] = frames
        one = write_image_results(
          *(folder.path, made, image), **how, of_page=len(images)
        )
        kept = write_objects(one.numbers)
        collected.append(dataclasses.replace(one, numbers=kept))
    in_time = frames.finish() if frames and collected else None
    numbers = SessionNumbers(
      settings,
      provenance,
      samples.label([one.numbers for one in collected]),
      failures,
      notes=[
        *notes,
        *_notes(folder, images, failures, truths),
        *(series_remarks(in_time) if in_time else ()),
      ],
      compared=bool(truths.masks),
      unused_rows=[unused_rows] if unused_rows else [],
      samples=samples,
    )
    if limits is not None:
      how_made = {**how_made, 'scales': _scales_text(images)}
    views = [one.view for one in collected]
    page = session_html(numbers, views, how_made, in_time)
    _write_session(made, images, numbers, page)
    if in_time is not None:
      write_series(made, in_time)
  return SessionResults(numbers, _comparable(collected))


def _write_session(
  made: pathlib.Path,
  images: Sequence[SessionImage],
  numbers: SessionNumbers,
  page: str,
) -> None:
  """Writes the files of all images together: tables first, then the page."""
  tables.write_tables(made, numbers)
  pictures.write_session_histogram(made, numbers)
  write_samples(made, numbers)
  if images:
    (made / 'splits.csv').write_text(_splits(images))
  (made / 'report.html').write_text(page, encoding='utf-8')


def _comparable(collected: Sequence[ImageResults]) -> dict[str, bool]:
  return {
    one.numbers.name: one.comparable
    for one in collected
    if one.comparable is not None
  }


def _notes(
  folder: SessionFolder,
  images: Sequence[SessionImage],
  failures: Mapping[str, str],
  truths: reference.Truths,
) -> Iterator[str]:
  corrected = [
    f'{image.name} ({_edits_text(image)}in {image.correction})'
    for image in images
    if image.corrected
  ]
  if corrected:
    yield (
      f'Masks corrected by hand: {", ".join(corrected)}. Numbers are of the '
      'corrected masks.'
    )
  drawn = ', '.join(f'{k}/{one.name}.tif' for one in images for k in one.drawn)
  if drawn:
    yield f'Regions drawn by hand, which count in no number: {drawn}.'
  names = [*(image.name for image in images), *failures]
  unread = CorrectionFiles(folder).of_none(names)
  if unread:
    yield (
      f'Not read: {", ".join(unread)}. A correction has the name of its image, '
      f'as {MASKS}/NAME.png or {ROIS}/NAME.zip.'
    )
  by_network = [image for image in images if not image.corrected]
  if by_network and all(image.signs is None for image in by_network):
    yield (
      'Nobody knows whether the network applies to these images, and intervals '
      'hold counting alone: it has no reference micrographs. --mode=references '
      'makes some for a network of scale=general.'
    )
  unused = truths.unused(names)
  if unused:
    yield unused


def _edits_text(image: SessionImage) -> str:
  """How much of it a person corrected, where that is known."""
  if not image.edits:
    return ''
  corrected, objects = image.edits['corrected'], image.edits['objects']
  return f'{corrected} of {objects} objects corrected by hand, '


def _scales_text(images: Sequence[SessionImage]) -> str:
  """Which images met the network at which scales."""
  by_zooms: dict[tuple[float, ...], list[str]] = {}
  for image in images:
    by_zooms.setdefault(image.zooms, []).append(image.name)
  parts = []
  for zooms, names in sorted(by_zooms.items()):
    which = ', '.join(f'{zoom:.3g}' for zoom in zooms) or 'no object at any'
    who = 'all images' if len(by_zooms) == 1 else ', '.join(names)
    parts.append(f'{which}: {who}')
  return (
    f'{"; ".join(parts)} (pixels of the network for each pixel of the image, '
    'by the scales that objects were taken from)'
  )


def _splits(images: Sequence[SessionImage]) -> str:
  """splits.csv: the folder may be trained on once the masks are corrected."""
  columns = [*LENGTHS]
  columns += [
    name
    for name in UNCERTAINTIES
    if any(getattr(image.scale, name) for image in images)
  ]
  return csv_text(
    [
      {
        'file': pathlib.Path(image.files()['images']).name,
        'split': '',
        **{name: _text(getattr(image.scale, name)) for name in columns},
      }
      for image in images
    ],
    digits=None,
  )


def _text(value: float | None) -> str:
  """To the last bit; empty where it is not known, and of no uncertainty."""
  return repr(value) if value else ''
