"""Takes from Python what Windows has not, as far as this can be done here.

Its folder stands in PYTHONPATH of a program and of all that it starts. What a
system does by itself cannot be told from here: paths with drives, names that
differ in case alone, how long a path may be.
"""

import contextlib
import errno
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import types
from collections.abc import Callable
from typing import Any

from missing_on_windows import MODULES, OF_OS, OF_SIGNAL

# F_OFD_SETLK of Linux, which Python does not name: a lock of the open file, and
# not of the process, as on Windows.
_OF_THE_OPEN_FILE = 37


def _pretend() -> None:
  # What follows stands on them.
  import fcntl
  import tempfile  # noqa: F401

  sys.modules['msvcrt'] = _msvcrt(fcntl)
  for name in MODULES:
    sys.modules[name] = None  # type: ignore[assignment]
  for module, names in ((os, OF_OS), (signal, OF_SIGNAL)):
    for name in names:
      if hasattr(module, name):
        delattr(module, name)
  os.O_BINARY = 0  # type: ignore[attr-defined]
  os.open = _open(os.open)
  os.fsync = _fsync(os.fsync)
  for name in ('replace', 'rename', 'unlink', 'remove', 'rmdir'):
    setattr(os, name, _of_no_open_file(getattr(os, name), name))
  # It would remove by descriptors of folders, which Windows has not.
  shutil._use_fd_functions = False  # type: ignore[attr-defined]
  subprocess.Popen.kill = subprocess.Popen.terminate = _kill  # type: ignore
  subprocess._USE_POSIX_SPAWN = False  # type: ignore[attr-defined]
  subprocess.Popen.__init__ = _popen(subprocess.Popen.__init__)  # type: ignore


def _kill(process: subprocess.Popen) -> None:
  if process.poll() is None:
    os.kill(process.pid, 9)


def _msvcrt(fcntl: Any) -> types.ModuleType:
  """Locks of ranges, by those of Linux; `locking` begins where the file is."""
  module = types.ModuleType('msvcrt')
  module.LK_NBLCK, module.LK_UNLCK = 2, 0  # type: ignore[attr-defined]

  def locking(file: int, mode: int, size: int) -> None:
    begin = os.lseek(file, 0, os.SEEK_CUR)
    kind = fcntl.F_WRLCK if mode == module.LK_NBLCK else fcntl.F_UNLCK
    lock = struct.pack('hhqqi4x', kind, os.SEEK_SET, begin, size, 0)
    try:
      fcntl.fcntl(file, _OF_THE_OPEN_FILE, lock)
    except (BlockingIOError, PermissionError) as error:
      raise PermissionError(errno.EACCES, 'Permission denied') from error

  module.locking = locking  # type: ignore[attr-defined]
  return module


def _open(before: Callable[..., int]) -> Callable[..., int]:
  def opened(path: Any, flags: int, *rest: Any, **named: Any) -> int:
    if os.path.isdir(path):
      raise PermissionError(errno.EACCES, 'Permission denied', str(path))
    return before(path, flags, *rest, **named)

  return opened


def _fsync(before: Callable[[int], None]) -> Callable[[int], None]:
  def fsync(file: Any) -> None:
    number = file if isinstance(file, int) else file.fileno()
    flags = pathlib.Path(f'/proc/self/fdinfo/{number}').read_text('utf-8')
    mode = int(flags.split('flags:')[1].split()[0], 8) & os.O_ACCMODE
    if mode == os.O_RDONLY:
      raise OSError(errno.EBADF, 'Bad file descriptor')
    before(file)

  return fsync


def _of_no_open_file(
  before: Callable[..., None], name: str
) -> Callable[..., None]:
  """Of files that are open, here or in a process started here, or mapped."""

  def changed(path: Any, *rest: Any, **named: Any) -> None:
    for one in (path, *rest[:1]):
      if os.path.realpath(one) in _in_use():
        raise PermissionError(errno.EACCES, 'It is in use', str(one))
    if name in ('replace', 'rename') and os.path.isdir(path):
      if os.path.exists(rest[0]):
        raise PermissionError(errno.EACCES, 'Access is denied', str(path))
      inner = os.path.realpath(path) + os.sep
      if any(one.startswith(inner) for one in _in_use()):
        raise PermissionError(errno.EACCES, 'A file in it is in use', str(path))
    before(path, *rest, **named)

  return changed


def _in_use() -> set[str]:
  found = set()
  for number in os.listdir('/proc/self/fd'):
    with contextlib.suppress(OSError):
      found.add(os.readlink(f'/proc/self/fd/{number}'))
  with open('/proc/self/maps', encoding='utf-8') as maps:
    found |= {line.split(None, 5)[5].strip() for line in maps if '/' in line}
  return found


def _popen(before: Callable[..., None]) -> Callable[..., None]:
  def init(self: Any, *words: Any, **named: Any) -> None:
    for name in ('pass_fds', 'preexec_fn'):
      if named.get(name):
        raise ValueError(f'{name} is not supported on Windows platforms')
    before(self, *words, **named)

  return init


_pretend()
