"""A session of several defects: each micrograph once through all networks.

Below the folder each defect has a session of its own, with masks, numbers and a
page, as if its network had looked alone, but for pixels that two networks
claimed. What is of all defects together stands beside.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from defectseg_jax.files import csv_text
from defectseg_jax.micrographs.reading import read_frames
from defectseg_jax.quantification.association import association_text
from defectseg_jax.reporting.page.together import (
  Section,
  TogetherImage,
  create_image,
  create_section,
  together_page,
)
from defectseg_jax.reporting.provenance import (
  current_provenance,
  versions_text,
)
from defectseg_jax.sessions.predict_session import Part, predict_parts
from defectseg_jax.sessions.results import SessionResults
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.tables import DIGITS, summary_rows
from defectseg_jax.sessions.together.claims import (
  claim_rows,
  claim_sentences,
)
from defectseg_jax.sessions.together.folder import TogetherFolder
from defectseg_jax.sessions.together.neighbours import (
  NEAR_PX,
  RIMS,
  Neighbours,
  Pair,
  near_text,
  neighbours,
  rows_of_all,
)
from defectseg_jax.sessions.together.objects import Objects, read_objects
from defectseg_jax.sessions.together.settling import Settling, read_claims

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
  with contextlib.ExitStack() as held:
    for one in parts:
      held.enter_context(one.folder.hold())
    done = predict_parts(
      parts,
      update=Settling(folder).update,
      console=console,
      check_interruption=check_interruption,
    )
    with console.status('Looking for neighbours'):
      return _write(parts, folder, done, check_interruption)


def _write(
  parts: Sequence[Part],
  folder: TogetherFolder,
  done: Sequence[tuple[list[SessionImage], SessionResults]],
  check_interruption: Callable[[], None],
) -> Together:
  """Writes what is of all defects together."""
  results = [one for _, one in done]
  found, claims, shown = [], [], []
  for images in zip(*(images for images, _ in done), strict=True):
    check_interruption()
    one, rows, view = _of_image(parts, folder, images)
    found.append(one)
    claims += rows
    shown.append(view)
  counts = [_counts(results, one) for one in found]
  all_rows, sentences = rows_of_all(found, counts)
  of_images = [
    row for one, are in zip(found, counts, strict=True) for row in one.rows(are)
  ]
  tables = {
    'summary.csv': list(_summary_rows(results, found)),
    'association.csv': [*all_rows, *of_images],
    'cross_k.csv': [row for one in found for row in one.k_rows],
    'claims.csv': claims,
  }
  doubts = [doubt for one in found for doubt in one.doubts.values()]
  together = Together(results, doubts, sentences, claim_sentences(claims))
  with folder.new_results() as made:
    for name, rows in tables.items():
      if rows:
        (made / name).write_text(csv_text(rows, digits=DIGITS))
    page = _page(parts, together, found, shown)
    (made / 'report.html').write_text(page, encoding='utf-8')
  return together


def _of_image(
  parts: Sequence[Part],
  folder: TogetherFolder,
  images: Sequence[SessionImage],
) -> tuple[Neighbours, list[dict[str, Any]], TogetherImage]:
  """What of one image goes into tables and page."""
  objects = [read_objects(*pair) for pair in zip(parts, images, strict=True)]
  image = images[0]
  size_nm = image.scale.pixel_size_nm
  seed = parts[0].settings.seed
  found = neighbours(image.name, objects, size_nm, seed=seed)
  settled = read_claims(folder.path, image.name)
  rows = claim_rows(image.name, settled, found)
  verdicts = [
    f'{part.settings.defect}: the network {one.verdict.applies}, '
    f'{one.verdict.reason}'
    for part, one in zip(parts, images, strict=True)
    if one.verdict is not None
  ]
  facts = [
    *verdicts,
    *found.doubts.values(),
    *(
      association_text(one, pair, near_text(size_nm))
      for pair, one in found.by_pair.items()
    ),
    *claim_sentences(rows),
  ]
  view = _view(parts[0], image, objects, facts)
  return found, rows, view


def _view(
  part: Part,
  image: SessionImage,
  objects: Sequence[Objects],
  facts: Sequence[str],
) -> TogetherImage:
  path = part.folder.path / image.files()['images']
  return create_image(
    image.name,
    np.asarray(read_frames(path)[0].values),
    {one.defect: one.labels for one in objects},
    valid=objects[0].valid,
    facts=facts,
    images=len(part.folder.names),
  )


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


def _doubting(
  rows: Sequence[Mapping[str, Any]], defect: str, found: Sequence[Neighbours]
) -> list[dict[str, Any]]:
  """Rows of a defect, with a warning where its lines may be none."""
  doubted = {
    one.image for one in found for _, lines in one.doubts if lines == defect
  }
  return [
    {**row, 'warnings': '; '.join(filter(None, [row['warnings'], RIMS]))}
    if row['image'] in doubted
    else {**row}
    for row in rows
  ]


def _summary_rows(
  results: Sequence[SessionResults], found: Sequence[Neighbours]
) -> Iterator[dict[str, Any]]:
  """Those of all defects; a column that one does not have is empty there."""
  rows = []
  for one in results:
    defect = one.numbers.settings.defect
    doubting = _doubting(summary_rows(one.numbers), defect, found)
    rows += [{'defect': defect, **row} for row in doubting]
  columns = {name: None for row in rows for name in row}
  for row in rows:
    yield {**columns, **row}


def _page(
  parts: Sequence[Part],
  together: Together,
  found: Sequence[Neighbours],
  shown: Sequence[TogetherImage],
) -> str:
  failures: dict[str, str] = {}
  for one in together.results:
    failures |= one.numbers.failures
  return together_page(
    [_section(*one, found) for one in enumerate(together.results)],
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


def _section(
  place: int, results: SessionResults, found: Sequence[Neighbours]
) -> Section:
  numbers, defect = results.numbers, results.numbers.settings.defect
  return create_section(
    defect,
    place,
    _doubting(numbers.rows, defect, found),
    headlines=numbers.headlines,
    over_images=numbers.over_images,
    cautions=numbers.cautions,
  )
