"""Which defects lie at which: of one image, and of all together."""

import dataclasses
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from defectseg_jax.quantification.association import (
  Association,
  association,
  association_text,
  cross_k,
  pooled,
)
from defectseg_jax.reporting.paper.record import RIMS
from defectseg_jax.sessions.together.objects import Objects
from defectseg_jax.sessions.together.rims import rims_of, rims_text

# As far as outlines may be off. By eye.
NEAR_PX = 2.0
# Distances of the curve of K: up to a quarter of the shorter side.
_K_DISTANCES, _K_REACH = 10, 0.25
ALL = 'all images'

# Of A and B.
Pair = tuple[str, str]


@dataclasses.dataclass(frozen=True, eq=False)
class Neighbours:
  """What lies at what in one image.

  Attributes:
    image: its name.
    pixel_size_nm: side of a pixel, or None.
    by_pair: of A at B.
    k_rows: of cross_k.csv.
    shared_px: by A and B, of particles and lines, the pixels of both.
    doubts: by particles and lines, a sentence on lines that may be none.
  """

  image: str
  pixel_size_nm: float | None
  by_pair: Mapping[Pair, Association]
  k_rows: Sequence[Mapping[str, Any]]
  shared_px: Mapping[Pair, int]
  doubts: Mapping[Pair, str]

  def rows(self, counts: Mapping[Pair, bool]) -> list[dict[str, Any]]:
    """Of association.csv.

    Args:
      counts: whether the image is among all images together, by pair.
    """
    return [
      {
        **_row(self.image, pair, one, self.pixel_size_nm, in_all=counts[pair]),
        'warnings': RIMS if pair in self.doubts else '',
      }
      for pair, one in self.by_pair.items()
    ]


def neighbours(
  image: str,
  objects: Sequence[Objects],
  pixel_size_nm: float | None,
  *,
  seed: int,
) -> Neighbours:
  """Asks of each kind of particles whether it lies at each other defect.

  Args:
    image: its name, which changes the random positions.
    objects: of all defects.
    pixel_size_nm: side of a pixel, or None.
    seed: of the session.
  """
  valid = _common_valid(objects)
  by_pair, k_rows, shared, doubts = {}, [], {}, {}
  for first, others in _pairs(objects):
    pair = first.defect, others.defect
    by_pair[pair] = association(
      first.centres_px,
      first.radii_px,
      others.mask if valid is None else others.mask & valid,
      distance_px=NEAR_PX,
      valid=valid,
      # By names, so that it does not depend on which networks look besides.
      seed=[seed, *(zlib.crc32(name.encode()) for name in (image, *pair))],
    )
    if others.is_lines:
      shared[pair] = int((first.mask & others.mask).sum())
      rims = rims_of(others, first, within_px=NEAR_PX)
      if rims and rims.are_doubted:
        doubts[pair] = rims_text(others.defect, first.defect, rims)
    elif pair == tuple(sorted(pair)):
      k_rows += _k_rows(image, first, others, valid, pixel_size_nm)
  return Neighbours(image, pixel_size_nm, by_pair, k_rows, shared, doubts)


def rows_of_all(
  found: Sequence[Neighbours], counts: Sequence[Mapping[Pair, bool]]
) -> tuple[list[dict[str, Any]], list[str]]:
  """What all images say together.

  Args:
    found: of the images.
    counts: of each of them, by pair, whether it is among them.

  Returns:
    The rows of association.csv, and a sentence for each pair.
  """
  rows, sentences = [], []
  for pair in found[0].by_pair if found else ():
    those = [one for one, are in zip(found, counts, strict=True) if are[pair]]
    if not those:
      sentences.append(
        f'{pair[0]} at {pair[1]}: no image is in the means of both, nothing to '
        'test'
      )
      continue
    together = pooled([one.by_pair[pair] for one in those])
    sizes = {one.pixel_size_nm for one in those}
    size_nm = sizes.pop() if len(sizes) == 1 else None
    doubted = any(pair in one.doubts for one in those)
    rows.append(
      {
        **_row(ALL, pair, together, size_nm, in_all=True),
        'warnings': RIMS if doubted else '',
      }
    )
    said = association_text(together, pair, near_text(size_nm))
    sentences.append(f'{said}; doubted, see above' if doubted else said)
  return rows, sentences


def near_text(pixel_size_nm: float | None) -> str:
  """How near is at: in pixels, and in nanometres where that is one number."""
  if pixel_size_nm is None:
    return f'{NEAR_PX:g} pixels'
  return f'{NEAR_PX:g} pixels, {NEAR_PX * pixel_size_nm:.2g} nm'


def _pairs(objects: Sequence[Objects]) -> Iterator[tuple[Objects, Objects]]:
  """Particles, and each other defect."""
  for first in objects:
    for others in objects:
      if others is not first and not first.is_lines:
        yield first, others


def _common_valid(objects: Sequence[Objects]) -> np.ndarray | None:
  """Where the image counts for all of them."""
  valid = None
  for one in objects:
    if one.valid is not None:
      valid = one.valid if valid is None else valid & one.valid
  return valid


def _k_rows(
  image: str,
  first: Objects,
  others: Objects,
  valid: np.ndarray | None,
  pixel_size_nm: float | None,
) -> list[dict[str, Any]]:
  """K at some distances; none where one of the two is not there."""
  if not len(first.radii_px) or not len(others.radii_px):
    return []
  shape = first.labels.shape
  distances = np.linspace(0, _K_REACH * min(shape), _K_DISTANCES + 1)[1:]
  where = np.ones(shape, bool) if valid is None else valid
  found = cross_k(first.centres_px, others.centres_px, distances, where)
  return [
    {
      'image': image,
      'of': first.defect,
      'at': others.defect,
      'distance_px': float(distance),
      'distance_nm': pixel_size_nm and float(distance * pixel_size_nm),
      'k_px2': float(k),
      'random_px2': math.pi * float(distance) ** 2,
    }
    for distance, k in zip(distances, found, strict=True)
  ]


def _row(
  image: str,
  pair: Pair,
  found: Association,
  pixel_size_nm: float | None,
  *,
  in_all: bool,
) -> dict[str, Any]:
  low, high = found.random_interval
  return {
    'image': image,
    'of': pair[0],
    'at': pair[1],
    'in_all': in_all,
    'within_px': NEAR_PX,
    'within_nm': pixel_size_nm and NEAR_PX * pixel_size_nm,
    'objects': found.objects,
    'near': found.near,
    'near_random': found.near_random,
    'near_random_low': low,
    'near_random_high': high,
    'p_value': found.p_value,
    'gap_median_px': found.gap_px,
    'gap_random_px': found.gap_random_px,
  }
