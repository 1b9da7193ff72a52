"""Pixels that two networks claimed: whose they are, in tables and sentences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from defectseg_jax.sessions.together.neighbours import Neighbours

RULE = (
  'each connected region that two networks of particles claimed went to the '
  'one that is surer, by the mean of (p - t) / (1 - t), p its probability and '
  't its threshold, and to one that applies to the image before one that does '
  'not; an object that lost more than half of its pixels was dropped'
)
_NUMBERS = 'pixels', 'regions', 'cut', 'dropped'


def claim_rows(
  image: str, settled: Iterable[Mapping[str, Any]], found: Neighbours
) -> list[dict[str, Any]]:
  """The rows of claims.csv of one image.

  Args:
    image: its name.
    settled: as `read_claims` gives them.
    found: has the pixels that particles and lines share.
  """
  rows = [
    {
      'image': image,
      'kept_by': one['winner'],
      'lost_by': one['loser'],
      **{name: one[name] for name in _NUMBERS},
    }
    for one in settled
  ]
  return rows + [
    {
      'image': image,
      'kept_by': ' and '.join(pair),
      'lost_by': '',
      'pixels': shared,
      'regions': None,
      'cut': 0,
      'dropped': 0,
    }
    for pair, shared in found.shared_px.items()
    if shared
  ]


def claim_sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
  """The rows of all images, added and in words."""
  sums: dict[tuple[str, str], dict[str, int]] = {}
  for row in rows:
    one = sums.setdefault((row['kept_by'], row['lost_by']), {})
    for name in _NUMBERS:
      one[name] = one.get(name, 0) + (row[name] or 0)
  said = []
  for (kept, lost), of in sums.items():
    pixels = f'{of["pixels"]} pixel{"s" * (of["pixels"] != 1)}'
    if not lost:
      said.append(
        f'Of {kept}: {pixels}, which both keep, since a line may lie before or '
        'behind a particle of the foil'
      )
      continue
    said.append(
      f'Claimed as {kept} and as {lost}: {pixels} in {of["regions"]} '
      f'region{"s" * (of["regions"] != 1)}, which went to {kept}, whose '
      f'network is surer or alone applies; {lost} dropped: {of["dropped"]}, '
      f'cut: {of["cut"]}'
    )
  return said or ['No pixel was claimed by two networks']


def claims_of(defect: str, rows: Sequence[Mapping[str, Any]]) -> str:
  """What was done with the pixels of one defect that another claimed, too.

  Args:
    defect: of particles.
    rows: of claims.csv, of all images.
  """
  own = [
    row
    for row in rows
    if row['lost_by'] and defect in (row['kept_by'], row['lost_by'])
  ]
  return f'{RULE}. {". ".join(claim_sentences(own))}'
