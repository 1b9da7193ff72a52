"""SIGTERM and Ctrl-C: save, and leave with exit code 0 within seconds.

Python runs a signal's handler between two bytecodes of the main thread, and so
not while XLA compiles there. But the interpreter writes the signal's number
into a pipe at once, and a thread of its own reads it. As long as nothing would
be lost that thread ends the process; later it raises a flag that the training
loop looks at after each step.
"""

import os
import signal
import sys
import threading

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(Exception):
  """The user asked to stop, and what was half done has been taken away."""


class Interruption:
  """Turns the first SIGTERM or SIGINT into a flag; a second one kills."""

  def __init__(self):
    """Starts listening. Call from the main thread."""
    self._requested = threading.Event()
    self._lock = threading.Lock()
    self._something_to_save = False
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

  def something_to_save(self) -> None:
    """From now on the first signal waits for the loop to save."""
    with self._lock:
      self._something_to_save = True

  def nothing_to_save(self) -> None:
    """From now on the first signal ends the process at once."""
    with self._lock:
      self._something_to_save = False
      if self._requested.is_set():
        self._leave()

  def _listen(self, reader):
    while os.read(reader, 1)[0] not in SIGNALS:
      pass
    with self._lock:
      self._requested.set()
      if not self._something_to_save:
        self._leave()
    while os.read(reader, 1)[0] not in SIGNALS:
      pass
    os._exit(1)

  def _leave(self):
    # Past rich, whose bar has hidden the cursor and will not bring it back.
    show_cursor = '\x1b[?25h' if sys.__stdout__.isatty() else ''
    sys.__stdout__.write(
      f'{show_cursor}\nStopped. The same command goes on from here.\n'
    )
    sys.__stdout__.flush()
    os._exit(0)
