"""Tiles against arrays made another way: all at once, by reshaping."""

import types

import numpy as np
import pytest
from scipy import ndimage

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.writing import write_mask
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.review import picture

# Neither side is a multiple of a tile, nor of two.
SHAPE = 1301, 1127


def test_what_is_proposed_is_shown_as_its_mask_has_it(tmp_path):
  mask = np.zeros((40, 700), bool)
  mask[10:20, 505:530] = True
  write_mask(tmp_path / 'one.tif', mask, pixel_size_nm=None)
  write_mask(tmp_path / 'small.tif', mask[:, :9], pixel_size_nm=None)
  shown = picture.Picture(
    stub(shape=mask.shape, pixels=mask.astype(np.uint8))  # pyright: ignore
  )
  assert not shown.has_tile('proposal', 0, 0, 0)
  shown.propose(tmp_path / 'one.tif')
  left, right = (shown.tile('proposal', 0, 0, column) for column in (0, 1))
  # With a pixel of the neighbour at the side where they meet.
  np.testing.assert_array_equal(left[1:-1, 1:] > 0, mask[:, :513])
  np.testing.assert_array_equal(right[1:-1, :-1] > 0, mask[:, 511:])
  with pytest.raises(InputError, match='not of the size of its image'):
    shown.propose(tmp_path / 'small.tif')
  shown.propose(None)
  assert not shown.has_tile('proposal', 0, 0, 0)


def stub(**fields):
  """As much of a document as a picture reads."""
  return types.SimpleNamespace(
    **({'probabilities': None, 'version': 0, 'lesson': 0} | fields)
  )


def document(seed=0):
  rng = np.random.default_rng(seed)
  ids = np.kron(rng.integers(0, 9, (163, 141)), np.ones((8, 8), int))
  ids = ids[: SHAPE[0], : SHAPE[1]] * (rng.random(SHAPE) < 0.2)
  removed = np.where(ids == 0, rng.integers(0, 3, SHAPE), 0)
  return stub(
    shape=SHAPE,
    ids=ids.astype(np.int32),
    pixels=rng.integers(0, 4000, SHAPE).astype(np.uint16),
    probabilities=rng.random(SHAPE, np.float32),
    removed=removed.astype(np.int32),
    regions=rng.integers(0, 3, SHAPE).astype(np.uint8),
  )


