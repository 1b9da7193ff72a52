"""The order in which images teach most."""

import dataclasses

import numpy as np

from defectseg_jax.review.desk import Desk
from defectseg_jax.review.opening import ReviewImage
from defectseg_jax.review.review import Review
from tests import reviews
from tests.review import fakes


@dataclasses.dataclass
class Listed(fakes.FakeReview):
  """Images that a test makes up."""

  listed: tuple[ReviewImage, ...] = ()

  @property
  def images(self):
    return list(self.listed)

  def doubt(self, name):
    return {'a': 0.1, 'b': 0.9, 'c': 0.5, 'd': 0.7}[name]


def _desk(*rows):
  listed = tuple(
    ReviewImage(name, 8, 8, done, 0, applies, None, order)
    for name, done, applies, order in rows
  )
  return Desk(Listed({}, listed=listed))  # pyright: ignore


def test_the_verdict_goes_first_and_what_is_accepted_last():
  desk = _desk(
    ('a', False, 'applies', 2),
    ('b', True, 'does not apply', 0),
    ('c', False, 'check', 1),
    ('d', False, 'applies', 3),
  )
  assert desk.order([]) == ['c', 'a', 'd', 'b']
  # A network that learnt knows better.
  assert desk.order(['d', 'c', 'a']) == ['d', 'c', 'a', 'b']


def test_without_references_the_networks_own_doubt_tells():
  desk = _desk(*((name, False, None, n) for n, name in enumerate('abcd')))
  assert desk.order([]) == ['b', 'd', 'c', 'a']
  assert desk.order(['c']) == ['c', 'a', 'b', 'd']


def test_a_map_that_is_a_guess_is_doubted_and_bare_images_are_not(tmp_path):
  there = reviews.discs([(30, 30), (80, 100)])
  folder = reviews.write_session(
    tmp_path / 'out',
    {'clear': (there, there), 'faint': (there, there)},
  )
  path = folder / 'probabilities/faint.tif'
  guess = np.full(there.shape, 0.4, np.float32)
  path.unlink()
  reviews.write_tiff(path, guess, pixel_size_nm=0.5)
  with Review.open(folder) as review:
    assert Desk(review).order([]) == ['faint', 'clear']
