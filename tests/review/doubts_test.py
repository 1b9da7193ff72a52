"""What to check first in an image whose answer is known by hand."""

import types

import numpy as np

from defectseg_jax.review.doubts import places_to_check


def document(**fields):
  """One object that is nearly none, and a region that is nearly one."""
  probabilities = np.zeros((60, 80), np.float32)
  probabilities[10:20, 10:20] = 0.55
  probabilities[40:50, 60:70] = 0.45
  given = {
    'shape': probabilities.shape,
    'ids': np.where(probabilities > 0.5, 7, 0),
    'probabilities': probabilities,
    'threshold': 0.5,
    'least_peak': None,
    'defect': 'voids',
  }
  return types.SimpleNamespace(**(given | fields))


def test_places_are_middles_and_say_why():
  found = places_to_check(document())
  assert {(one['id'], one['row'], one['column']) for one in found} == {
    (7, 15, 15),
    (None, 45, 65),
  }
  texts = {one['id']: one['text'] for one in found}
  assert texts[7].endswith('of the answer: mean probability 0.55')
  assert texts[None].endswith(
    'not counted, highest probability 0.45, threshold 0.50'
  )


def test_places_of_a_large_image_are_its_own_pixels():
  small = document()
  large = document(
    shape=(4096, 6144),
    ids=np.zeros((4096, 6144), np.int32),
    probabilities=np.zeros((4096, 6144), np.float32),
  )
  large.ids[300:360, 900:960] = 7
  large.probabilities[300:360, 900:960] = 0.55
  (one,) = places_to_check(large)
  assert abs(one['row'] - 330) <= 1.5 and abs(one['column'] - 930) <= 1.5
  assert one['text'].endswith('mean probability 0.55')
  assert places_to_check(small)[0]['id'] == 7


def test_without_a_network_there_is_nothing_to_doubt():
  assert places_to_check(document(probabilities=None)) == []
  assert places_to_check(document(threshold=None)) == []
