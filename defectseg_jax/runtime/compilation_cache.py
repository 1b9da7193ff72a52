"""What JAX has compiled is kept for the next process, in the user's cache.

JAX's own cache does it: the same program, for the same kind of machine, by the
same version. It is asked by variables of the environment, so that JAX need not
be loaded for it, and processes that this one starts are asked, too.
"""

import os
import pathlib
import sys
import warnings

_FOLDER = 'JAX_COMPILATION_CACHE_DIR'
# What was not used for longest goes first. By eye: a network at one shape of
# tiles takes 50 kB, and a search has many.
_MOST_BYTES = 2**29


def keep_compiled(*, wanted: bool) -> None:
  """Asks JAX to keep what it compiles; called before it is loaded.

  Whoever has set JAX's own variable is left alone, also where it is empty. A
  folder that cannot be made, written or read costs the time to compile alone.

  Args:
    wanted: False lets nothing be kept, nor found.
  """
  if not wanted:
    os.environ['JAX_ENABLE_COMPILATION_CACHE'] = 'false'
    return
  folder = None if _FOLDER in os.environ else _own_folder()
  if folder is None:
    return
  os.environ[_FOLDER] = str(folder)
  os.environ.setdefault('JAX_COMPILATION_CACHE_MAX_SIZE', str(_MOST_BYTES))
  # A full disk is no news of what a person asked for.
  warnings.filterwarnings(
    'ignore', 'Error (reading|writing) persistent compilation cache'
  )


def _own_folder() -> pathlib.Path | None:
  """A folder that this user alone can write to; None where there is none.

  What lies in it is run. Nor may others write to the folder around it, where
  they could put one of theirs in its place.
  """
  try:
    folder = _users_cache() / 'defectseg_jax' / 'compiled'
    for one in (folder.parent, folder):
      one.mkdir(mode=0o700, parents=True, exist_ok=True)
      if not _is_own(one):
        return None
  except (OSError, RuntimeError):
    return None
  return folder if os.access(folder, os.W_OK) else None


def _is_own(folder: pathlib.Path) -> bool:
  if not hasattr(os, 'getuid'):
    return True
  about = folder.stat()
  # A link, too: whoever owns it may turn it to another folder.
  owners = {about.st_uid, folder.lstat().st_uid}
  return owners == {os.getuid()} and not about.st_mode & 0o022


def _users_cache() -> pathlib.Path:
  given = pathlib.Path(os.environ.get('XDG_CACHE_HOME', ''))
  # Its specification has a relative one ignored.
  if given.is_absolute():
    return given
  if sys.platform == 'win32' and (given := os.environ.get('LOCALAPPDATA')):
    return pathlib.Path(given)
  home = pathlib.Path.home()
  if sys.platform == 'darwin':
    return home / 'Library' / 'Caches'
  return home / '.cache'
