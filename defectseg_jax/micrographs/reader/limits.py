"""How much memory and time a file may take to be read."""

import os
import pathlib
from typing import NamedTuple

from defectseg_jax.micrographs.formats.frame import most_bytes
from defectseg_jax.micrographs.parts import parts_of

# By eye: reading takes a tenth of it.
_SECONDS, _BYTES_A_SECOND = 20.0, 1e6
# A busy machine, or a slow disk, may take so many times as long.
_WAITING = 10


class Limits(NamedTuple):
  """What one file may take.

  Attributes:
    memory_bytes: of the process that reads it; and of all its images together.
    processor_s: of time that is computed, in seconds; what else the machine
      does makes no difference.
    seconds: until its last image is read.
  """

  memory_bytes: int
  processor_s: float
  seconds: float


def limits_of(path: pathlib.Path) -> Limits:
  """What a file may take, by its size.

  Args:
    path: of an image, which may be a folder.

  Examples:
    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / 'foil.tif'
    >>> path.write_bytes(bytes(3_000_000))
    3000000
    >>> limits_of(path).processor_s
    23.0
  """
  size = sum(os.path.getsize(part) for part in parts_of(path))
  processor_s = _SECONDS + size / _BYTES_A_SECOND
  return Limits(most_bytes(size), processor_s, _WAITING * processor_s)
