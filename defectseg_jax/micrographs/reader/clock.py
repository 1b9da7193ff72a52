"""How long the process that reads is waited for, where it has no timer."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from defectseg_jax.micrographs.reader.bounds import HAS_TIMERS
from defectseg_jax.micrographs.reader.messages import MessageError


class Clock:
  """Counts what is waited for the images of one file, together.

  Attributes:
    is_over: whether the process was ended, since it took too long.
  """

  def __init__(
    self, seconds: float = 0.0, end: Callable[[], None] = lambda: None
  ) -> None:
    """Does not run yet.

    Args:
      seconds: after which the process is ended.
      end: ends it.
    """
    self._left, self._end, self.is_over = seconds, end, False

  @contextlib.contextmanager
  def running(self) -> Iterator[None]:
    """Runs in the block; nothing is counted where the process has timers.

    Raises:
      MessageError: the process was ended meanwhile.
    """
    if HAS_TIMERS:
      yield
      return
    timer = threading.Timer(self._left, self._stop)
    timer.daemon = True
    began = time.monotonic()
    timer.start()
    try:
      yield
    finally:
      timer.cancel()
      # It may be ending the process just now.
      timer.join()
      self._left = max(0.0, self._left - (time.monotonic() - began))
    if self.is_over:
      raise MessageError('it took too long')

  def _stop(self) -> None:
    self.is_over = True
    self._end()
