"""A session of several defects: each micrograph once through all networks.

Below the folder each defect has a session of its own, with masks, numbers and a
page, as if its network had looked alone, but for pixels that two networks
claimed. What is of all defects together stands beside.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console

from defectseg_jax.files import csv_text, json_text, write_text
from defectseg_jax.reporting.page.together import (
  Section,
  TogetherImage,
  create_section,
  together_page,
)
from defectseg_jax.reporting.paper.together import together_methods
from defectseg_jax.reporting.paper.writing import write_methods
from defectseg_jax.reporting.provenance import (
  current_provenance,
  versions_text,
)
from defectseg_jax.sessions.paper_files import PAPER
from defectseg_jax.sessions.predict_session import Part, predict_parts
from defectseg_jax.sessions.results import SessionResults
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.tables import DIGITS, summary_rows
from defectseg_jax.sessions.together.claims import (
  claim_sentences,
)
from defectseg_jax.sessions.together.folder import TogetherFolder
from defectseg_jax.sessions.together.looking import Looked, look_at_images
from defectseg_jax.sessions.together.neighbours import (
  NEAR_PX,
  Neighbours,
  Pair,
  rows_of_all,
)
from defectseg_jax.sessions.together.settling import Settling
from defectseg_jax.sessions.together.telling import together_record
from defectseg_jax.sessions.told import FILE as TOLD
from defectseg_jax.sessions.told import Told

_ABOUT = (
  f'An object lies at another if the circle of its area is within {NEAR_PX:g} '
  'pixels of it. Expected is what 999 random images have: each object anywhere '
  'in the image, as large as it is, beside the others of its kind; the other '
  'defect as it is. Objects that an edge cuts take no part. p is two-sided '
  '(mid-p), of images in the mean of both defects; association.csv has each '
  'image, cross_k.csv the cross K of Ripley. Projected: what touches in the '
  'image may lie at another depth of the foil.'
)


class Together(NamedTuple):
  """What came of a session of several defects.

  Attributes:
    results: of each defect.
    doubts: warnings of images whose lines may be none.
    associations, claims: sentences of all images.
  """

  results: Sequence[SessionResults]
  doubts: Sequence[str]
  associations: Sequence[str]
  claims: Sequence[str]


def predict_defects(
  parts: Sequence[Part],
  folder: TogetherFolder,
  *,
  console: Console,
  check_interruption: Callable[[], None],
) -> Together:
  """Predicts, measures and writes; what was done before is not done again.

  Args:
    parts: the networks, each with its folder below that of all.
    folder: of all, which this process holds.
    console: where the progress goes.
    check_interruption: called now and then; may raise Stopped.

  Raises:
    InputError, Stopped: as `predict_session`.
  """
  defects = [one.settings.defect for one in parts]
  folder.require_defects(defects)
  folder.require_unchanged()
  folder.require_images({path.stem for path in parts[0].given.paths})
  folder.begin(current_provenance(), {'defects': defects})
  looked: list[Looked] = []

  def tell(images: Sequence[Sequence[SessionImage]]) -> Sequence[Told]:
    with console.status('Looking for neighbours'):
      looked.append(look_at_images(parts, folder, images, check_interruption))
    return looked[0].told

  with contextlib.ExitStack() as held:
    for one in parts:
      held.enter_context(one.folder.hold())
    done = predict_parts(
      parts,
      update=Settling(folder).update,
      tell=tell,
      console=console,
      check_interruption=check_interruption,
    )
    return _write(parts, folder, looked[0], [results for _, results in done])


def _write(
  parts: Sequence[Part],
  folder: TogetherFolder,
  looked: Looked,
  results: Sequence[SessionResults],
) -> Together:
  """Writes what is of all defects together."""
  found, claims = looked.found, looked.claims
  counts = [_counts(results, one) for one in found]
  all_rows, sentences = rows_of_all(found, counts)
  of_images = [
    row for one, are in zip(found, counts, strict=True) for row in one.rows(are)
  ]
  tables = {
    'summary.csv': list(_summary_rows(results)),
    'association.csv': [*all_rows, *of_images],
    'cross_k.csv': [row for one in found for row in one.k_rows],
    'claims.csv': claims,
  }
  together = Together(
    results, looked.doubts, sentences, claim_sentences(claims)
  )
  tested = any(not math.isnan(row['p_value']) for row in all_rows)
  record = together_record(
    *(parts, found, claims, sentences if tested else ()), together.doubts
  )
  told = {
    part.settings.defect: one.to_json()
    for part, one in zip(parts, looked.told, strict=True)
  }
  with folder.new_results() as made:
    for name, rows in tables.items():
      if rows:
        write_text(made / name, csv_text(rows, digits=DIGITS))
    write_text(made / TOLD, json_text(told))
    page = _page(parts, together, looked.shown)
    write_text(made / 'report.html', page)
    write_methods(made / PAPER, together_methods(record))
  return together


def _counts(
  results: Sequence[SessionResults], found: Neighbours
) -> Mapping[Pair, bool]:
  """By pair, whether an image is in the means of both defects."""
  in_mean = {
    one.numbers.settings.defect: {
      each.name for each in one.numbers.images if each.in_mean
    }
    for one in results
  }
  return {
    pair: all(found.image in in_mean[one] for one in pair)
    for pair in found.by_pair
  }


def _summary_rows(
  results: Sequence[SessionResults],
) -> Iterator[dict[str, Any]]:
  """Those of all defects; a column that one does not have is empty there."""
  rows = []
  for one in results:
    defect = one.numbers.settings.defect
    rows += [{'defect': defect, **row} for row in summary_rows(one.numbers)]
  columns = {name: None for row in rows for name in row}
  for row in rows:
    yield {**columns, **row}


def _page(
  parts: Sequence[Part],
  together: Together,
  shown: Sequence[TogetherImage],
) -> str:
  failures: dict[str, str] = {}
  for one in together.results:
    failures |= one.numbers.failures
  return together_page(
    [_section(*one) for one in enumerate(together.results)],
    shown,
    doubts=together.doubts,
    associations=together.associations,
    about_associations=_ABOUT,
    claims=together.claims,
    failures=failures,
    how_made={
      **current_provenance().rows(),
      'networks': ', '.join(str(one.run.origin) for one in parts),
      'engine': ', '.join(dict.fromkeys(one.run.engine for one in parts)),
      'versions': versions_text(),
    },
  )


def _section(place: int, results: SessionResults) -> Section:
  numbers, defect = results.numbers, results.numbers.settings.defect
  return create_section(
    defect,
    place,
    numbers.rows,
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    cautions=numbers.cautions,
  )
