"""What a session notes after session.json was written, beside it.

To write session.json anew for each of thousands of images would in the end take
longer than to look at them. So what is new goes to `.session.json.log`: the
checksum of the session.json that it goes on from, then a JSON object a line.
The log is short, and written as a whole each time. When it is long,
session.json is written anew, with all of that in it, and a log that goes on
from an older one counts no more.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

from defectseg_jax import disk
from defectseg_jax.files import write_text, write_whole


def log_of(index: pathlib.Path) -> pathlib.Path:
  """Where the lines stand that go on from an index."""
  return index.with_name(f'.{index.name}.log')


def checksum_of(content: bytes) -> str:
  """Of an index, as the first line has it: SHA-256, in hexadecimal."""
  return hashlib.sha256(content).hexdigest()


def write_log(index: pathlib.Path, checksum: str, lines: Sequence[str]) -> None:
  """Writes the lines that go on from an index.

  Args:
    index: whose they are.
    checksum: of its content.
    lines: JSON, each with its end.
  """
  with write_whole(log_of(index)) as temporary:
    write_text(temporary, ''.join((f'{checksum}\n', *lines)))


def read_log(index: pathlib.Path, content: bytes) -> list[Any]:
  """The notes that go on from an index, the first first.

  Args:
    index: whose they are.
    content: of it.

  Raises:
    OSError: they cannot be read.
    ValueError: they are damaged.
  """
  path = log_of(index)
  if not os.path.lexists(path):
    return []
  checksum, *lines = disk.read_regular(path).splitlines() or [b'']
  if checksum != checksum_of(content).encode():
    return []
  return [json.loads(line) for line in lines]
