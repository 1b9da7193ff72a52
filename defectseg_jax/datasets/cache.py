"""Where prepared data are kept, and how they come there: whole."""

import contextlib
import math
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator

from defectseg_jax.errors import InputError
from defectseg_jax.files import lock

_PREFIX = 'building-'
# No building takes a day: what is older was left by a process that was killed.
_STALE_S = 24 * 3600


def cache_dir(given: str) -> pathlib.Path:
  """The folder that a config names, or the user's cache if it names none.

  Args:
    given: `config.data.cache_dir`.

  Returns:
    Its path; it need not be there yet.
  """
  if given:
    return pathlib.Path(given).expanduser()
  home = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
  return pathlib.Path(home) / 'defectseg_jax'


@contextlib.contextmanager
def folder_to_build(
  cache: pathlib.Path, final: pathlib.Path
) -> Iterator[pathlib.Path | None]:
  """A folder to build in, gone when the block ends.

  Of several processes that would build the same, one does; the others wait.

  Args:
    cache: it is made there, so that what was built can be renamed.
    final: what is to be built, which `move_into_place` will put there.

  Yields:
    Its path; None where another process has built it meanwhile.

  Raises:
    InputError: the cache cannot be written to. One that can only be read will
      do where nothing needs to be built.
  """
  try:
    cache.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=cache).close()
  except OSError as error:
    raise InputError(
      f'{cache}: cannot be written to ({error.strerror}); set '
      '--config.data.cache_dir to a folder that can'
    ) from error
  for left in cache.glob(f'{_PREFIX}*'):
    with contextlib.suppress(OSError):
      if time.time() - left.stat().st_mtime > _STALE_S:
        shutil.rmtree(left)
  # Some shared file systems have no locks. There the same may be built twice,
  # and `move_into_place` keeps the first.
  locked = cache / f'.{final.name}.lock'
  with lock(locked, wait_s=math.inf):
    try:
      if final.is_dir():
        yield None
        return
      with tempfile.TemporaryDirectory(dir=cache, prefix=_PREFIX) as folder:
        yield pathlib.Path(folder)
    finally:
      locked.unlink(missing_ok=True)


def move_into_place(made: pathlib.Path, final: pathlib.Path) -> None:
  """Renames what was built to its place in the cache.

  Args:
    made: a folder, whole.
    final: where it belongs. If another process has built the same meanwhile,
      that stays.
  """
  final.parent.mkdir(parents=True, exist_ok=True)
  try:
    made.rename(final)
  except OSError:
    if not final.is_dir():
      raise
