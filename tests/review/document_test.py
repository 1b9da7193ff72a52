"""What operations do to a document, and what is left after a restart."""

import json

import numpy as np
import pytest
import reviews
from reviews import apply, layers

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.masks import read_mask, read_object_mask
from defectseg_jax.review.change import OutdatedError
from defectseg_jax.review.review import Review
from defectseg_jax.sessions.folder import SessionFolder


@pytest.fixture
def review(session):
  with Review.open(session) as review:
    yield review


@pytest.fixture
def document(review):
  return review.document('x')


def states(document):
  return {one.id: one.state for one in document.objects()}


def area(document, one):
  return int(np.count_nonzero(document.ids == one))


def test_an_object_is_taken_out_and_in_again(document):
  before = document.ids.copy()
  change = apply(document, 'toggle', row=14, column=140)
  assert change.text == 'object 1 taken out' and change.version == 1
  assert change.box == (6, 132, 23, 149)
  np.testing.assert_array_equal(document.ids, np.where(before == 1, 0, before))
  np.testing.assert_array_equal(document.removed == 1, before == 1)
  assert states(document)[1] == 'out'
  assert document.numbers()['changes'] == '1 of 4 objects corrected by hand'
  apply(document, 'toggle', row=14, column=140)
  np.testing.assert_array_equal(document.ids, before)
  assert not document.removed.any() and not document.by_hand


def test_what_is_drawn_takes_no_pixel_of_another(document):
  before = document.ids.copy()
  square = [[20, 20], [20, 60], [50, 60], [50, 20]]
  change = apply(document, 'polygon', points=square)
  assert change.text == 'object 5 drawn'
  new = document.ids == 5
  expected = np.zeros(before.shape, bool)
  expected[20:50, 20:60] = True
  # The disc of the network lies within, and the square stays in one piece.
  np.testing.assert_array_equal(new, expected & (before == 0))
  np.testing.assert_array_equal(document.ids[before > 0], before[before > 0])


def test_a_brush_begins_on_an_object_or_makes_one(document):
  before = area(document, 2)
  line = [[30, 30], [30, 50]]
  apply(document, 'paint', points=line, radius_px=2)
  assert area(document, 2) > before and states(document)[2] == 'changed'
  apply(document, 'paint', points=[[60, 60]], radius_px=2.5)
  # Of a disc: middles of pixels within the radius, counted by hand.
  assert area(document, 5) == 16 and states(document)[5] == 'drawn'
  with pytest.raises(InputError, match='there is no such object any more'):
    apply(document, 'paint', points=line, radius_px=2, id=77)


def test_an_eraser_leaves_pieces_and_takes_out_what_is_gone(document):
  rows = [[20, 30], [40, 30]]
  change = apply(document, 'paint', points=rows, radius_px=2, erase=True)
  assert change.text == '1 object erased in part'
  assert states(document)[2] == states(document)[5].replace('drawn', 'changed')
  corners = [[60, 20], [60, 60], [99, 60], [99, 20]]
  change = apply(document, 'polygon', points=corners, erase=True)
  assert change.text == '1 object taken out'
  apply(document, 'toggle', row=80, column=40)
  assert document.ids[80, 40] == 3
  with pytest.raises(InputError, match='nothing was erased'):
    apply(document, 'polygon', points=[[0, 0], [0, 3], [3, 3]], erase=True)


def test_a_cut_object_keeps_its_pixels_and_its_halves_touch(document, session):
  before = document.ids == 2
  change = apply(document, 'split', points=[[15, 30.5], [45, 30.5]])
  assert change.text == '1 object cut: 2 pieces'
  np.testing.assert_array_equal(np.isin(document.ids, [2, 5]), before)
  assert abs(area(document, 2) - area(document, 5)) < 25
  document.save()
  assert read_object_mask(session / 'masks/x.tif').ids is not None
  apply(document, 'merge', points=[[30, 25], [30, 35]])
  np.testing.assert_array_equal(document.ids == 2, before)
  # Cut and made one again, it is what the network found.
  document.save()
  assert not SessionFolder(session, overwrite=False).is_corrected('masks/x.tif')


