"""Counts of a development set by size, in classes of enough objects."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from defectseg_jax.quantification.particles.detection_by_size import (
  DetectionBySize,
)

# A class of twice the area has 1.4 times the diameter.
_EDGES_PX = 2.0 ** (np.arange(23) / 2)
# Fewer objects say little: such a class is joined with the next; by eye.
_LEAST_OBJECTS = 20


class MatchedSizes(NamedTuple):
  """The particles of one development region, by their diameters.

  Attributes:
    true_px: [m], of the truth.
    found: bool [m], whether the network found it.
    predicted_px: [n], of the prediction.
    real: bool [n], whether it is in the truth.
  """

  true_px: np.ndarray
  found: np.ndarray
  predicted_px: np.ndarray
  real: np.ndarray


def count_by_size(regions: Sequence[MatchedSizes]) -> DetectionBySize | None:
  """Counts the objects of a development set by size.

  Args:
    regions: of the set.

  Returns:
    Classes of 20 objects of the truth or more, whose edges are half powers of
    2 pixels; None where the truth has no object.
  """
  true = np.array([_counts(one.true_px) for one in regions])
  found = np.array([_counts(one.true_px[one.found]) for one in regions])
  starts, end = _classes(true.sum(axis=0) if len(regions) else np.zeros(0))
  if not starts:
    return None
  true, found = (
    np.add.reduceat(one[:, :end], starts, axis=1) for one in (true, found)
  )
  edges_px = _EDGES_PX[[*starts, end]]
  predicted = [
    sum(
      np.histogram(np.clip(sizes_px, edges_px[0], edges_px[-1]), edges_px)[0]
      for sizes_px in group
    )
    for group in (
      [one.predicted_px[one.real] for one in regions],
      [one.predicted_px[~one.real] for one in regions],
    )
  ]
  return DetectionBySize(
    edges_px,
    found.sum(axis=0),
    (true - found).sum(axis=0),
    *map(np.asarray, predicted),
    design_effect=_design_effect(true, found),
  )


def _counts(sizes_px: np.ndarray) -> np.ndarray:
  """Of each class of `_EDGES_PX`; the last takes what is larger."""
  return np.histogram(np.minimum(sizes_px, _EDGES_PX[-1]), _EDGES_PX)[0]


def _classes(counts: np.ndarray) -> tuple[list[int], int]:
  """Where classes begin that have enough objects, and where the last ends."""
  occupied = np.flatnonzero(counts)
  if not len(occupied):
    return [], 0
  first, end = int(occupied[0]), int(occupied[-1]) + 1
  starts, held = [first], 0
  for place in range(first, end):
    if held >= _LEAST_OBJECTS:
      starts.append(place)
      held = 0
    held += counts[place]
  if held < _LEAST_OBJECTS and len(starts) > 1:
    starts.pop()
  return starts, end


def _design_effect(true: np.ndarray, found: np.ndarray) -> float:
  """Of Rao and Scott, a region a cluster, one number for all classes.

  Args:
    true, found: [regions, classes].
  """
  with np.errstate(invalid='ignore', divide='ignore'):
    share = found.sum(axis=0) / true.sum(axis=0)
  regions = (true > 0).sum(axis=0)
  told = regions > 1
  off = ((found - true * share) ** 2).sum(axis=0)[told]
  between = float((off * regions[told] / (regions[told] - 1)).sum())
  of_each = float((true.sum(axis=0) * share * (1 - share))[told].sum())
  return max(1.0, between / of_each) if of_each else 1.0
