"""The network's objects anew at another threshold, beside a person's."""

from collections.abc import Collection

import numpy as np

from defectseg_jax.errors import InputError
from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask
from defectseg_jax.review.layers import areas_of, ids_in
from defectseg_jax.review.operations import Operation
from defectseg_jax.review.scene import Edit, Scene, in_one_piece, label, plural

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
  found = scene.network_objects(asked.value)
  hand = _lookup(scene.hand, max(scene.next_id, int(found.max()) + 1))
  kept = np.where(hand[ids], ids, 0)
  decided = np.where(kept > 0, kept, removed)
  _drop_decided(found, decided)
  cut = ids_in(found[decided > 0])
  found[decided > 0] = 0
  in_one_piece(found, [int(one) for one in cut], int(found.max()) + 1)
  new, next_id = with_old_ids(found, ids, kept, scene.next_id)
  new = np.where(kept > 0, kept, new).astype(np.int32)
  count = len(ids_in(new))
  box = (0, 0, *scene.shape)
  text = f'threshold {asked.value:.3g}: {plural(count)}'
  values = {'threshold': asked.value, 'next_id': next_id}
  return Edit(box, {'ids': new}, text, frozenset(), values)


def network_objects(
  probabilities: np.ndarray, threshold: float, least_peak: float
) -> np.ndarray:
  """Regions of a map of probabilities: int32 [H, W] from 1."""
  # A least peak below the threshold asks for nothing.
  mask = sure_mask(probabilities, Hysteresis(threshold, least_peak))
  return label(mask)[0].astype(np.int32)


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
  keys, shared = np.unique(
    found[both].astype(np.int64) * size + decided[both], return_counts=True
  )
  pairs = np.divmod(keys, size)
  dropped = np.zeros(len(areas), bool)
  in_person = np.zeros(len(areas), np.int64)
  np.add.at(in_person, pairs[0], shared)
  dropped |= in_person > _SAME * areas
  holds = shared > _SAME * areas_decided[pairs[1]]
  dropped[pairs[0][holds]] = True
  dropped[0] = False
  found[dropped[found]] = 0


def with_old_ids(
  found: np.ndarray, before: np.ndarray, kept: np.ndarray, next_id: int
) -> tuple[np.ndarray, int]:
  """Regions with the ids of the objects that they were, where they were any.

  Args:
    found: int32 [H, W], numbered regions.
    before: int32 [H, W], the ids that objects had.
    kept: int32 [H, W], objects whose ids are not to be given.
    next_id: that no object ever had.

  Returns:
    int32 [H, W]; and the next id.
  """
  count = int(found.max())
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
  pairs, shared = np.unique(
    one.astype(np.int64) * size + two, return_counts=True
  )
  order = np.argsort(-shared, kind='stable')
  return [divmod(int(pair), size) for pair in pairs[order]]
