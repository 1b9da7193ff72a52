"""What is on the disk stays there, and what is half-written is known as such.

A system keeps what was written in memory for a while, and may bring names to
the disk before contents. After a power cut a file may then be empty, or stand
under its old name. `sync` waits for the disk.
"""

import errno
import hashlib
import os
import pathlib
import re
import secrets
import shutil
import stat

LOCK = '.lock'
"""What the lock of a folder is called, inside of it."""
_TOKEN_BYTES = 8


def temporary_name(name: str = '') -> str:
  """A name that `sweep` knows, and that no other process has.

  Numbers of processes are no help: in containers they come again.

  Args:
    name: of the folder that it is to become; '' for one inside of a folder
      that is locked, where it is short: so there is room for any legal suffix.
  """
  return f'{_beginning(name)}{secrets.token_hex(_TOKEN_BYTES)}'


def sweep(folder: pathlib.Path, name: str = '', *, inner: bool = False) -> None:
  """Removes what dead processes left half-written.

  Call it with the lock that all writers of it take: then whoever made it is
  dead.

  Args:
    folder: where to look.
    name: that was given to `temporary_name`.
    inner: whether to look in its own folders, too.
  """
  folders = [one for one in folder.iterdir() if inner and _is_folder(one)]
  for place in (*folders, folder):
    for path in list(place.iterdir()):
      if _is_temporary(path, name):
        if _is_folder(path):
          shutil.rmtree(path)
        else:
          path.unlink()


def is_left_over(path: pathlib.Path) -> bool:
  """Whether a path is a lock, or what `sweep` removes from its folder."""
  return path.name == LOCK or _is_temporary(path)


def make_folder(path: pathlib.Path) -> None:
  """Makes a folder, and those above it, such that a power cut leaves them."""
  if not path.is_dir():
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def sync(path: pathlib.Path) -> None:
  """Returns once a file's content, or a folder's names, are on the disk."""
  file = os.open(path, os.O_RDONLY)
  try:
    os.fsync(file)
  except OSError as error:
    # Some file systems of servers keep names in order by themselves.
    if error.errno != errno.EINVAL:
      raise
  finally:
    os.close(file)


def sync_tree(folder: pathlib.Path) -> None:
  """Returns once all files of a folder are on the disk."""
  for path in [*folder.rglob('*'), folder]:
    sync(path)


def read_regular(path: pathlib.Path, most_bytes: int = -1) -> bytes:
  """A file's content, or its beginning.

  A pipe would be waited for until somebody writes into it, and a device may
  never end.

  Raises:
    OSError: the system does not open it, or it is no regular file.
  """
  file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
  if not stat.S_ISREG(os.fstat(file).st_mode):
    os.close(file)
    raise OSError(errno.EINVAL, 'it is no regular file', str(path))
  with open(file, 'rb') as stream:
    return stream.read(most_bytes)


def irregular_in(folder: pathlib.Path) -> str:
  """What in a folder is neither a folder nor a regular file, in words.

  Args:
    folder: that a library is to read as a whole. A link in it may lead
      anywhere, and a pipe is waited for.

  Returns:
    `its c/0 is no file, but a link`, of the first; '' where there is none.
  """
  for place, folders, files in os.walk(folder):
    for name in (*folders, *files):
      path = os.path.join(place, name)
      mode = os.lstat(path).st_mode
      if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        is_link = stat.S_ISLNK(mode)
        what = 'a link' if is_link else 'a device, a pipe or a socket'
        return f'its {os.path.relpath(path, folder)} is no file, but {what}'
  return ''


def file_checksum(path: pathlib.Path) -> str:
  """SHA-256 of a file, in hexadecimal."""
  with path.open('rb') as stream:
    return hashlib.file_digest(stream, 'sha256').hexdigest()


def _is_temporary(path: pathlib.Path, name: str = '') -> bool:
  token = rf'[0-9a-f]{{{2 * _TOKEN_BYTES}}}'
  pattern = rf'{re.escape(_beginning(name))}{token}(\..*)?'
  return re.fullmatch(pattern, path.name) is not None


def _is_folder(path: pathlib.Path) -> bool:
  """Also whether it is not a link, which may lead anywhere."""
  return path.is_dir() and not path.is_symlink()


def _beginning(name: str) -> str:
  return f'.{name}.part-' if name else '.part-'
