"""The program in a fork of a process that has its libraries, as process 1.

Half of a short run is the import of TensorFlow and JAX; and in a namespace of
its own each start has the same number, as in a container.
"""

import atexit
import contextlib
import importlib
import os
import pathlib
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any

from benchmarks import power_cut

_LIBRARIES = (
  'tensorflow',
  'tensorflow_datasets',
  'defectseg_jax.jobs.export',
  'defectseg_jax.jobs.predict',
  'defectseg_jax.jobs.quantify',
  'defectseg_jax.jobs.search',
  'defectseg_jax.jobs.simulate',
  'defectseg_jax.jobs.train',
  'scipy.signal',
  'skimage.measure',
  'skimage.morphology',
)
_POLL_S = 0.005


def import_libraries() -> None:
  """Imports what the program needs; nothing is computed with it yet."""
  for name in _LIBRARIES:
    importlib.import_module(name)


class Forked:
  """A started program.

  Attributes:
    code: that it ended with; below 0, the signal; None while it runs.
    same_number: whether it is process 1 of its own namespace.
  """

  def __init__(
    self,
    words: Sequence[str],
    log: pathlib.Path,
    *,
    notes: pathlib.Path | None = None,
  ) -> None:
    """Starts it.

    Args:
      words: its flags.
      log: where its output and errors go; what was there is replaced.
      notes: of `power_cut.watch`; None to watch nothing.
    """
    self.code: int | None = None
    reader, writer = os.pipe()
    self._outer = os.fork()
    if not self._outer:
      _start_inner(words, log, notes, writer)
    os.close(writer)
    with os.fdopen(reader) as stream:
      same, self._inner = map(int, stream.readline().split())
    self.same_number = bool(same)

  def wait(self, seconds: float) -> bool:
    """Waits so long for its end; whether it has ended."""
    until = time.monotonic() + seconds
    while self.code is None:
      ended, status = os.waitpid(self._outer, os.WNOHANG)
      if ended:
        code = os.waitstatus_to_exitcode(status)
        self.code = 128 - code if code > 128 else code
      elif time.monotonic() > until:
        return False
      else:
        time.sleep(_POLL_S)
    return True

  def kill(self) -> bool:
    """Kills it, with all that it started; whether it still ran."""
    if self.code is None:
      with contextlib.suppress(ProcessLookupError):
        os.kill(self._inner, signal.SIGKILL)
      self.wait(60)
    return self.code == -signal.SIGKILL


def _start_inner(
  words: Sequence[str],
  log: pathlib.Path,
  notes: pathlib.Path | None,
  writer: int,
) -> None:
  """In the first fork: makes the namespace, and the process in it."""
  # Linux, and Python 3.12 or later.
  unshare: Any = getattr(os, 'unshare', None)
  same = unshare is not None
  try:
    if same:
      unshare(getattr(os, 'CLONE_NEWPID'))  # noqa: B009
  except OSError:
    same = False
  inner = os.fork()
  if not inner:
    _run(words, log, notes)
  os.write(writer, f'{int(same)} {inner}\n'.encode())
  os.close(writer)
  code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
  os._exit(128 - code if code < 0 else code)


def _run(
  words: Sequence[str], log: pathlib.Path, notes: pathlib.Path | None
) -> None:
  """In the second fork: the program, to its end."""
  opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
  for number in (1, 2):
    os.dup2(opened, number)
  sys.argv = ['main.py', *words]
  if notes is not None:
    power_cut.watch(notes)
  code = 0
  try:
    runpy.run_module('defectseg_jax.main', run_name='__main__', alter_sys=True)
  except SystemExit as error:
    if isinstance(error.code, str):
      print(error.code, file=sys.stderr)
    code = error.code if isinstance(error.code, int) else int(bool(error.code))
  except BaseException:
    traceback.print_exc()
    code = 1
  finally:
    with contextlib.suppress(Exception):
      atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
      with contextlib.suppress(OSError, ValueError):
        stream.flush()
    os._exit(code)