def test_one_click_cuts_a_pair_where_it_is_narrow(document):
  apply(document, 'paint', points=[[30, 30], [30, 46]], radius_px=1)
  apply(document, 'paint', points=[[30, 50]], radius_px=8, id=2)
  whole = area(document, 2)
  apply(document, 'split', points=[[30, 30]])
  parts = area(document, 2), area(document, 5)
  assert sum(parts) == whole and min(parts) > 0.4 * whole


def test_objects_apart_are_made_one_by_a_bridge(document):
  apply(document, 'merge', points=[[80, 40], [80, 120]])
  assert (document.ids[80, 40:120] == 3).all() and 4 not in states(document)
  with pytest.raises(InputError, match='1 object under the stroke'):
    apply(document, 'merge', points=[[80, 40], [80, 41]])


def test_a_missed_object_grows_from_one_click(document):
  apply(document, 'grow', row=31.5, column=79.5)
  grown, there = document.ids == 5, reviews.discs([(30, 80)])
  assert (grown & there).sum() > 0.8 * (grown | there).sum()
  with pytest.raises(InputError, match='object 5 is there already'):
    apply(document, 'grow', row=31.5, column=79.5)


def test_a_threshold_leaves_alone_what_a_person_decided(document):
  apply(document, 'toggle', row=14, column=140)
  apply(document, 'toggle', row=80, column=40)
  apply(document, 'polygon', points=[[100, 90], [100, 99], [110, 95]])
  drawn = document.ids == 5
  change = apply(document, 'threshold', value=0.3)
  assert document.threshold == 0.3
  assert change.text == 'threshold 0.3: 4 objects'
  np.testing.assert_array_equal(document.ids == 5, drawn)
  # Below the threshold before, and found now; what was taken out stays out.
  assert document.ids[30, 80] and not document.ids[80, 40]
  assert area(document, 2) > reviews.discs([(30, 30)]).sum()
  document.undo()
  assert document.threshold == 0.5 and not document.ids[30, 80]
  with pytest.raises(InputError, match='nothing changes'):
    apply(document, 'threshold', value=0.5)


def test_a_threshold_needs_a_network(session, tmp_path):
  (session / 'probabilities/y.tif').unlink()
  with (
    Review.open(reviews.copy_of(session, tmp_path / 'b')) as review,
    pytest.raises(InputError, match='no network looked at this image'),
  ):
    apply(review.document('y'), 'threshold', value=0.5)


@pytest.mark.parametrize(
  ('fields', 'said'),
  [
    ({'kind': 'toggle', 'row': 1, 'column': 1}, 'version: is missing'),
    ({'kind': 'toggle', 'row': 1, 'version': 0}, 'column is missing'),
    ({'kind': 'fly', 'version': 0}, 'kind=fly: is no operation'),
    ({'kind': 'toggle', 'row': 500, 'column': 1, 'version': 0}, 'row=500'),
    ({'kind': 'done', 'value': 1, 'version': 0}, 'value=1 is not true'),
    ({'kind': 'paint', 'points': [[1]], 'radius_px': 2, 'version': 0}, 'give'),
    (
      {'kind': 'line', 'points': [[1, 1]], 'width_px': 3, 'version': 0},
      '1 poi',
    ),
    ({'kind': 'done', 'value': True, 'more': 1, 'version': 0}, 'has no more'),
    ({'kind': 'threshold', 'value': '0.5', 'version': 0}, 'value=0.5 is not'),
    ({'kind': 'threshold', 'value': float('nan'), 'version': 0}, 'value=nan'),
    ('toggle', 'is no JSON object'),
  ],
)
def test_nonsense_is_refused_in_one_line(document, fields, said):
  before = layers(document)
  with pytest.raises(InputError, match=said) as caught:
    document.apply(fields)
  assert len(str(caught.value).splitlines()) == 1
  for one, two in zip(before, layers(document)):
    np.testing.assert_array_equal(one, two)
  assert document.version == 0 and not document.can_undo


