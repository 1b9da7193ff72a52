"""The folder for prepared data, in which everything is whole.

Each folder in it has the checksums of its files: what a disk has damaged since
is not used, and made anew.
"""

import contextlib
import json
import math
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

from defectseg_jax.disk import (
  file_checksum,
  read_regular,
  sweep,
  sync,
  sync_tree,
  temporary_name,
)
from defectseg_jax.errors import InputError
from defectseg_jax.files import json_text, write_text
from defectseg_jax.locks import lock

_CHECKSUMS = '.checksums.json'


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


def is_whole(final: pathlib.Path) -> bool:
  """Whether a folder is in the cache, as it was put there.

  Args:
    final: its path. One of version 0.2.0 has no checksums: it is taken as it
      is, because a run that began with it must find the same files.
  """
  noted = final / _CHECKSUMS
  if not noted.exists():
    return final.is_dir()
  try:
    return json.loads(read_regular(noted)) == _checksums(final)
  except (OSError, ValueError):
    return False


@contextlib.contextmanager
def folder_to_build(
  cache: pathlib.Path, final: pathlib.Path
) -> Iterator[pathlib.Path | None]:
  """A folder to build in, which is removed when the block ends.

  If several processes want to build the same, one builds and the others wait.
  What is damaged at `final` is removed.

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
  # Some shared file systems have no locks. There the same may be built twice,
  # and `move_into_place` keeps the first.
  locked = cache / f'.{final.name}.lock'
  with lock(locked, wait_s=math.inf) as held:
    try:
      if held:
        sweep(cache, final.name)
      if is_whole(final):
        yield None
        return
      shutil.rmtree(final, ignore_errors=True)
      folder = cache / temporary_name(final.name)
      folder.mkdir()
      try:
        yield folder
      finally:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
      locked.unlink(missing_ok=True)


def move_into_place(built: pathlib.Path, final: pathlib.Path) -> None:
  """Renames a folder that was built to its place in the cache.

  Args:
    built: the folder, whole.
    final: where it belongs. If another process has put the same there in the
      meantime, that stays.
  """
  write_text(built / _CHECKSUMS, json_text(_checksums(built)))
  sync_tree(built)
  final.parent.mkdir(parents=True, exist_ok=True)
  try:
    built.rename(final)
  except OSError:
    if not final.is_dir():
      raise
  sync(final.parent)


def _checksums(folder: pathlib.Path) -> dict[str, str]:
  """SHA-256 of each file, by its path below the folder."""
  found = {}
  for path in sorted(folder.rglob('*')):
    if path.is_file() and path.name != _CHECKSUMS:
      found[path.relative_to(folder).as_posix()] = file_checksum(path)
  return found
