"""A session's masks to numbers, pictures, regions and a page.

All of it follows from the files that the network left, so that a person who
measures those masks again finds the same numbers. For each image: measure,
write its own files, and keep what tables and page need. After the last image:
write the tables, then the page.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from defectseg_jax.files import csv_text, write_text
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
from defectseg_jax.sessions.paper_files import edits_text, write_paper_files
from defectseg_jax.sessions.sample_files import write_samples
from defectseg_jax.sessions.samples import Samples
from defectseg_jax.sessions.series import SeriesCollector
from defectseg_jax.sessions.series_files import write_series
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
    names = [*(one.name for one in images), *failures]
    frames = SeriesCollector(settings, names) if series else None
    how = {'settings': settings, 'limits': limits, 'truths': truths}
    where = folder.path, made, images, check_interruption
    collected = list(_write_images(*where, {**how, 'frames': frames}))
    numbers = SessionNumbers(
      settings,
      provenance,
      samples.label([one.numbers for one in collected]),
      failures,
      notes=[*notes, *_notes(folder, images, failures, truths)],
      compared=bool(truths.masks),
      unused_rows=[unused_rows] if unused_rows else [],
      samples=samples,
      series=frames and frames.finish(),
    )
    if limits is not None:
      how_made = {**how_made, 'scales': _scales_text(images)}
    page = session_html(numbers, [one.view for one in collected], how_made)
    _write_session(made, images, numbers, page)
    write_paper_files(made, numbers, how_made, images)
  return SessionResults(numbers, _comparable(collected))


def _write_images(
  folder: pathlib.Path,
  made: pathlib.Path,
  images: Sequence[SessionImage],
  check_interruption: Callable[[], None],
  how: Mapping[str, Any],
) -> Iterator[ImageResults]:
  """Measures them one after the other; their objects stay on the disk."""
  with tables.objects_table(made) as write_objects:
    for image in images:
      check_interruption()
      where = folder, made, image
      one = write_image_results(*where, **how, of_page=len(images))
      yield dataclasses.replace(one, numbers=write_objects(one.numbers))


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
  if numbers.series:
    write_series(made, numbers.series)
  if images:
    write_text(made / 'splits.csv', _splits(images))
  write_text(made / 'report.html', page)


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
    f'{image.name} ({_edited(image)}in {image.correction})'
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


def _edited(image: SessionImage) -> str:
  said = edits_text(image)
  return f'{said}, ' if said else ''


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
