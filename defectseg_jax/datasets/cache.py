"""The folder for prepared data, in which everything is whole."""

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
# By eye: no building takes a day. An older folder was left by a process that
# was killed.
_STALE_S = 24 * 3600


def cache_dir(given: str) -> pathlib.Path:
  """The cache's folder: the one that is given, or else the user's.

  Args:
    given: `DataSettings.cache_dir`; '' is $XDG_CACHE_HOME/defectseg_jax, or
      ~/.cache/defectseg_jax.

  Returns:
    Its path. The folder need not exist yet.

  Examples:
    >>> cache_dir('/scratch/foils').as_posix()
    '/scratch/foils'
  """
  if given:
    return pathlib.Path(given).expanduser()
  home = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
  return pathlib.Path(home) / 'defectseg_jax'


@contextlib.contextmanager
def folder_to_build(
  cache: pathlib.Path, final: pathlib.Path
) -> Iterator[pathlib.Path | None]:
  """A folder to build in, which is removed when the block ends.

  If several processes want to build the same, one builds and the others wait.

  Args:
    cache: the folder is made in it, so that what is built need only be renamed.
    final: where `move_into_place` will put what is built.

  Yields:
    Its path; None if another process has built the same in the meantime.

  Raises:
    InputError: the cache cannot be written to. A cache that can only be read is
      good enough where nothing needs to be built.
  """
  try:
    cache.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=cache).close()
  except OSError as error:
    raise InputError(
      f'{cache}: cannot be written to ({error.strerror}); set '
      '--config.data.cache_dir to a folder that can'
    ) from error
  _remove_stale_folders(cache)
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


def move_into_place(built: pathlib.Path, final: pathlib.Path) -> None:
  """Renames a folder that was built to its place in the cache.

  Args:
    built: the folder, whole.
    final: where it belongs. If another process has put the same there in the
      meantime, that stays.
  """
  final.parent.mkdir(parents=True, exist_ok=True)
  try:
    built.rename(final)
  except OSError:
    if not final.is_dir():
      raise


def _remove_stale_folders(cache: pathlib.Path) -> None:
  for folder in cache.glob(f'{_PREFIX}*'):
    with contextlib.suppress(OSError):
      if time.time() - folder.stat().st_mtime > _STALE_S:
        shutil.rmtree(folder)
