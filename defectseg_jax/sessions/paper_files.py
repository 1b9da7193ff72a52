"""Methods, references, tables and figures of a session, in `paper/`."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

from defectseg_jax.quantification.samples.comparison import TEST
from defectseg_jax.quantification.samples.random_effects import ESTIMATOR
from defectseg_jax.reporting.paper import Record, write_paper
from defectseg_jax.sessions.numbers import SessionNumbers
from defectseg_jax.sessions.paper_figures import write_paper_figures
from defectseg_jax.sessions.series_files import series_record
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.tables import summary_of

PAPER = 'paper'


def write_paper_files(
  made: pathlib.Path,
  numbers: SessionNumbers,
  how_made: Mapping[str, str],
  images: Sequence[SessionImage] = (),
) -> None:
  """Writes what goes into the text of a paper.

  Args:
    made: where to write; it exists.
    numbers: of all images.
    how_made: label and text, as of the page.
    images: of a session, that know who corrected their masks.
  """
  write_paper(made / PAPER, record_of(numbers, how_made, images))
  write_paper_figures(made, numbers)


def record_of(
  numbers: SessionNumbers,
  how_made: Mapping[str, str],
  images: Sequence[SessionImage] = (),
) -> Record:
  """What was done; arguments as of `write_paper_files`."""
  settings, found = numbers.settings, numbers.by_sample
  return Record(
    summary=summary_of(numbers),
    how_made=how_made,
    headlines=numbers.headlines,
    has_lines=settings.kind.has_test_lines,
    corrected={one.name: edits_text(one) for one in images if one.corrected},
    samples={one.name: one.row(found.conditions) for one in found.samples}
    if found
    else {},
    estimator=ESTIMATOR if found else '',
    test=TEST if found and any(found.differences.values()) else '',
    properties=dataclasses.asdict(settings.properties),
    seed=settings.seed,
    series=series_record(numbers.series) if numbers.series else {},
  )


def edits_text(image: SessionImage) -> str:
  """How much of it a person corrected; '' where that is not known."""
  if not image.edits:
    return ''
  corrected, objects = image.edits['corrected'], image.edits['objects']
  return f'{corrected} of {objects} objects corrected by hand'
