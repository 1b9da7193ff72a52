"""What is on the disk stays there, and what is half-written is known as such.

A system keeps what was written in memory for a while, and may bring names to
the disk before contents. After a power cut a file may then be empty, or stand
under its old name. `sync` waits for the disk.
"""

import contextlib
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
# What Windows has not, and what it alone has.
_NONBLOCK = getattr(os, 'O_NONBLOCK', 0)
_BINARY = getattr(os, 'O_BINARY', 0)


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
  if not hasattr(os, 'O_NONBLOCK'):
    # Windows keeps the names of its folders in order, and writes what was
    # opened to be written to.
    if path.is_dir():
      return
    flags = os.O_RDWR
  else:
    flags = os.O_RDONLY
  file = os.open(path, flags)
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


def files_below(folder: pathlib.Path) -> list[str]:
  """Sorted paths of all files in a folder, from there on, with slashes."""
  return sorted(
    path.relative_to(folder).as_posix()
    for path in folder.rglob('*')
    if path.is_file()
  )


def open_own(path: pathlib.Path, flags: int) -> int:
  """Opens a file that is ours to write to, and makes it if need be.

  Args:
    path: where the file is.
    flags: of `os.open`.

  Returns:
    Its descriptor.

  Raises:
    OSError: it cannot be opened; or it is a link, and what that leads to is not
      ours.
  """
  if hasattr(os, 'O_NOFOLLOW'):
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o666)
  if path.is_symlink():
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
  return os.open(path, flags | os.O_CREAT | _BINARY, 0o666)


def remove_open(path: pathlib.Path, file: int) -> None:
  """Removes a file and closes it, so that nobody else finds it closed.

  Windows removes no file that is open. There it is closed first, and stays
  where somebody else has opened it by then.
  """
  try:
    path.unlink()
  except PermissionError:
    os.close(file)
    with contextlib.suppress(PermissionError):
      path.unlink()
  else:
    os.close(file)


def read_regular(path: pathlib.Path, most_bytes: int = -1) -> bytes:
  """A file's content, or its beginning.

  A pipe would be waited for until somebody writes into it, and a device may
  never end.

  Raises:
    OSError: the system does not open it, or it is no regular file.
  """
  file = os.open(path, os.O_RDONLY | _NONBLOCK | _BINARY)
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
