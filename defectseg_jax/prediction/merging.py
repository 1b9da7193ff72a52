"""One probability map from those of several scales, object by object.

A fine scale cuts a large object up or sees its rim alone; a coarse one melts
small neighbours into one, or misses them. So objects of all scales compete: an
object that has rivals of finer scales inside stands if the network has clearly
more to say for it than for all of these together.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from defectseg_jax.prediction.regions import number_regions, widen
from defectseg_jax.prediction.scales import best_diameter_px
from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask

# Two objects are rivals if they share more than this of the smaller one's area.
_RIVALS = 0.3
# These were chosen on simulated images with objects of 5 to 250 pixels, half of
# the images on real backgrounds. Sizes of single objects, relative to the mean
# diameters that a network has seen: the smallest that is believed at the finest
# scale, the smallest at others, where a finer one shows the same object larger,
# and the largest. Single objects are smaller than the mean of their micrograph:
# twice as large a smallest one lost a tenth of those of a development set. What
# the edge of the image cuts may be half as large.
_SMALLEST, _SMALLEST_IF_FINER, _LARGEST = 0.5, 1.0, 1.3
_CUT = 0.5
# The comfort of a size falls by exp(-1/2) for each such factor.
_COMFORT_FACTOR = 1.7
# So much more a scale must have to say than the finer ones inside: outlines of
# coarse pixels are wide, and would win by their area alone.
_ADVANTAGE = 1.5

Map = Float[np.ndarray, 'h w']


class Merged(NamedTuple):
  """What is found over all scales.

  Attributes:
    mask: bool [H, W], the objects that stand.
    probabilities: float32 [H, W]; objects have those of their own scale, all
      else those of the image's own.
    zooms: ascending, the scales that objects were taken from.
  """

  mask: np.ndarray
  probabilities: np.ndarray
  zooms: tuple[float, ...]


def merge_objects(
  maps: Mapping[float, Map],
  limits: Hysteresis,
  *,
  diameter_px: tuple[float, float],
  minimum_area_px: float = 0,
  valid: np.ndarray | None = None,
) -> Merged:
  """Takes each object from the scale that knows it best.

  An object is a connected region of probabilities from the threshold on. Its
  size is the diameter of the largest circle inside, in pixels of its scale, so
  that objects which touch are no large one. It does not stand if it is of no
  size that the network has seen, unless the edge of the image cuts it, or no
  coarser scale is left for it. Its weight is the sum over its pixels of what
  their probabilities are above the threshold, times how comfortable the network
  is with its size.

  Args:
    maps: by scale (pixels of the network for each of the image) the
      probabilities, float32 [H, W], at the image's resolution; 1 is among them.
    limits: what makes an object of probabilities.
    diameter_px: smallest and largest mean diameter that the network has seen.
    minimum_area_px: smallest object that is trusted, in pixels of the network.
    valid: bool [H, W], True on specimen, whose edge is the image's; None: all.

  Returns:
    The merged map.

  Examples:
    A disc of 120 pixels, of which the fine scale sees the rim and a speck:

    >>> rows, columns = np.mgrid[:200, :200] - 100
    >>> disc = (np.hypot(rows, columns) < 60).astype(np.float32)
    >>> rim = np.where(np.hypot(rows, columns) < 50, 0, disc)
    >>> found = merge_objects(
    ...   {0.25: disc, 1.0: rim}, Hysteresis(0.5, 0.9), diameter_px=(5, 80)
    ... )
    >>> found.zooms, bool((found.mask == (disc > 0)).all())
    ((0.25,), True)
  """
  edge = _edge(maps[1.0].shape, valid)
  scales = [
    _scale(
      maps,
      zoom,
      limits,
      diameter_px=diameter_px,
      minimum_area_px=minimum_area_px,
      edge=edge,
    )
    for zoom in sorted(maps)
  ]
  merged = maps[1.0].copy()
  mask, zooms = np.zeros(merged.shape, bool), set()
  for scale, box, region in _without_overlaps(scales, _stands(scales)):
    merged[box][region] = scale.probabilities[box][region]
    mask[box][region] = True
    zooms.add(scale.zoom)
  return Merged(mask, merged, tuple(sorted(zooms)))


@dataclasses.dataclass(frozen=True, eq=False)
class _Scale:
  """The objects of one scale.

  Attributes:
    zoom: of the scale.
    probabilities: float32 [H, W].
    labels: int32 [H, W]; only of objects that may stand.
    stands: bool [count + 1], by label: which may.
    areas_px: [count + 1], likewise, in pixels of the image.
    weights: [count + 1], likewise.
  """

  zoom: float
  probabilities: np.ndarray
  labels: np.ndarray
  stands: np.ndarray
  areas_px: np.ndarray
  weights: np.ndarray


def _scale(
  maps: Mapping[float, Map],
  zoom: float,
  limits: Hysteresis,
  *,
  diameter_px: tuple[float, float],
  minimum_area_px: float,
  edge: np.ndarray,
) -> _Scale:
  probabilities = maps[zoom]
  finest, coarsest = zoom == max(maps), zoom == min(maps)
  mask = sure_mask(probabilities, limits)
  labels, count = number_regions(mask)
  owners = labels[mask]
  areas_px = np.bincount(owners, minlength=count + 1)
  stands = areas_px * zoom**2 >= minimum_area_px
  stands[0] = False
  smallest = (_SMALLEST if finest else _SMALLEST_IF_FINER) * diameter_px[0]
  sizes_px = zoom * _widths_px(labels, stands, _CUT * smallest / zoom)
  at_edge = np.isin(np.arange(count + 1), labels[edge])
  stands &= sizes_px >= np.where(at_edge, _CUT * smallest, smallest)
  stands &= (sizes_px <= _LARGEST * diameter_px[1]) | coarsest
  excess = np.bincount(
    owners,
    (probabilities[mask] - limits.threshold).astype(np.float64),
    minlength=count + 1,
  )
  best = best_diameter_px(diameter_px)
  away = np.log(np.maximum(sizes_px, 1) / best) / math.log(_COMFORT_FACTOR)
  return _Scale(
    zoom,
    probabilities,
    np.where(stands, np.arange(count + 1, dtype=np.int32), 0)[labels],
    stands,
    areas_px,
    excess * np.exp(-(away**2) / 2),
  )


def _widths_px(
  labels: np.ndarray, asked: np.ndarray, least_px: float
) -> np.ndarray:
  """Diameters of the largest circles inside of regions, [count + 1], by label.

  Args:
    labels: int32 [H, W], of regions that do not touch.
    asked: bool [count + 1], by label: whether to look; 0 where not.
    least_px: narrower ones may have 0: speckle is much, and soon told.
  """
  widths_px = np.zeros(len(asked))
  for label, box in enumerate(ndimage.find_objects(labels), start=1):
    if asked[label] and min(s.stop - s.start for s in box) >= least_px:
      # As if there were background beyond the edge: some there must be. No
      # other region is as near to a pixel as what parts it from its own.
      region = np.pad(labels[box] == label, 1)
      reach = np.asarray(ndimage.distance_transform_edt(region))
      widths_px[label] = 2 * reach.max() - 1
  return widths_px


def _edge(shape: tuple[int, ...], valid: np.ndarray | None) -> np.ndarray:
  """bool [H, W]: the outermost pixels of the image, or of the specimen."""
  inside = np.ones(shape, bool) if valid is None else valid
  return inside & ~np.asarray(ndimage.binary_erosion(inside), bool)


def _stands(scales: list[_Scale]) -> list[np.ndarray]:
  """By scale, bool [count + 1]: which objects outweigh those inside them.

  Args:
    scales: coarse ones first.
  """
  parents = [_parents(scales, number) for number in range(len(scales))]
  inside = [np.zeros(len(scale.weights)) for scale in scales]
  for fine in reversed(range(len(scales))):
    wins = scales[fine].weights >= _ADVANTAGE * inside[fine]
    best = np.where(wins, scales[fine].weights, inside[fine])
    for label, (coarse, parent) in parents[fine].items():
      inside[coarse][parent] += best[label]
  stands, gone = [], []
  for number, scale in enumerate(scales):
    wins = scale.weights >= _ADVANTAGE * inside[number]
    gives_way = np.zeros(len(scale.weights), bool)
    for label, (coarse, parent) in parents[number].items():
      gives_way[label] = gone[coarse][parent] or stands[coarse][parent]
    stands.append(wins & ~gives_way & scale.stands)
    gone.append(gives_way)
  return stands


def _parents(scales: list[_Scale], fine: int) -> dict[int, tuple[int, int]]:
  """By label of a scale, the coarser scale and its object around it."""
  found: dict[int, tuple[int, int]] = {}
  # The nearest coarser scale has the last word.
  for coarse in range(fine):
    shared: dict[int, int] = {}
    for label, other, area in _rivals(scales[fine], scales[coarse]):
      if area > shared.get(label, 0):
        shared[label] = area
        found[label] = coarse, other
  return found


def _rivals(one: _Scale, other: _Scale) -> Iterator[tuple[int, int, int]]:
  """Labels of both scales, and the area that they share, where it is much."""
  both = (one.labels > 0) & (other.labels > 0)
  # As one number, pairs are sorted many times as fast.
  pairs, shared = np.unique(
    one.labels[both] * np.int64(len(other.areas_px)) + other.labels[both],
    return_counts=True,
  )
  labels, others = np.divmod(pairs, len(other.areas_px))
  least = np.minimum(one.areas_px[labels], other.areas_px[others])
  for place in np.flatnonzero(shared > _RIVALS * least):
    yield int(labels[place]), int(others[place]), int(shared[place])


def _without_overlaps(
  scales: list[_Scale], stands: list[np.ndarray]
) -> Iterator[tuple[_Scale, tuple[slice, slice], np.ndarray]]:
  """Scale, box and region of each object, heavy ones first, apart from others.

  What overlaps a heavier object goes; what only touches one is trimmed, so that
  it stays an object of its own.
  """
  order = sorted(
    (-scale.weights[label], number, int(label))
    for number, scale in enumerate(scales)
    for label in np.flatnonzero(stands[number])
  )
  boxes = [ndimage.find_objects(scale.labels) for scale in scales]
  # By pixel, the place in the order of the object that has it.
  owner = np.zeros(scales[0].labels.shape, np.int32)
  areas_px = [0]
  for place, (_, number, label) in enumerate(order, start=1):
    scale = scales[number]
    area = int(scale.areas_px[label])
    areas_px.append(area)
    box = _wider(boxes[number][label - 1])
    region = scale.labels[box] == label
    others, shared = np.unique(owner[box][region], return_counts=True)
    if any(
      n > _RIVALS * min(area, areas_px[other])
      for other, n in zip(others, shared, strict=True)
      if other
    ):
      continue
    region &= ~widen(owner[box] > 0)
    owner[box][region] = place
    yield scale, box, region


def _wider(box: tuple[slice, slice]) -> tuple[slice, slice]:
  """By a pixel on each side; what lies outside the image is not there."""
  rows, columns = (slice(max(0, s.start - 1), s.stop + 1) for s in box)
  return rows, columns
