"""What is not the program's fault, in one line that says what to do.

`InputError` is the one exception that means that the input is at fault.
"""

import errno
import importlib.util
import os

# By number of a system's error: what to do.
_REMEDIES = {
  errno.ENOSPC: 'make room on that disk; the same command begins or goes on',
  errno.EDQUOT: 'make room in your quota; the same command begins or goes on',
  errno.EROFS: 'nothing can be written there: give another folder',
  errno.EACCES: 'see that you may read and write there, or give another folder',
  errno.EPERM: 'see that you may read and write there, or give another folder',
  errno.ENAMETOOLONG: 'give files and folders shorter names',
  errno.ENOENT: 'see that nobody moves or removes files while it works',
  errno.ESTALE: 'see that the disk is still there',
  errno.EIO: 'see that the disk is still there, and whether it is damaged',
  errno.EMFILE: 'raise the limit of open files (ulimit -n)',
  errno.ENOMEM: 'see the memory that is free',
}
# How libraries that are not Python say two of them, and what it means.
_IN_WORDS = {
  'No space left on device': errno.ENOSPC,
  'Disk quota exceeded': errno.EDQUOT,
  'Read-only file system': errno.EROFS,
}
_NO_MEMORY = (
  'the memory does not suffice ({reason}); close other programs, or give '
  'smaller images, a smaller --config.training.batch_size or '
  '--config.evaluation.tile_px'
)

# By the names that they are imported by, the packages of the extra `train`.
TRAINING = (
  *('jax', 'jaxlib', 'flax', 'optax', 'orbax', 'optuna', 'tensorboardX'),
  *('tensorflow', 'tensorflow_datasets', 'importlib_resources'),
)
_NOT_INSTALLED = (
  '{name} is not installed: training and its runs need it; '
  'install it in the clone of this program: pip install ".[train]"'
)


class InputError(ValueError):
  """Bad input. The message is one line: file, offending value, remedy."""


def require_training() -> None:
  """Sees that the packages are installed that training needs; loads none.

  Raises:
    InputError: one is not.
  """
  for name in TRAINING:
    if importlib.util.find_spec(name) is None:
      raise InputError(_NOT_INSTALLED.format(name=name))


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


def is_utf8(text: str) -> bool:
  """Whether a name from the system is text, and can be written as such.

  Examples:
    >>> is_utf8('foil.tif'), is_utf8(os.fsdecode(b'foil\\xff.tif'))
    (True, False)
  """
  try:
    text.encode()
  except UnicodeEncodeError:
    return False
  return True


def printable(text: str) -> str:
  """A text of one line that no terminal takes for commands.

  A name may have control characters, as those that clear the screen, or that
  turn the direction of writing.

  Examples:
    >>> print(printable('foil\\x1b[2J.tif: is empty'))
    foil\\x1b[2J.tif: is empty
  """
  return ''.join(
    one if one.isprintable() else one.encode('unicode_escape').decode()
    for one in ' '.join(text.splitlines())
  )


def system_error_text(error: BaseException) -> str | None:
  """What a system without space, rights or memory says, and what to do.

  Args:
    error: any.

  Returns:
    One line; None for an error that is none of the system's.

  Examples:
    >>> print(system_error_text(OSError(28, 'No space left', 'a.tif')))
    a.tif: No space left; make room on that disk; the same command begins...
    >>> system_error_text(KeyError('a'))
  """
  text = ' '.join(str(error).split())
  if isinstance(error, MemoryError) or 'RESOURCE_EXHAUSTED: Out of mem' in text:
    return _NO_MEMORY.format(reason=text[:200] or 'nothing more is said')
  if isinstance(error, UnicodeEncodeError):
    # Only of paths: all that the program writes itself is text.
    return (
      f'{error.object[:200]!a}: is no text in UTF-8; give the file or folder '
      'another name'
    )
  if isinstance(error, ModuleNotFoundError) and error.name in TRAINING:
    return _NOT_INSTALLED.format(name=error.name)
  for words, number in _IN_WORDS.items():
    if words in text and not isinstance(error, OSError):
      return f'{words}; {_REMEDIES[number]}'
  if not isinstance(error, OSError) or error.errno is None:
    return None
  where = '' if error.filename is None else f'{os.fsdecode(error.filename)}: '
  remedy = _REMEDIES.get(error.errno, 'see that the path is right')
  return ' '.join(f'{where}{error.strerror}; {remedy}'.splitlines())
