"""The network's objects anew at another threshold, beside a person's."""

from collections.abc import Collection

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.review.layers import areas_of, ids_in
from defectseg_jax.review.operations import Operation
from defectseg_jax.review.scene import Edit, Scene, in_one_piece, plural

# A region that lies with more than this part of it in what a person decided
# is the same object; by eye.
_SAME = 0.5


def rethreshold(scene: Scene, asked: Operation) -> Edit:
  """What the network finds at a threshold; what a person did stays.

  Objects that a person drew or changed keep their pixels. A region that is
  mostly what was taken out, or holds most of it, stays out.
  """
  if scene.probabilities is None:
    raise InputError('threshold: no network looked at this image; draw instead')
  ids, removed = scene.layers.ids, scene.layers.removed
  regions = scene.network_objects(scene.probabilities, asked.value)
  # Few pixels are of any object; all that follows is of these.
  places = np.flatnonzero((regions > 0) | (ids > 0) | (removed > 0))
  found, before = regions.take(places), ids.take(places)
  hand = _lookup(scene.hand, max(scene.next_id, int(found.max(initial=0)) + 1))
  kept = np.where(hand[before], before, 0)
  decided = np.where(kept > 0, kept, removed.take(places))
  _drop_decided(found, decided)
  cut = ids_in(found[decided > 0])
  found[decided > 0] = 0
  _number_pieces(found, places, cut, scene.shape[1])
  now, next_id = with_old_ids(found, before, kept, scene.next_id)
  now = np.where(kept > 0, kept, now)
  new = np.zeros(ids.size, np.int32)
  new[places] = now
  box = (0, 0, *scene.shape)
  text = f'threshold {asked.value:.3g}: {plural(len(ids_in(now)))}'
  values = {'threshold': asked.value, 'next_id': next_id}
  return Edit(box, {'ids': new.reshape(scene.shape)}, text, frozenset(), values)


def _lookup(ids: Collection[int], size: int) -> np.ndarray:
  found = np.zeros(size, bool)
  found[list(ids)] = True
  return found


def _drop_decided(found: np.ndarray, decided: np.ndarray) -> None:
  """Drops regions that a person decided on already, in place."""
  both = (found > 0) & (decided > 0)
  if not both.any():
    return
  areas, areas_decided = areas_of(found), areas_of(decided)
  size = int(decided.max()) + 1
  keys, shared = _count(found[both].astype(np.int64) * size + decided[both])
  pairs = np.divmod(keys, size)
  dropped = np.zeros(len(areas), bool)
  in_person = np.zeros(len(areas), np.int64)
  np.add.at(in_person, pairs[0], shared)
  dropped |= in_person > _SAME * areas
  holds = shared > _SAME * areas_decided[pairs[1]]
  dropped[pairs[0][holds]] = True
  dropped[0] = False
  found[dropped[found]] = 0


def _number_pieces(
  found: np.ndarray, places: np.ndarray, cut: np.ndarray, width: int
) -> None:
  """Gives the pieces of regions that were cut numbers of their own, in place.

  Args:
    found: int32 [n], the number of the region at each of some pixels.
    places: int64 [n], of these pixels, counted row after row.
    cut: numbers of the regions, of which something is left; sorted.
    width: of the image.
  """
  last = int(found.max(initial=0))
  chosen = np.flatnonzero(_lookup(cut.tolist(), last + 1)[found])
  whose = found[chosen]
  for one in cut.tolist():
    its = chosen[whose == one]
    row, column = np.divmod(places[its], width)
    row, column = row - row.min(), column - column.min()
    region = np.zeros((row.max() + 1, column.max() + 1), np.int32)
    region[row, column] = one
    pieces = in_one_piece(region, [one], last + 1)
    last += len(pieces[one])
    found[its] = region[row, column]


def with_old_ids(
  found: np.ndarray, before: np.ndarray, kept: np.ndarray, next_id: int
) -> tuple[np.ndarray, int]:
  """Regions with the ids of the objects that they were, where they were any.

  Args:
    found: int32 [n], the number of the region at each of some pixels, which
      hold all regions and objects; row after row.
    before: int32 [n], the ids that objects had.
    kept: int32 [n], objects whose ids are not to be given.
    next_id: that no object ever had.

  Returns:
    int32 [n]; and the next id.
  """
  count = int(found.max(initial=0))
  numbers = np.zeros(count + 1, np.int32)
  both = (found > 0) & (before > 0) & (kept == 0)
  used: set[int] = set()
  for old, new in _most_shared_first(before[both], found[both]):
    if numbers[new] == 0 and old not in used:
      numbers[new] = old
      used.add(old)
  for one in np.flatnonzero((areas_of(found) > 0) & (numbers == 0)):
    numbers[one] = next_id
    next_id += 1
  return numbers[found], next_id


def _most_shared_first(
  one: np.ndarray, two: np.ndarray
) -> list[tuple[int, int]]:
  """Pairs of numbers that occur together, those that do so most often first."""
  size = int(two.max(initial=0)) + 1
  pairs, shared = _count(one.astype(np.int64) * size + two)
  order = np.argsort(-shared, kind='stable')
  return [divmod(int(pair), size) for pair in pairs[order]]


def _count(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """The values that occur, sorted, and how often."""
  # Neighbours are mostly equal: to sort runs of them takes a tenth of the time.
  begins = np.ones(len(values), bool)
  begins[1:] = values[1:] != values[:-1]
  first = np.flatnonzero(begins)
  found, whose = np.unique(values[first], return_inverse=True)
  lengths = np.diff(first, append=len(values))
  shared = np.zeros(len(found), np.int64)
  np.add.at(shared, whose, lengths)
  return found, shared
