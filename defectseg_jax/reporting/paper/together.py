"""The Methods on several defects of the same micrographs."""

import dataclasses
from collections.abc import Iterator, Sequence

from defectseg_jax.reporting.paper.phrases import count_of_images, joined


@dataclasses.dataclass(frozen=True, kw_only=True)
class TogetherRecord:
  """What was done with all defects together.

  Attributes:
    program, versions, networks: that made it.
    defects: that were looked for.
    images: how many.
    rule: whose pixels are that two networks claim.
    claims: how many there were.
    associations: what lies at what; empty where there was nothing to test.
    near: how near is at.
    draws, tries, seed: of random positions.
    has_k: whether there is a cross K.
    doubts: of lines that may be rims.
  """

  program: str
  versions: str
  networks: Sequence[str]
  defects: Sequence[str]
  images: int
  rule: str
  claims: Sequence[str]
  associations: Sequence[str]
  near: str
  draws: int
  tries: int
  seed: int
  has_k: bool
  doubts: Sequence[str]


def together_methods(record: TogetherRecord) -> list[list[str]]:
  """Paragraphs, each of one sentence at least."""
  parts = _networks, _claims, _associations, _k, _software
  found = [list(part(record)) for part in parts]
  return [sentences for sentences in found if sentences]


def _networks(record: TogetherRecord) -> Iterator[str]:
  yield (
    f'{count_of_images(record.images)} went through the networks of '
    f'{joined(record.defects)} with {record.program}: '
    f'{"; ".join(record.networks)}.'
  )
  for doubt in record.doubts:
    yield f'To be checked: {doubt}.'


def _claims(record: TogetherRecord) -> Iterator[str]:
  if record.rule:
    yield f'Pixels that two networks claimed: {record.rule}.'
    yield from (f'{one}.' for one in record.claims)


def _associations(record: TogetherRecord) -> Iterator[str]:
  if not record.associations:
    return
  yield (
    'Whether objects lie at those of another defect was tested by random '
    f'positions (a Monte Carlo test [@besag1977]): an object lies at another '
    f'within {record.near}, from edge to edge, and is taken for the circle of '
    f'its area. In each of {record.draws} random images every object was put '
    'anywhere that holds its circle whole and clear of the others of its kind, '
    'the largest first, and the other defect stayed; what found no room in '
    f'{record.tries} tries stayed where it was.'
  )
  yield (
    'Objects that an edge of the image, or of the part that shows specimen, '
    'cuts took no part, neither as seen nor at random.'
  )
  yield 'p is two-sided (mid-p [@lancaster1961]).'
  yield f'The random positions had the seed {record.seed}.'
  yield from (f'{one}.' for one in record.associations)


def _k(record: TogetherRecord) -> Iterator[str]:
  if record.has_k:
    yield (
      "Ripley's cross K of centres has the translation correction for edges "
      '[@ohser1983].'
    )


def _software(record: TogetherRecord) -> Iterator[str]:
  yield f'Versions: {record.versions}.'