def whole(shown, kind, level):
  """A level, put together from its tiles."""
  height, width = shown.size(level)
  rows = []
  for row in range(-(-height // picture.TILE_PX)):
    tiles = [
      shown.tile(kind, level, row, column)
      for column in range(-(-width // picture.TILE_PX))
    ]
    if kind == 'objects':
      tiles = [tile[1:-1, 1:-1] for tile in tiles]
    rows.append(np.hstack(tiles))
  return np.vstack(rows)


def four(level, reduce):
  """Of each 2 x 2 pixels one."""
  height, width = (-(-side // 2) for side in level.shape)
  grown = np.pad(
    level,
    [(0, 2 * height - level.shape[0]), (0, 2 * width - level.shape[1])],
    'edge',
  )
  return reduce(grown.reshape(height, 2, width, 2), axis=(1, 3))


def test_greys_are_those_of_the_sessions_page():
  one = document()
  shown = picture.Picture(one)
  assert shown.levels == 3
  expected = grey_levels(one.pixels)
  assert (whole(shown, 'pixels', 0) == expected).all()
  for level in (1, 2):
    expected = np.floor(four(expected.astype(float), np.mean) + 0.5)
    assert (whole(shown, 'pixels', level) == expected).all()


def test_an_object_hides_one_that_is_out_and_a_line_is_seen_in_all_levels():
  one = document()
  shown = picture.Picture(one)
  expected = np.where(
    one.ids > 0, one.ids + picture.OBJECT_BIT, one.removed
  ) + (one.regions.astype(np.int64) << picture.REGION_SHIFT)
  for level in range(3):
    found = whole(shown, 'objects', level)
    assert found.dtype == np.uint32
    assert (found == expected).all()
    expected = four(expected, np.max)


def test_few_objects_are_put_into_smaller_levels_one_by_one(monkeypatch):
  one = document()
  one.regions[:] = 0
  rng = np.random.default_rng(3)
  for layer in (one.ids, one.removed):
    layer[rng.random(SHAPE) < 0.9999] = 0
    layer[-1, -1] = 9
  one.objects = lambda: [
    types.SimpleNamespace(
      box=(place[0].start, place[1].start, place[0].stop, place[1].stop)
    )
    for layer in (one.ids, one.removed)
    for place in ndimage.find_objects(layer)
    if place is not None
  ]
  found = []
  for sparse_px in (1 << 40, 0):
    monkeypatch.setattr(picture, '_SPARSE_PX', sparse_px)
    shown = picture.Picture(one)
    found.append([whole(shown, 'objects', level) for level in range(3)])
  for whole_level, by_boxes in zip(*found):
    assert whole_level.any() and (by_boxes == whole_level).all()


def test_a_tile_of_objects_has_a_pixel_of_its_neighbours():
  shown = picture.Picture(document())
  around = np.pad(whole(shown, 'objects', 0), 1, 'edge')
  for row, column in ((0, 0), (1, 1), (2, 2)):
    tile = shown.tile('objects', 0, row, column)
    top, left = row * picture.TILE_PX, column * picture.TILE_PX
    height, width = tile.shape
    assert (tile == around[top : top + height, left : left + width]).all()


@pytest.mark.parametrize(
  'box', [(0, 0, 1, 1), (511, 700, 514, 705), (1300, 1126, 1301, 1127)]
)
def test_after_a_change_all_levels_are_as_if_made_anew(box):
  one = document()
  shown = picture.Picture(one)
  for level in range(3):
    whole(shown, 'objects', level)
  top, left, bottom, right = box
  one.ids[top:bottom, left:right] = 77
  one.removed[top:bottom, left:right] = 0
  one.regions[top:bottom, left:right] = 2
  one.version += 1
  shown.refresh(box)
  anew = picture.Picture(one)
  for level in range(3):
    found = whole(shown, 'objects', level)
    assert (found == whole(anew, 'objects', level)).all()
  assert (found & 127 == 77).any()


def test_another_networks_probabilities_take_the_place_of_the_first():
  one = document()
  shown = picture.Picture(one)
  before = whole(shown, 'probabilities', 1)
  one.probabilities = 1 - one.probabilities
  one.lesson = 1
  after = whole(shown, 'probabilities', 1)
  assert (np.abs(255.0 - before - after) <= 1).all()


def test_what_others_changed_is_seen_too():
  one = document()
  shown = picture.Picture(one)
  whole(shown, 'objects', 2)
  one.ids[:] = 0
  # Two changes, of which only the last is told.
  one.version += 2
  shown.refresh((0, 0, 1, 1))
  found = whole(shown, 'objects', 2)
  assert (found == whole(picture.Picture(one), 'objects', 2)).all()


@pytest.mark.parametrize(
  'where',
  [
    ('pixels', 3, 0, 0),
    ('pixels', -1, 0, 0),
    ('pixels', 0, 3, 0),
    ('pixels', 0, 0, -1),
    ('ids', 0, 0, 0),
    ('', 0, 0, 0),
  ],
)
def test_what_is_no_tile_is_not_made(where):
  assert not picture.Picture(document()).has_tile(*where)


def test_an_even_image_is_dark_and_no_fault():
  one = stub(shape=(8, 8), pixels=np.full((8, 8), 7.0))
  shown = picture.Picture(one)
  assert shown.levels == 1
  assert not shown.tile('pixels', 0, 0, 0).any()
  assert not shown.has_tile('probabilities', 0, 0, 0)
