"""Numbers of masks that change: those of a whole measurement, to the last bit.

The whole measurement knows nothing of what was measured before.
"""

import numpy as np
import pytest
from scipy import ndimage
from skimage import measure as regions

from defectseg_jax.micrographs.object_ids import objects_of_ids
from defectseg_jax.quantification import (
  MeasurementSettings,
  QuantificationSettings,
)
from defectseg_jax.quantification.live import LiveMeasurement
from defectseg_jax.quantification.particles import changing

SHAPE = 150, 190


def specks(rng, count, largest=9):
  """bool: discs, some of which touch and some of which are cut."""
  mask = np.zeros(SHAPE, bool)
  rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
  for _ in range(count):
    row, column = rng.uniform(0, SHAPE)
    radius = rng.uniform(1, largest)
    mask |= (rows - row) ** 2 + (columns - column) ** 2 < radius**2
  return mask


def lines(rng, count):
  mask = np.zeros(SHAPE, bool)
  for _ in range(count):
    ends = rng.uniform(5, np.array(SHAPE) - 5, size=(2, 2))
    path = ends[0] + np.linspace(0, 1, 400)[:, None] * (ends[1] - ends[0])
    mask[tuple(path.astype(int).T)] = True
  return ndimage.binary_dilation(mask, iterations=int(rng.integers(0, 3)))


def in_pieces(ids):
  """Each object in one piece, numbered at random places."""
  found = regions.label(ids, connectivity=2, background=0)
  numbers = np.random.default_rng(1).permutation(found.max() * 3)
  return np.where(found > 0, numbers[found - 1] + 1, 0).astype(np.int32)


def edit(rng, ids):
  """The box of a change, and the ids after it."""
  height, width = rng.integers(3, 40, 2)
  top, left = rng.integers(0, np.array(SHAPE) - (height, width) + 1)
  after = ids.copy()
  part = after[top : top + height, left : left + width]
  kind = rng.integers(3)
  if kind == 0:
    part[:] = 0
  elif kind == 1:
    part[part == 0] = rng.integers(0, 2) * (ids.max() + 1)
  else:
    part[rng.random(part.shape) < 0.3] = 0
  # Pieces get ids of their own, as in a review.
  pieces = regions.label(after, connectivity=2, background=0)
  seen: dict[int, int] = {}
  for piece in range(1, pieces.max() + 1):
    where = pieces == piece
    old = int(after[where][0])
    if old in seen:
      after[where] = ids.max() + 1 + piece
    seen[old] = piece
  rows, columns = np.nonzero(after != ids)
  if not len(rows):
    return None, ids
  box = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
  return tuple(int(side) for side in box), after


def whole(ids, settings, valid):
  objects = objects_of_ids(ids)
  return settings.measure(
    objects.mask,
    pixel_size_nm=0.3,
    thickness_nm=None if settings.surface else 80.0,
    ids=objects.ids,
    valid=valid,
  )


CASES = {
  'voids': ('voids', {}, False, False),
  'by 4 neighbours': ('voids', {'connectivity': 4}, False, False),
  'beside a gap': ('voids', {'border': 'exclude'}, True, False),
  'on a surface': ('precipitates', {}, False, True),
  'lines': ('dislocations', {'spur_px': 3.0, 'spacing_px': 16}, False, False),
  'lines beside a gap': ('dislocations', {}, True, False),
  'lines on a surface': ('dislocations', {}, False, True),
}


@pytest.mark.parametrize('case', CASES)
def test_numbers_after_each_change_are_those_of_a_whole_measurement(case):
  defect, how, gap, surface = CASES[case]
  rng = np.random.default_rng(sum(map(ord, case)))
  settings = MeasurementSettings(
    defect, QuantificationSettings(**how), seed=3, surface=surface
  )
  drawn = lines(rng, 12) if defect == 'dislocations' else specks(rng, 60)
  ids = in_pieces(drawn)
  valid = None
  if gap:
    valid = ~ndimage.binary_dilation(specks(rng, 3), iterations=4)
    valid[:7] = False
  live = LiveMeasurement(
    ids,
    settings,
    pixel_size_nm=0.3,
    thickness_nm=None if surface else 80.0,
    valid=valid,
  )
  assert LiveMeasurement.can_measure(settings)
  changes = 0
  while changes < 12:
    box, after = edit(rng, ids)
    if box is None:
      continue
    changes += 1
    part = slice(box[0], box[2]), slice(box[1], box[3])
    affected = np.unique([ids[part], after[part]])
    live.before(box)
    ids[:] = after
    live.change(box, affected[affected > 0])
    expected = whole(ids, settings, valid)
    found = live.measure(touching=objects_of_ids(ids).ids is not None)
    np.testing.assert_equal(found.summary, expected.summary)
    assert found.warnings == expected.warnings


def test_what_looks_at_more_than_one_object_is_not_measured_so():
  for how in (
    {'separate': True},
    {'fill_holes': True},
    {'minimum_area_px': 5},
  ):
    settings = MeasurementSettings('voids', QuantificationSettings(**how))
    assert not LiveMeasurement.can_measure(settings)
  settings = MeasurementSettings(
    'dislocations', QuantificationSettings(minimum_area_px=5)
  )
  assert LiveMeasurement.can_measure(settings)


def test_a_large_image_is_measured_band_by_band(monkeypatch):
  rng = np.random.default_rng(5)
  ids = in_pieces(specks(rng, 60, largest=20))
  for mask in (ids, np.zeros_like(ids)):
    settings = MeasurementSettings('voids', seed=3)
    made = []
    for band_px in (1 << 22, 7 * SHAPE[1]):
      monkeypatch.setattr(changing, '_BAND_PX', band_px)
      live = LiveMeasurement(
        mask, settings, pixel_size_nm=0.3, thickness_nm=80.0
      )
      made.append(live.measure())
    np.testing.assert_equal(made[1].summary, made[0].summary)
    assert made[1].warnings == made[0].warnings
    np.testing.assert_array_equal(made[1].sizes_px, made[0].sizes_px)
