"""A lock between processes.

The lock is `flock`, and on Windows one of a byte: the system takes it away from
a process that ends, however that ends. It holds among the processes of a
machine, and among machines where the file system passes it on: NFSv4, NFSv3
with lockd, CephFS, GPFS, Lustre mounted with `flock`. A file system may have no
locks, which is known (`lock` yields False), or keep them to each machine, which
is not (Lustre with `localflock`, NFS with `nolock`). So what a second machine
would spoil does not hang on the lock alone: runtime/leases.py counts beats as
well, and search/study.py checks the number of each trial that it draws.
"""

import contextlib
import datetime
import os
import pathlib
import socket
import time
from collections.abc import Iterator

from defectseg_jax import disk

try:
  import fcntl

  def _lock(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:
  import msvcrt

  def _lock(file: int) -> None:
    # Nobody else may read there meanwhile: it is no byte that is there.
    os.lseek(file, 2**30, os.SEEK_SET)
    msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # pyright: ignore


# By eye: nobody notices the delay, and a file server bears the questions.
_LOOK_AGAIN_S = 0.05


class LockHeldError(Exception):
  """Another process has the lock; the message says which, in a few words."""


@contextlib.contextmanager
def lock(path: pathlib.Path, *, wait_s: float = 0.0) -> Iterator[bool]:
  """Keeps other processes, and other threads, out of the block.

  Args:
    path: of the lock's file, in a folder that exists. It stays there, and says
      who had the lock last. If it is removed inside of the block, it is made
      anew by the next.
    wait_s: how long to wait for another process to leave the block.

  Yields:
    Whether the lock is held; False where the file system has no locks.

  Raises:
    LockHeldError: another process has held it for all that time.
    OSError: the file cannot be made.

  Examples:
    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / '.lock'
    >>> with lock(path):
    ...   with lock(path):
    ...     pass
    Traceback (most recent call last):
    ...
    defectseg_jax.locks.LockHeldError: process ... on ...
  """
  until = time.monotonic() + wait_s
  while True:
    file = disk.open_own(path, os.O_RDWR)
    try:
      held = try_lock(file)
      # Whoever had it before may have removed the file that we opened.
      if held is None or (held and _is_at(file, path)):
        if held:
          _write_holder(file)
        yield bool(held)
        return
      if not held and time.monotonic() >= until:
        raise LockHeldError(_holder(file))
    finally:
      os.close(file)
    time.sleep(_LOOK_AGAIN_S)


def try_lock(file: int) -> bool | None:
  """Takes the lock of an open file, unless somebody else has it.

  Args:
    file: its descriptor; the lock goes when it is closed.

  Returns:
    Whether it is ours now; None where the file system has no locks.
  """
  try:
    _lock(file)
  except (BlockingIOError, PermissionError):
    return False
  except OSError:
    return None
  return True


def _is_at(file: int, path: pathlib.Path) -> bool:
  """Whether an open file is the one that the path leads to."""
  try:
    return os.path.samestat(os.fstat(file), path.stat())
  except FileNotFoundError:
    return False


def _write_holder(file: int) -> None:
  since = datetime.datetime.now().astimezone().isoformat(' ', 'seconds')
  text = f'process {os.getpid()} on {socket.gethostname()} (since {since})'
  # A full disk must not keep anybody from a lock.
  with contextlib.suppress(OSError):
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, text.encode())


def _holder(file: int) -> str:
  """What whoever has the lock has written into its file."""
  os.lseek(file, 0, os.SEEK_SET)
  text = os.read(file, 200).decode(errors='replace').strip()
  return text or 'another process'
