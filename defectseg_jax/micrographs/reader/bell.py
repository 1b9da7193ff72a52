"""How one process wakes another, so that both are at work at once.

Whoever writes into a pipe tells Linux that he will wait for an answer: the
other process is put on the same processor, and this one waits its turn there.
An event says nothing of the kind.
"""

import contextlib
import os
import select
from typing import BinaryIO


def create_bell() -> int | None:
  """The descriptor of a bell; None where the system has no events.

  Raises:
    OSError: there is no room for another one.
  """
  if not hasattr(os, 'eventfd'):
    return None
  return os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)


def ring(bell: int | None) -> None:
  """Says that something was written into the pipe."""
  if bell is not None:
    os.eventfd_write(bell, 1)


def wait_for(bell: int | None, stream: BinaryIO) -> None:
  """Waits until the bell was rung, or nobody is left who writes.

  Args:
    bell: of `create_bell`; without one there is no need to wait here.
    stream: the pipe, which is not read here.
  """
  if bell is None:
    return
  poll = select.poll()
  poll.register(bell, select.POLLIN)
  # Of its end alone: what is written into it wakes nobody.
  poll.register(stream, 0)
  poll.poll()
  # Nobody rang if it was the end.
  with contextlib.suppress(BlockingIOError):
    os.eventfd_read(bell)
