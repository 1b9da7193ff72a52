"""Is there a file that can be read to its end?

A pipe is waited for until somebody writes into it, and a device may never end.
"""

import errno
import os
import stat

from defectseg_jax.errors import file_error, open_error


def size_to_read(
  path: str | os.PathLike, *, may_be_folder: bool = False
) -> int:
  """The size of a file, before it is opened.

  Args:
    path: of the file.
    may_be_folder: whether a folder will do.

  Returns:
    Bytes; of a folder at least 1.

  Raises:
    InputError: it is missing, may not be read, or is neither a regular file nor
      a folder that will do.

  Examples:
    >>> size_to_read('/dev/null')
    Traceback (most recent call last):
    ...
    defectseg_jax.errors.InputError: /dev/null: it is no file, but a device...
  """
  try:
    status = os.stat(path)
    if not os.access(path, os.R_OK):
      raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
  except OSError as error:
    raise open_error(path, error) from error
  if stat.S_ISREG(status.st_mode):
    return status.st_size
  if not stat.S_ISDIR(status.st_mode):
    raise file_error(
      path, 'it is no file, but a device, a pipe or a socket', 'name a file'
    )
  if not may_be_folder:
    raise file_error(path, 'it is a folder', 'name one file in it')
  return max(status.st_size, 1)
