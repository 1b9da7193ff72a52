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

  What lies in it is run.
  """
  try:
    folder = _users_cache() / 'defectseg_jax' / 'compiled'
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.stat()
  except (OSError, RuntimeError):
    return None
  if hasattr(os, 'getuid') and about.st_uid != os.getuid():
    return None
  foreign = os.name == 'posix' and about.st_mode & 0o022
  return None if foreign or not os.access(folder, os.W_OK) else folder


def _users_cache() -> pathlib.Path:
  if given := os.environ.get('XDG_CACHE_HOME'):
    return pathlib.Path(given)
  if sys.platform == 'win32' and (given := os.environ.get('LOCALAPPDATA')):
    return pathlib.Path(given)
  home = pathlib.Path.home()
  if sys.platform == 'darwin':
    return home / 'Library' / 'Caches'
  return home / '.cache'
