"""SIGTERM, SIGUSR1, Ctrl-C: save, and end within seconds.

Python runs a signal's handler between two bytecodes of the main thread, and so
not while XLA compiles there. But the interpreter writes the signal's number
into a pipe at once, and a thread of its own reads it. As long as nothing would
be lost that thread ends the process; later it raises a flag that the training
loop looks at after each step.

A process that was stopped, and has work left, ends with 128 and the number of
the signal, as shells count: 130 after Ctrl-C, 143 after SIGTERM, 138 after
SIGUSR1. One that has finished its work ends with 0, whatever it was sent.

SIGUSR1 is what Slurm sends ahead of a job's time limit (launch/slurm_job.sh).
It may come beside a SIGTERM, so it never counts as the second signal, which
ends the process without saving.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn, Protocol

# Windows has no SIGUSR1.
_NEVER_SECOND = getattr(signal, 'SIGUSR1', None)
SIGNALS = (
  *(signal.SIGTERM, signal.SIGINT),
  *([] if _NEVER_SECOND is None else [_NEVER_SECOND]),
)


class Stopped(Exception):
  """A signal asked the process to stop, and work is left.

  Whoever catches it takes away what is half done, and raises it again: the
  program ends with its `exit_code`.

  Attributes:
    exit_code: 128 and the signal's number.
  """

  def __init__(self, exit_code: int) -> None:
    """Keeps the exit code."""
    super().__init__(f'stopped by {_signal_name(exit_code)}')
    self.exit_code = exit_code


class MayStop(Protocol):
  """What a run, or a worker of a search, asks of an interruption."""

  def should_stop(self) -> bool:
    """As `Interruption`, all of them."""
    ...

  def exit_code(self) -> int:
    """What the process is to end with."""
    ...

  def defer_exit(self) -> None:
    """From now on a signal waits."""
    ...

  def allow_exit(self) -> None:
    """From now on a signal ends the process, or its worker."""
    ...

  def leave(
    self,
    exit_code: int | None = None,
    *,
    last: Callable[[], None] = lambda: None,
  ) -> NoReturn:
    """Ends the process."""
    ...


class Interruption:
  """Turns a signal into a flag; a second SIGTERM or SIGINT kills."""

  def __init__(self) -> None:
    """Starts listening. Call from the main thread."""
    self._lock = threading.Lock()
    self._number = 0
    self._deferred = False
    self._finished = False
    self._speaks = True
    reader, writer = os.pipe()
    # Windows has it for pipes since Python 3.12, and asks for it nowhere.
    if hasattr(os, 'set_blocking'):
      os.set_blocking(writer, False)
    for number in SIGNALS:
      signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer)
    threading.Thread(target=self._listen, args=[reader], daemon=True).start()

  def should_stop(self) -> bool:
    """Whether the process has been asked to stop."""
    return self._number != 0

  def exit_code(self) -> int:
    """What the process is to end with: 128 and the first signal's number.

    0 as long as nobody has asked it to stop.
    """
    return 128 + self._number if self._number else 0

  def check(self) -> None:
    """Raises Stopped if the process has been asked to stop."""
    if self.should_stop():
      raise Stopped(self.exit_code())

  def defer_exit(self) -> None:
    """From now on a signal waits: for `check`, `leave` or `allow_exit`."""
    with self._lock:
      self._deferred = True

  def allow_exit(self) -> None:
    """From now on a signal ends the process at once; so does one that waits."""
    with self._lock:
      self._deferred = False
      if self.should_stop():
        self.leave()

  def silence(self) -> None:
    """Leaves it to another process of the run to say that it has stopped."""
    self._speaks = False

  def finish(self) -> None:
    """From now on the first signal is ignored: all the work is done."""
    self._finished = True

  def leave(
    self,
    exit_code: int | None = None,
    *,
    last: Callable[[], None] = lambda: None,
  ) -> NoReturn:
    """Ends the process: it was asked to stop, and all is saved.

    Args:
      exit_code: of the signal that another process of the run was sent; None
        if it was this one.
      last: is called once the process has said that it stops.
    """
    code = exit_code or self.exit_code()
    # Past rich, whose bar has hidden the cursor and will not bring it back.
    stream = sys.__stdout__
    if self._speaks and stream:
      # Whoever reads what we print may have been stopped by the same Ctrl-C.
      with contextlib.suppress(OSError):
        show_cursor = '\x1b[?25h' if stream.isatty() else ''
        stream.write(
          f'{show_cursor}\nStopped by {_signal_name(code)}. The same command '
          'goes on from here.\n'
        )
        stream.flush()
    last()
    os._exit(code)

  def _listen(self, reader: int) -> None:
    impatient = False
    while True:
      number = os.read(reader, 1)[0]
      if number not in SIGNALS:
        continue
      if impatient and number != _NEVER_SECOND:
        os._exit(128 + number)
      impatient |= number != _NEVER_SECOND
      with self._lock:
        if self._finished:
          continue
        self._number = self._number or number
        if not self._deferred:
          self.leave()


def _signal_name(exit_code: int) -> str:
  """Of the signal that a process ended with such a code was sent."""
  return signal.Signals(exit_code - 128).name
