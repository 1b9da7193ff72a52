"""What a network that learnt proposes, taken by a document and undone."""

import json

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.review.review import Review
from tests import reviews

_PLACES = [(30, 30), (30, 80), (90, 30)]


@pytest.fixture
def folder(tmp_path):
  """Two of three discs were found, and a false one."""
  there = reviews.discs(_PLACES)
  found = reviews.discs([*_PLACES[:2], (90, 120)])
  return reviews.write_session(tmp_path / 'results', {'foil': (there, found)})


def _propose(folder, places, number=1, threshold=0.7):
  """What lesson_program leaves."""
  lesson = folder / f'teaching/{number}'
  mask = reviews.discs(places)
  for kind, write, pixels in (
    ('masks', write_mask, mask),
    ('probabilities', write_tiff, (0.9 * mask).astype(np.float32)),
  ):
    (lesson / kind).mkdir(parents=True)
    write(lesson / kind / 'foil.tif', pixels, pixel_size_nm=0.5)
  limits = {'threshold': threshold, 'least_peak': 0.0}
  (lesson / 'limits.json').write_text(json.dumps(limits))


def _apply(document, **operation):
  return document.apply({**operation, 'version': document.version})


def _probability(document, row, column):
  assert document.probabilities is not None
  return document.probabilities[row, column]


def test_a_proposal_replaces_the_network_and_not_the_person(folder):
  _propose(folder, [_PLACES[0], _PLACES[2], (90, 120)])
  with Review.open(folder) as review:
    document = review.document('foil')
    # The person takes the false one out, and draws one of their own.
    _apply(document, kind='toggle', row=90, column=120)
    square = [[60, 60], [60, 70], [70, 70], [70, 60]]
    _apply(document, kind='polygon', points=square, erase=False, id=None)
    before = document.ids.copy()
    change = _apply(document, kind='proposal', value=1)
    assert 'proposal 1: 3 objects' in change.text
    # Found by both, missed by the old one, and the person's own.
    assert document.ids[30, 30] == before[30, 30] > 0
    assert document.ids[90, 30] > 0 and document.ids[65, 65] == before[65, 65]
    # No longer found; and what was taken out stays out.
    assert document.ids[30, 80] == 0 and document.ids[90, 120] == 0
    assert document.threshold == 0.7
    assert _probability(document, 90, 30) == np.float32(0.9)
    states = {one.id: one.state for one in document.objects()}
    assert states[document.ids[90, 30]] == 'network'
    after = document.ids.copy()
    document.undo()
    np.testing.assert_array_equal(document.ids, before)
    assert document.threshold == reviews.LIMITS.threshold
    assert _probability(document, 90, 120) < 0.5
    document.redo()
    np.testing.assert_array_equal(document.ids, after)


def test_a_proposal_holds_after_a_restart_with_its_threshold(folder):
  _propose(folder, _PLACES)
  with Review.open(folder) as review:
    _apply(review.document('foil'), kind='proposal', value=1)
    ids = review.document('foil').ids.copy()
  with Review.open(folder) as review:
    document = review.document('foil')
    np.testing.assert_array_equal(document.ids, ids)
    assert document.lesson == 1
    # The slider moves along the new network's probabilities.
    assert _apply(document, kind='threshold', value=0.95)
    assert not document.ids.any()
    document.undo()
    np.testing.assert_array_equal(document.ids, ids)


def test_what_no_lesson_proposes_is_refused_in_one_line(folder):
  with Review.open(folder) as review:
    document = review.document('foil')
    with pytest.raises(InputError, match='there is no such lesson'):
      _apply(document, kind='proposal', value=7)
    with pytest.raises(InputError, match='proposal: value=0 is not'):
      _apply(document, kind='proposal', value=0)
    assert not document.can_undo
