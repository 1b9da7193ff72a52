"""Rims that no person meant are no objects, and not taken out ones either."""

import numpy as np
import pytest
import reviews
from reviews import apply

from defectseg_jax.review import objects
from defectseg_jax.review.review import Review

# Two discs that were found as one object.
PAIR = [(60, 50), (60, 70)]
RADIUS = 12.0


@pytest.fixture
def document(tmp_path):
  mask = reviews.discs(PAIR, radius=RADIUS)
  folder = reviews.write_session(tmp_path / 'out', {'x': (mask, mask)})
  with Review.open(folder) as review:
    yield review.document('x')


def grown_to(monkeypatch, mask):
  """The next click grows just this."""
  box = (0, 0, *mask.shape)
  monkeypatch.setattr(objects, 'grow_object', lambda *_, **__: (box, mask))


def test_halves_of_a_merged_object_leave_no_rim_behind(document, monkeypatch):
  merged = document.ids > 0
  apply(document, 'toggle', row=60, column=60)
  grown_to(monkeypatch, reviews.discs(PAIR[:1], radius=RADIUS - 2))
  apply(document, 'grow', row=60, column=50)
  # The other half is still what was taken out; it can come in again.
  states = [one.state for one in document.objects()]
  assert states == ['drawn', 'out'] and document.removed[60, 72] == 1
  grown_to(monkeypatch, reviews.discs(PAIR[1:], radius=RADIUS - 2))
  apply(document, 'grow', row=60, column=70)
  assert [one.state for one in document.objects()] == ['drawn', 'drawn']
  assert not document.removed.any()
  assert document.numbers()['changes'] == '2 of 2 objects corrected by hand'
  for _ in range(3):
    document.undo()
  np.testing.assert_array_equal(document.ids > 0, merged)
  assert not document.removed.any()


def test_a_small_object_beside_a_large_one_stays_out(tmp_path, monkeypatch):
  mask = reviews.discs([(60, 60)], radius=30) | reviews.discs(
    [(60, 96)], radius=8
  )
  folder = reviews.write_session(tmp_path / 'out', {'x': (mask, mask)})
  with Review.open(folder) as review:
    document = review.document('x')
    apply(document, 'toggle', row=60, column=60)
    grown_to(monkeypatch, reviews.discs([(60, 60)], radius=28))
    apply(document, 'grow', row=60, column=60)
    # It is as thick as discs of its size are; so it is no rim.
    assert document.removed[60, 97] == 1


def test_what_grows_past_another_object_is_the_piece_clicked(
  document, monkeypatch
):
  apply(document, 'toggle', row=60, column=60)
  grown_to(monkeypatch, reviews.discs(PAIR[:1], radius=RADIUS - 1))
  apply(document, 'grow', row=60, column=50)
  # Around both: left of the first, a sliver would be an object.
  grown_to(monkeypatch, reviews.discs(PAIR, radius=RADIUS))
  apply(document, 'grow', row=60, column=75)
  objects_now = [one for one in document.objects() if one.state != 'out']
  assert len(objects_now) == 2
  assert document.ids[60, 75] == objects_now[1].id
