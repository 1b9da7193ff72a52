"""SIGTERM, SIGUSR1, Ctrl-C: save, and leave with exit code 0 within seconds.

Python runs a signal's handler between two bytecodes of the main thread, and so
not while XLA compiles there. But the interpreter writes the signal's number
into a pipe at once, and a thread of its own reads it. As long as nothing would
be lost that thread ends the process; later it raises a flag that the training
loop looks at after each step.

SIGUSR1 is what Slurm sends ahead of a job's time limit (launch/slurm_job.sh).
It may come beside a SIGTERM, so it is never taken for impatience.
"""

import os
import signal
import sys
import threading

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Stopped(Exception):
  """The user asked to stop, and what was half done has been taken away."""


class Interruption:
  """Turns a signal into a flag; a second SIGTERM or SIGINT kills."""

  def __init__(self):
    """Starts listening. Call from the main thread."""
    self._requested = threading.Event()
    self._lock = threading.Lock()
    self._something_to_save = False
    self._speaks = True
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for number in SIGNALS:
      signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer)
    threading.Thread(target=self._listen, args=[reader], daemon=True).start()

  def requested(self) -> bool:
    """Whether the process has been asked to stop."""
    return self._requested.is_set()

  def check(self) -> None:
    """Raises Stopped if the process has been asked to stop."""
    if self.requested():
      raise Stopped

  def shared(self, *, speaks: bool) -> None:
    """From now on signals wait until all processes of the run `leave`.

    Args:
      speaks: whether this is the process that says so.
    """
    with self._lock:
      self._something_to_save = True
      self._speaks = speaks

  def something_to_save(self) -> None:
    """From now on the first signal waits for the loop to save."""
    with self._lock:
      self._something_to_save = True

  def nothing_to_save(self) -> None:
    """From now on the first signal ends the process at once."""
    with self._lock:
      self._something_to_save = False
      if self._requested.is_set():
        self.leave()

  def leave(self) -> None:
    """Ends the process: it was asked to stop, and all is saved."""
    if self._speaks:
      # Past rich, whose bar has hidden the cursor and will not bring it back.
      show_cursor = '\x1b[?25h' if sys.__stdout__.isatty() else ''
      sys.__stdout__.write(
        f'{show_cursor}\nStopped. The same command goes on from here.\n'
      )
      sys.__stdout__.flush()
    os._exit(0)

  def _listen(self, reader):
    impatient = False
    while True:
      number = os.read(reader, 1)[0]
      if number not in SIGNALS:
        continue
      if impatient and number != signal.SIGUSR1:
        os._exit(1)
      impatient |= number != signal.SIGUSR1
      with self._lock:
        self._requested.set()
        if not self._something_to_save:
          self.leave()
