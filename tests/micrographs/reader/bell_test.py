"""A bell wakes once for each time that it was rung, and at the end."""

import os
import threading

import pytest

from defectseg_jax.micrographs.reader import bell


@pytest.fixture
def pipe():
  read, write = os.pipe()
  ends = [os.fdopen(read, 'rb', buffering=0), os.fdopen(write, 'wb', 0)]
  yield ends
  for end in ends:
    end.close()


@pytest.fixture
def made():
  one = bell.create_bell()
  yield one
  os.close(one)


def _waits(made, stream):
  """A thread that waits, and an event that says that it was woken."""
  woken = threading.Event()

  def wait():
    bell.wait_for(made, stream)
    woken.set()

  thread = threading.Thread(target=wait, daemon=True)
  thread.start()
  return woken


@pytest.mark.skipif(not hasattr(os, 'eventfd'), reason='needs Linux')
def test_it_wakes_when_it_is_rung_and_what_is_written_does_not(made, pipe):
  read, write = pipe
  for _ in range(2):
    woken = _waits(made, read)
    write.write(b'x')
    assert not woken.wait(0.05)
    bell.ring(made)
    assert woken.wait(10)
    assert read.read(1) == b'x'


def test_one_that_was_rung_before_is_not_waited_for(made, pipe):
  bell.ring(made)
  bell.wait_for(made, pipe[0])


def test_the_end_wakes(made, pipe):
  woken = _waits(made, pipe[0])
  pipe[1].close()
  assert woken.wait(10)