def test_what_was_made_on_another_version_is_refused(document):
  apply(document, 'toggle', row=14, column=140)
  with pytest.raises(OutdatedError, match='in another window'):
    document.apply({'kind': 'done', 'value': True, 'version': 0})


def random_operation(rng, document):
  height, width = document.shape
  place = {'row': rng.uniform(0, height), 'column': rng.uniform(0, width)}
  points = (rng.uniform(0, 1, (4, 2)) * document.shape).tolist()
  stroke = {'points': points[:2], 'radius_px': rng.uniform(1, 9)}
  return [
    {'kind': 'toggle', **place},
    {'kind': 'grow', **place},
    {'kind': 'paint', **stroke},
    {'kind': 'paint', **stroke, 'erase': True},
    {'kind': 'polygon', 'points': points},
    {'kind': 'line', 'points': points[:2], 'width_px': 3, 'snap': True},
    {'kind': 'split', 'points': points[:2]},
    {'kind': 'merge', 'points': points[:2]},
    {'kind': 'threshold', 'value': rng.uniform(0.2, 0.9)},
    {'kind': 'region', 'points': points, 'value': int(rng.integers(3))},
  ][rng.integers(10)]


def test_undo_comes_back_to_each_state_also_after_a_restart(session):
  """States are compared with copies that were taken at their time."""
  rng, kept = np.random.default_rng(4), []
  with Review.open(session) as review:
    document = review.document('x')
    kept.append(layers(document))
    while len(kept) < 25:
      try:
        document.apply(
          {**random_operation(rng, document), 'version': document.version}
        )
      except InputError:
        continue
      kept.append(layers(document))
      boxes = {one.id: one.box for one in document.objects()}
      assert set(boxes) >= set(np.unique(document.ids)) - {0}
  for _ in range(2):
    with Review.open(session) as review:
      document = review.document('x')
      for state in reversed(kept[:-1]):
        document.undo()
        for one, two in zip(state, layers(document)):
          np.testing.assert_array_equal(one, two)
      with pytest.raises(InputError, match='no change to take back'):
        document.undo()
      assert not document.by_hand
    with Review.open(session) as review:
      document = review.document('x')
      for state in kept[1:]:
        document.redo()
        for one, two in zip(state, layers(document)):
          np.testing.assert_array_equal(one, two)
      assert not document.can_redo


def test_all_undone_the_folder_is_as_predict_left_it(session, made_session):
  with Review.open(session) as review:
    document = review.document('x')
    apply(document, 'toggle', row=14, column=140)
    apply(document, 'region', points=[[0, 0], [0, 40], [40, 0]], value=2)
    apply(document, 'region', points=[[60, 0], [60, 40], [99, 0]], value=1)
    review.save()
    assert read_mask(session / 'ignore/x.tif')[70, 5]
    assert not read_mask(session / 'valid/x.tif')[5, 5]
    for _ in range(3):
      document.undo()
  for kind in ('masks', 'images'):
    for path in (made_session / kind).iterdir():
      assert path.read_bytes() == (session / kind / path.name).read_bytes()
  assert not [*(session / 'ignore').iterdir(), *(session / 'valid').iterdir()]


def lines_of(path):
  return path.read_bytes().splitlines(keepends=True)


def test_a_line_that_a_kill_tore_is_cut_off(session):
  with Review.open(session) as review:
    apply(review.document('x'), 'toggle', row=14, column=140)
    kept = layers(review.document('x'))
  path = session / 'review/x.jsonl'
  whole = path.read_bytes()
  [change] = [one for one in lines_of(path) if b'"line":"do"' in one]
  for torn in (change[:60], b'\0' * 30, change[:-1], b'{}\n'):
    path.write_bytes(whole + torn)
    with Review.open(session) as review:
      document = review.document('x')
      assert document.version == 1
      for one, two in zip(kept, layers(document)):
        np.testing.assert_array_equal(one, two)
    assert path.read_bytes() == whole


