"""What ends the process that reads files where one takes too much.

Windows has neither limit: there `process` keeps the time, and nothing keeps the
memory.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

try:
  import resource
except ImportError:
  resource = None

HAS_TIMERS = hasattr(signal, 'setitimer')


def prepare_bounds() -> None:
  """Sees that they end this process, and that it leaves no image of itself."""
  if resource is not None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
  if HAS_TIMERS:
    # They end this process wherever it is, also in a library that loops.
    for bound in (signal.SIGALRM, signal.SIGPROF):
      signal.signal(bound, signal.SIG_DFL)
      signal.pthread_sigmask(signal.SIG_UNBLOCK, [bound])


def limit_memory(most_bytes: int) -> None:
  """Of what a process writes to; files that are mapped do not count."""
  if resource is None:
    return
  _, hard = resource.getrlimit(resource.RLIMIT_DATA)
  if hard != resource.RLIM_INFINITY:
    most_bytes = min(most_bytes, hard)
  # Not every system has this limit; the one of time is left there.
  with contextlib.suppress(OSError, ValueError):
    resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, hard))


@contextlib.contextmanager
def bounded_time(
  processor_s: float, seconds: float
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
  """Ends this process where the block takes longer.

  Args:
    processor_s: of time that is computed.
    seconds: by the clock.

  Yields:
    A context in which the clock stands.
  """
  if not HAS_TIMERS:
    yield contextlib.nullcontext
    return
  signal.setitimer(signal.ITIMER_PROF, processor_s)
  signal.setitimer(signal.ITIMER_REAL, seconds)
  try:
    yield _paused
  finally:
    for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
      signal.setitimer(timer, 0)


@contextlib.contextmanager
def _paused() -> Iterator[None]:
  left = signal.setitimer(signal.ITIMER_REAL, 0)[0]
  yield
  signal.setitimer(signal.ITIMER_REAL, left)
