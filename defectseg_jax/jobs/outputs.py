"""Files that are whole or not there."""

import contextlib
import os
import pathlib
from collections.abc import Iterator


@contextlib.contextmanager
def written_whole(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """A temporary path beside `path`, renamed to it when the block ends well.

  Args:
    path: where the file is to be; what stood there is replaced.

  Yields:
    The path to write to, with the same suffix.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  temporary = path.with_name(f'.{path.stem}.{os.getpid()}{path.suffix}')
  try:
    yield temporary
    temporary.replace(path)
  finally:
    temporary.unlink(missing_ok=True)