def test_a_change_whose_mask_was_not_written_yet_is_not_lost(session):
  """As a kill leaves it between the journal and the mask."""
  mask, path = session / 'masks/x.tif', session / 'review/x.jsonl'
  with Review.open(session) as review:
    apply(review.document('x'), 'toggle', row=14, column=140)
    review.save()
    before = mask.read_bytes()
    apply(review.document('x'), 'toggle', row=80, column=40)
    kept = layers(review.document('x'))
  lines = lines_of(path)
  last = max(n for n, one in enumerate(lines) if b'"line":"do"' in one)
  path.write_bytes(b''.join(lines[: last + 1]))
  mask.write_bytes(before)
  with Review.open(session) as review:
    document = review.document('x')
    assert document.version == 2 and document.unsaved
    for one, two in zip(kept, layers(document)):
      np.testing.assert_array_equal(one, two)
  np.testing.assert_array_equal(read_mask(mask), kept[0] > 0)


def test_a_damaged_journal_is_told_in_one_line(session):
  with Review.open(session) as review:
    apply(review.document('x'), 'toggle', row=14, column=140)
  path = session / 'review/x.jsonl'
  lines = lines_of(path)
  path.write_bytes(lines[0] + b'{"line": "fly"}\n' + b''.join(lines[1:]))
  with pytest.raises(InputError, match='line 2 is damaged') as caught:
    Review.open(session)
  assert len(str(caught.value).splitlines()) == 1
  path.write_bytes(b''.join(lines))
  base = session / 'review/x.npz'
  base.write_bytes(base.read_bytes()[:-1] + b'?')
  with (
    Review.open(session) as review,
    pytest.raises(InputError, match='is not what the journal begins from'),
  ):
    review.document('x')


def test_what_another_program_changed_is_a_change_like_others(session):
  with Review.open(session) as review:
    apply(review.document('x'), 'toggle', row=14, column=140)
    kept = layers(review.document('x'))
  path = session / 'masks/x.tif'
  changed = read_mask(path)
  changed[100:110, 100:110] = True
  changed[70:90, 30:50] = False
  path.unlink()
  reviews.write_mask(path, changed, pixel_size_nm=reviews.PIXEL_SIZE_NM)
  with Review.open(session) as review:
    document = review.document('x')
    np.testing.assert_array_equal(document.ids > 0, changed)
    # What stayed has the number that it had; what went can come in again.
    assert document.ids[30, 30] == 2 and document.removed[80, 40] == 3
    assert document.version == 2
    document.undo()
    for one, two in zip(kept, layers(document)):
      np.testing.assert_array_equal(one, two)


def test_a_second_process_is_told(session):
  with Review.open(session), pytest.raises(InputError, match='is at work here'):
    Review.open(session)
  with Review.open(session) as review:
    assert [one.name for one in review.images] == ['x', 'y']


def test_the_list_knows_what_was_done_before(session):
  with Review.open(session) as review:
    apply(review.document('x'), 'toggle', row=14, column=140)
    apply(review.document('x'), 'done', value=True)
    assert review.images[0].done
  with Review.open(session) as review:
    x, y = review.images
    assert (x.done, x.corrected_objects) == (True, 1)
    assert (y.done, y.corrected_objects) == (False, 0)
  edits = SessionFolder(session, overwrite=False).record_of('x').edits
  assert (edits['corrected'], edits['objects']) == (1, 4)


def test_what_is_no_session_is_refused(tmp_path, session):
  with pytest.raises(InputError, match='is no session'):
    Review.open(tmp_path / 'nothing')
  index = session / 'session.json'
  content = json.loads(index.read_text())
  index.write_text(json.dumps({**content, 'asked': None}))
  with pytest.raises(InputError, match='an older version'):
    Review.open(session)
