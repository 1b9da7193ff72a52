"""The one exception that means: the input is at fault, not the program."""

import os


class InputError(ValueError):
  """Bad input. The message is one line: file, offending value, remedy."""


def file_error(
  path: str | os.PathLike, problem: str, remedy: str
) -> InputError:
  """The error for a file that cannot be used, its message in one line.

  Args:
    path: the file.
    problem: what is wrong with it.
    remedy: what to do.

  Returns:
    An exception, to be raised.

  Examples:
    >>> raise file_error('a.tif', 'it is empty', 'copy it again')
    Traceback (most recent call last):
    ...
    defectseg_jax.errors.InputError: a.tif: it is empty; copy it again
  """
  # Messages of other libraries, and file names, may hold line breaks.
  message = f'{os.fspath(path)}: {problem}; {remedy}'
  return InputError(' '.join(message.splitlines()))


def open_error(path: str | os.PathLike, error: OSError) -> InputError:
  """The error for a file that the system does not open.

  Args:
    path: the file.
    error: what the system says.

  Returns:
    An exception, to be raised.

  Examples:
    >>> print(open_error('a.tif', FileNotFoundError(2, 'No such file')))
    a.tif: it cannot be opened (No such file); see that the path is right and...
  """
  return file_error(
    path,
    f'it cannot be opened ({error.strerror})',
    'see that the path is right and that you may read it',
  )
