"""One of several workers at a time looks at what is left, and takes of it."""

import contextlib
import pathlib
from collections.abc import Iterator

from defectseg_jax.errors import InputError
from defectseg_jax.locks import LockHeldError, lock

# By eye: longer than anything that is done under the lock takes, for one worker
# and for all that may stand in line.
_LINK_GRACE_S = 120
_WAIT_S = 600.0


@contextlib.contextmanager
def lock_workers(file: pathlib.Path) -> Iterator[None]:
  """Keeps the other workers from planning and claiming meanwhile.

  Args:
    file: absolute path of the lock, in a folder that exists.

  Raises:
    InputError: another worker has held the lock for minutes.
  """
  with contextlib.ExitStack() as held:
    try:
      has_locks = held.enter_context(lock(file, wait_s=_WAIT_S))
    except LockHeldError as error:
      raise InputError(
        f'{file}: {error} has kept this worker waiting for '
        f'{_WAIT_S / 60:.0f} min; if it is not running, remove the file and '
        'give the same command again'
      ) from error
    if not has_locks:
      held.enter_context(_link_lock(file))
    yield


@contextlib.contextmanager
def _link_lock(file: pathlib.Path) -> Iterator[None]:
  """Where the file system has no locks: a link, as for Optuna's journal.

  Unlike a lock it outlives its process, and is then taken over.
  """
  from optuna.storages.journal import JournalFileSymlinkLock

  link = JournalFileSymlinkLock(str(file), _LINK_GRACE_S)
  link.acquire()
  try:
    yield
  finally:
    # Another worker may have thought us dead.
    with contextlib.suppress(RuntimeError):
      link.release()
