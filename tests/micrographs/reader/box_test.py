"""Numbers go by the box in any amount, and nobody waits for the dead."""

import os
import threading

import numpy as np
import pytest

from defectseg_jax.micrographs.reader import box


class _Both:
  """Both sides, in one process."""

  def __init__(self):
    self.memory = box.create_box()
    self.streams = []
    filled, emptied = os.pipe(), os.pipe()
    self.streams = [
      os.fdopen(one, mode, buffering=0)
      for one, mode in zip((*filled, *emptied), ('rb', 'wb', 'rb', 'wb'))
    ]
    was_filled, fill, was_emptied, empty = self.streams
    self.filler = box.Filler(self.memory, fill, was_emptied)
    self.emptier = box.Emptier(self.memory, was_filled, empty)

  def close(self):
    for stream in self.streams:
      stream.close()


@pytest.fixture
def both():
  made = _Both()
  yield made
  made.close()
  made.emptier.close()


@pytest.mark.parametrize('places', [0.5, 1, 1.5, 2, 7.25])
def test_what_is_put_in_comes_out(both, places):
  length = int(places * box._PLACE_BYTES)
  sent = np.random.default_rng(0).integers(0, 256, length, np.uint8)

  def put():
    for _ in range(2):
      both.filler.put(memoryview(sent))
      both.filler.finish()

  thread = threading.Thread(target=put)
  thread.start()
  for _ in range(2):
    taken = np.empty(length, np.uint8)
    both.emptier.take(memoryview(taken))
    np.testing.assert_array_equal(taken, sent)
  thread.join()
  # However much goes through it, it stays small.
  most = box._PLACES * box._PLACE_BYTES
  assert os.fstat(both.memory).st_size <= most


def test_one_that_promised_too_much_is_noticed(both):
  both.filler.put(memoryview(b'12345'))
  with pytest.raises(box.BoxError, match='too little'):
    both.emptier.take(memoryview(bytearray(6)))
  both.streams[1].write(b'x')
  with pytest.raises(box.BoxError, match='ended'):
    both.emptier.take(memoryview(bytearray(6)))


def test_the_dead_are_not_waited_for(both):
  both.filler.put(memoryview(b'12345'))
  both.streams[1].close()
  both.emptier.take(memoryview(bytearray(5)))
  with pytest.raises(box.BoxError, match='ended'):
    both.emptier.take(memoryview(bytearray(5)))
  both.streams[3].close()
  both.filler.finish()
  both.filler._full = 1
  with pytest.raises(box.BoxError, match='nobody'):
    both.filler.finish()
