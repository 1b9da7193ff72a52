"""Signals that a process which is started is not to have."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator

# They are meant for whoever asks, who ends this process or still needs it.
# Slurm, a terminal and a batch system send them to all processes of a job.
_NOT_FOR_IT = 'INT', 'TERM', 'HUP', 'QUIT', 'USR1', 'USR2', 'TSTP'


@contextlib.contextmanager
def without_signals() -> Iterator[int]:
  """What is started in the block gets none of `_NOT_FOR_IT`; flags for it.

  From its first moment on; a handler of its own would come too late.
  """
  if not hasattr(signal, 'pthread_sigmask'):
    # Windows sends Ctrl-C to the group of processes that a terminal has.
    yield getattr(subprocess, 'CREATE_NEW_PROCESS_GROUP', 0)
    return
  numbers = [getattr(signal, f'SIG{name}') for name in _NOT_FOR_IT]
  before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
  try:
    yield 0
  finally:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
